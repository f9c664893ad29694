"""Gradients certified to an eighth of an ULP of float64, beside gradcheck (slow, fast) and check_grads on the same jobs.

Goals: 50 ms at 10³ elements, 0.3 s at 10⁴, 1.5 s at 10⁵ (5 s a network), 15 s and 1 GB at 10⁶; a tenth of slow
gradcheck's time from 10⁴; kinks: 50 ms for ten ties, 2 s for a small network with seven; the tolerance pass: 20 ms at
10⁴; a mixture of five Gaussians at 1 000 points 1 s, Hessians of 300 inputs 5 s, a loop of 2 000 steps 2 s, its
tolerance pass linear in the steps. Ratios are of processor time, which neighbours on the machine hardly change.
"""

import json
import signal
import statistics
import subprocess
import sys
import time

from bench.reference_checkers import MEMORY_BYTES, certified, problem
from bench.reference_jobs import LARGE, LOOPS, TIES, TIMED
from gradcmp.reference.budget import Budget
from gradcmp.reference.certify import certify
from gradcmp.reference.tolerance import running_errors

LIMIT_S = 20.0
"""Processor seconds after which a checker is given up, or twenty times as many as ours took where that is more."""

ROUNDS = 9


def main() -> None:
    print(f"  {'gradient of':<30}{'elements':>9}  {'certified, wall (processor), peak':<34}", end="")
    print(f"{'gradcheck slow':>28}{'gradcheck fast':>28}{'check_grads':>28}")
    for name, job in TIMED.items():
        print(f"  {name:<30}{job.size:>9}  ", end="", flush=True)
        ours = checked("certified", name, limit_s=600.0)
        told = f"{seconds(ours['wall'])} ({seconds(ours['cpu'])}), {ours['peak_mb']:.0f} MB"
        print(f"{told:<34}", end="", flush=True)
        limit_s = max(LIMIT_S, 20 * ours["cpu"])
        for other in ("slow", "fast", "check_grads"):
            print(f"{beside(checked(other, name, limit_s), ours):>28}", end="", flush=True)
        print()
    for title, jobs, call in (
        ("certified", LARGE, certified),
        ("kinks with their sides", TIES, kinks),
        ("tolerance pass", [job for job in TIMED.values() if 10_000 <= job.size < 20_000], tolerance),
        ("tolerance pass", LOOPS, tolerance),
    ):
        for job in jobs:
            wall, cpu = timed(call(job))
            print(f"  {title}: {job.name:<40} {seconds(wall)} ({seconds(cpu)} of processor)", flush=True)


def checked(checker: str, name: str, limit_s: float) -> dict:
    """What a checker's own process says of its time, or `failure` in words."""
    command = (sys.executable, "-m", "bench.reference_checkers", checker, name, str(limit_s))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return json.loads(done.stdout)
    if done.returncode == -signal.SIGPROF:
        return {"failure": f"over {seconds(limit_s)}", "least": limit_s}
    if "memory" in done.stderr:
        return {"failure": f"over {MEMORY_BYTES >> 30} GiB"}
    raise SystemExit(done.stderr[-2000:])


def beside(other: dict, ours: dict) -> str:
    """Another checker's wall and processor time, and how many times our processor time that is."""
    if "wall" not in other:
        least = f" (> {other['least'] / ours['cpu']:.0f}x)" if "least" in other else ""
        return other["failure"] + least
    alarm = "" if other["passed"] else " ALARM"
    return f"{seconds(other['wall'])} ({seconds(other['cpu'])}, {other['cpu'] / ours['cpu']:.2g}x){alarm}"


def kinks(job):
    asked = problem(job)

    def call():
        truth = certify(asked, dtype="float64", budget=Budget(seconds=1e9))
        assert any(leaf.kink is not None for leaf in truth.derivatives), truth.reason

    return call


def tolerance(job):
    asked = problem(job)
    return lambda: running_errors(asked, "float64", Budget(seconds=1e9))


def timed(call) -> tuple[float, float]:
    """Median wall and processor seconds."""
    call()
    walls, cpus = [], []
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return statistics.median(walls), statistics.median(cpus)


def seconds(value: float) -> str:
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"
