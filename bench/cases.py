"""Cases in a running suite: 1 000 cases over 20 functions on one backend, and what one more case costs.

Goals: a minute; 5 ms above the framework's own time; the parent at 150 MB; a flat cost up to 10 000 cases.
"""

import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

from bench.functions import PAIRS

PROGRAM = """
import json, sys, time, resource
from gradcmp.cli.main import main
start = time.perf_counter()
try:
    main(sys.argv[1:])
except SystemExit as stop:
    code = stop.code
used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
print(json.dumps({"seconds": time.perf_counter() - start, "peak_mb": used, "code": code}), file=sys.stderr)
"""


def main() -> None:
    for backend in ("torch", "tensorflow", "jax"):
        for words in ((), ("--no-reference",)):
            seconds = {count: run(backend, count, *words)[0] for count in (40, 1040)}
            more = seconds[1040] - seconds[40]
            print(f"  {' '.join((backend, *words)):<26} 1 000 cases {more:.1f} s beside start-up,"
                  f" {more:.2f} ms a case", flush=True)  # fmt: skip
    before = 0, 0.0
    for count in (1000, 5500, 10_000):
        taken, peak = run("torch", count)
        more = (taken - before[1]) / (count - before[0]) * 1000
        print(f"  torch       {count} cases: {taken:.1f} s in all, {more:.1f} ms a case more than {before[0]},"
              f" parent's peak {peak:.0f} MB", flush=True)  # fmt: skip
        before = count, taken


def run(backend: str, count: int, *more: str) -> tuple[float, float]:
    """Wall seconds and the parent's peak memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        scenarios = Path(folder) / "scenarios"
        scenarios.mkdir()
        for part in range(0, count, 1000):
            (scenarios / f"part{part}.yaml").write_text(suite(min(1000, count - part)), encoding="utf-8")
        words = ("run", str(scenarios), "--backend", backend, "--timing", "off", "--fail-on", "never", "-q",
                 "-o", str(Path(folder) / "result.json"), *more)  # fmt: skip
        start = time.perf_counter()
        done = subprocess.run((sys.executable, "-c", PROGRAM, *words), capture_output=True, text=True, check=False)
        wall = time.perf_counter() - start
    if '"code": 0' not in done.stderr:
        raise SystemExit(done.stderr[-2000:])
    return wall, float(done.stderr.rsplit('"peak_mb": ', 1)[1].split(",")[0])


def suite(count: int) -> str:
    """A suite of `count` scenarios over twenty functions, each with inputs of its own."""
    lines = ["scenarios:"]
    for number in range(count):
        pair = PAIRS[number % len(PAIRS)]
        inputs = ", ".join(
            f"{name}: {{normal: {list(shape)}, seed: {number}}}"
            for name, shape in zip(pair.names, pair.shapes, strict=True)
        )
        lines += [f"  s{number}:", f"    inputs: {{{inputs}}}", "    function: |", textwrap.indent(pair.text, "      ")]
    return "\n".join(lines) + "\n"
