"""Interleaved measurements of whole processes and of calls."""

import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence


def processes(commands: dict[str, Sequence[str]], rounds: int) -> dict[str, float]:
    """Median wall seconds of each command; rounds are interleaved, one uncounted round first."""
    samples: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            finished = subprocess.run(command, capture_output=True, check=False, text=True)
            if finished.returncode:
                raise SystemExit(f"{' '.join(command)} ended with {finished.returncode}:\n{finished.stderr[-2000:]}")
            if number:
                samples[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in samples.items()}


def calls(functions: dict[str, Callable[[], object]], budget_s: float) -> dict[str, float]:
    """Median seconds of a call; interleaved in blocks of about 2 ms until the budget is spent."""
    blocks = {}
    for name, function in functions.items():
        function()
        start = time.perf_counter()
        function()
        blocks[name] = max(1, int(0.002 / max(time.perf_counter() - start, 1e-7)))
    samples: dict[str, list[float]] = {name: [] for name in functions}
    end = time.perf_counter() + budget_s
    turn = 0
    while time.perf_counter() < end or turn < 10:
        order = list(functions.items()) if turn % 2 else list(functions.items())[::-1]
        for name, function in order:
            start = time.perf_counter()
            for _ in range(blocks[name]):
                function()
            samples[name].append((time.perf_counter() - start) / blocks[name])
        turn += 1
    return {name: statistics.median(values) for name, values in samples.items()}


def peak_memory_mb() -> float:
    """Peak resident size of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
