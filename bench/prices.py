"""Nominal seconds of the reference beside the processor's, by job and kind of number: what its budget counts, and is.

Goal: between a third and three times as many.
"""

import time
from functools import partial

from flint import ctx

from bench.reference_checkers import problem
from bench.reference_jobs import LARGE, LOOPS, TIES, TIMED, dot
from gradcmp.core.formats import FORMATS
from gradcmp.reference.algebras.balls import BallAlgebra
from gradcmp.reference.algebras.float_balls import FloatBallAlgebra
from gradcmp.reference.algebras.germs import GermAlgebra
from gradcmp.reference.algebras.metered import metered
from gradcmp.reference.algebras.running_errors import RunningErrorAlgebra
from gradcmp.reference.algebras.whole_numbers import WholeAlgebra
from gradcmp.reference.budget import Budget
from gradcmp.reference.kinks.find import kinks_of
from gradcmp.reference.language.arrays import Context
from gradcmp.reference.modes.derivatives import derive

WITHOUT_LIMIT_S = 1e9

JOBS = [dot(2, seed=5), *TIMED.values(), *LARGE, *LOOPS]


def main() -> None:
    print("  nominal seconds / processor seconds")
    ratios = []
    for job in JOBS:
        asked = problem(job)
        told = []
        for name, algebra, bits in ALGEBRAS:
            ctx.prec = bits
            ratio, taken = compared(partial(over, asked, algebra))
            ratios.append(ratio)
            told.append(f"{name} {ratio:5.2f} of {taken:7.3f} s")
        print(f"  {job.name:<40} {'   '.join(told)}", flush=True)
    ctx.prec = 53
    for job in TIES:
        asked = problem(job)
        ratio, taken = compared(partial(kinks_of, asked, "float64"))
        ratios.append(ratio)
        print(f"  {job.name:<40} kinks {ratio:5.2f} of {taken:7.3f} s", flush=True)
    print(f"  from {min(ratios):.2f} to {max(ratios):.2f}")


ALGEBRAS = (
    ("running errors", lambda _: RunningErrorAlgebra(FORMATS["float64"]), 53),
    ("float balls", lambda budget: FloatBallAlgebra(budget.spend), 53),
    ("64 bits", lambda _: BallAlgebra(), 64),
    ("256 bits", lambda _: BallAlgebra(), 256),
    ("1024 bits", lambda _: BallAlgebra(), 1024),
    ("germs", lambda _: GermAlgebra(), 64),
)


def over(asked, algebra, budget):
    context = Context(floats=algebra(budget), wholes=WholeAlgebra(), dtype="float64")
    derive(asked, metered(context, budget), budget)


def compared(call) -> tuple[float, float]:
    """Nominal to processor seconds, and the latter."""
    call(Budget(seconds=WITHOUT_LIMIT_S))
    taken = []
    for _ in range(3):
        budget = Budget(seconds=WITHOUT_LIMIT_S)
        started = time.process_time()
        call(budget)
        taken.append(time.process_time() - started)
        if sum(taken) > 2.0:
            break
    return budget.spent / min(taken), min(taken)
