"""Problems, targets and answers for the judge's tests."""

from dataclasses import replace

import numpy as np

from gradcmp.core.expectations import Expectations
from gradcmp.core.formats import FORMATS
from gradcmp.core.leaves import LeafType
from gradcmp.core.operators import Operator
from gradcmp.core.outcomes import Computed
from gradcmp.core.problems import Problem
from gradcmp.core.scenarios import Scenario
from gradcmp.core.specifications import InputTree
from gradcmp.core.targets import Target
from gradcmp.core.tensors import Leaf, Tensor
from gradcmp.core.truth import Kink, RunningErrors, Sums, Truth, TruthLeaf
from gradcmp.core.verdicts import Evidence
from gradcmp.errors import Location
from gradcmp.judge import judge
from gradcmp.numbers.rounding import round_to
from gradcmp.program.ir import Program
from gradcmp.words import reasons

DTYPES = tuple(FORMATS)
NOTHING = Truth()
NO_EXPECTATIONS = Expectations()
WHERE = Location(file="s.yaml", line=1)
TARGETS = {t.id: t for t in (Target(backend=b) for b in ("torch", "tensorflow", "jax", "other"))}
TORCH, TENSORFLOW, JAX, OTHER = TARGETS


def problem(dtype="float32", operator=Operator.GRADIENT, expect=NO_EXPECTATIONS, tolerance=None, protocol=None):
    scenario = Scenario(
        id="s",
        location=WHERE,
        inputs=InputTree({}),
        wrt=("x",),
        function=Program(body=(), text="", location=WHERE),
        expect=expect,
        tolerance=tolerance,
    )
    return Problem(scenario=scenario, operator=Operator(operator), dtype=dtype, protocol=protocol)


def rounded(values, dtype):
    """Values rounded to a dtype, in the array type that carries it."""
    values = np.asarray(values, dtype=np.float64)
    carrier = "float32" if dtype == "bfloat16" else dtype
    with np.errstate(over="ignore"):
        return round_to(values, np.zeros_like(values), dtype).astype(carrier)


def tensor(values, dtype="float32"):
    return Tensor(dtype=dtype, array=rounded(values, dtype))


def computed(array, dtype="float32", value=1.0, **key):
    found = None if array is None else Tensor(dtype=dtype, array=np.asarray(array))
    return Computed(
        values=(Leaf(tensor=tensor(value, dtype)),),
        derivatives=(Leaf(wrt=key.get("wrt", ("x",)), of=key.get("of", ""), tensor=found),),
        mode="reverse",
    )


def true(values, radius=0.0, low=0.0):
    high = np.asarray(values, dtype=np.float64)
    return TruthLeaf(
        wrt=("x",),
        high=high,
        low=np.broadcast_to(low, high.shape) + 0.0,
        radius=np.broadcast_to(radius, high.shape) + 0.0,
    )


def truth(values, **more):
    return Truth(evidence=Evidence.EXPECTED, derivatives=(true(values, **more),))


def kink(left, right, *, tied=True, jump=False, limiting=(), total=None):
    """`total`: what all elements sum up to."""
    left, right = (np.asarray(side, dtype=np.float64) for side in (left, right))
    stack = np.asarray(limiting, dtype=np.float64).reshape(-1, *left.shape)
    flags = (np.broadcast_to(flag, left.shape).copy() for flag in (tied, jump))
    sums = None
    if total is not None:
        one = np.ones(left.shape)
        sums = Sums(groups=0 * one.astype(np.intp), weights=one, totals=total * one)
    return Kink(left=left, right=right, tied=next(flags), jump=next(flags), limiting=stack, sums=sums)


def certified_leaf(
    values, *, worst=None, rss=None, at=None, otherwise=None, wrt=("x",), radius=0.0, low=0.0, out_of_range=False
):
    """A leaf of the reference; `worst` and `rss` in units of u, one number or one for each element; `at`: a kink."""
    plain = true(values, radius=radius, low=low)

    def spread(array):
        return np.broadcast_to(np.asarray(array, dtype=np.float64), plain.high.shape).copy()

    errors = (
        None
        if worst is None
        else RunningErrors(
            worst=spread(worst), rss=spread(rss), out_of_range=np.ones(plain.high.shape, bool) if out_of_range else None
        )
    )
    return replace(plain, wrt=wrt, errors=errors, kink=at, otherwise=None if otherwise is None else spread(otherwise))


def certified(values, *, evidence=Evidence.CERTIFIED, fragile=(), out_of_range=(), **more):
    leaf = certified_leaf(values, out_of_range=bool(out_of_range), **more)
    return Truth(evidence=Evidence(evidence), derivatives=(leaf,), bits=64, fragile=fragile, out_of_range=out_of_range)


def defined(shape, dtype):
    return (LeafType(wrt=("x",), dtype=dtype, shape=tuple(shape)),)


def judged(outcomes, known=NOTHING, *, dtype="float32", shape=None, own=None, common=None, other=None, **more):
    """The judgement of outcomes by target id; `other` answers a request for another precision."""
    leaves = () if shape is None else defined(shape, dtype)
    return judge(
        problem(dtype, **more), outcomes, TARGETS, known, own or {}, common=common, leaves=leaves, evidence_from=other
    )


def finding(outcome, known=NOTHING, *, target=TORCH, **more):
    (found,) = judged({target: outcome}, known, **more).findings
    return found


def message(found):
    """Why a case is judged as it is, in words."""
    return reasons.message(found.reasons)


def warnings(judgement):
    return tuple(reasons.sentence(warning) for warning in judgement.warnings)
