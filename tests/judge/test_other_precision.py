"""Excess rounding and wrong derivatives, told apart by the answer in another dtype."""

import numpy as np
import pytest

from gradcmp.core.findings import EvidenceRequest, OtherPrecision
from gradcmp.core.formats import FORMATS
from gradcmp.core.outcomes import Raised
from gradcmp.core.tensors import Tensor
from gradcmp.core.truth import Truth
from gradcmp.core.verdicts import Evidence
from gradcmp.judge.precision import Elsewhere, other_dtype, shrinking
from gradcmp.judge.tolerance import running
from tests.judge.cases import (
    JAX,
    TENSORFLOW,
    TORCH,
    certified,
    certified_leaf,
    computed,
    judged,
    kink,
    message,
    rounded,
)

SMALL = {"rss": 1.0, "worst": 2.0}
VALUES = [0.75, 3.0, 1.0]


def times(factors, dtype):
    values = np.asarray(VALUES) * np.asarray(factors)
    return computed(values if dtype == "float64" else rounded(values, dtype), dtype)


def elsewhere(factors, dtype, name=TORCH, **errors):
    return {dtype: OtherPrecision(outcomes={name: times(factors, dtype)}, truth=certified(VALUES, **(errors or SMALL)))}


def told(factors, dtype, other_factors=None, known=None, **errors):
    """The judgement of torch's answer, with its answer in the other dtype where that is given."""
    known = known or certified(VALUES, **(errors or SMALL))
    other = None if other_factors is None else elsewhere(other_factors, other_dtype(dtype))
    return judged({TORCH: times(factors, dtype)}, known, dtype=dtype, other=other)


@pytest.mark.parametrize(
    ("dtype", "other"),
    [("float32", "float64"), ("float16", "float64"), ("bfloat16", "float64"), ("float64", "float32"), ("int64", None)],
)
def test_the_other_dtype(dtype, other):
    assert other_dtype(dtype) == other


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_a_fault_in_every_precision_is_wrong(dtype):
    u = FORMATS[dtype].unit_roundoff
    factor = 1 + 20 * u  # beyond 8 rss, within 64 worst and an eighth of the value
    alone = told(factor, dtype)
    assert alone.findings[0].verdict == "excess"
    assert alone.requests == (EvidenceRequest(problem=f"s[gradient-{dtype}]", dtype="float64", targets=(TORCH,)),)
    found = told(factor, dtype, factor)
    assert (found.findings[0].verdict, found.findings[0].level, found.requests) == ("wrong", "fail", ())
    assert "does not shrink with precision" in message(found.findings[0])
    assert "in float64" in message(found.findings[0])


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_an_error_that_shrinks_is_excess_however_large(dtype):
    u = FORMATS[dtype].unit_roundoff
    for units in (40, 400):
        found = told(1 + units * u, dtype, 1 + units * FORMATS["float64"].unit_roundoff)
        assert (found.findings[0].verdict, found.findings[0].level) == ("excess", "warn")
        assert "shrinks with precision" in message(found.findings[0])
    assert told(1 + 400 * u, dtype).findings[0].verdict == "wrong"  # without it: more than 64 worst cases
    assert told(1 + 400 * u, dtype, 1.0).findings[0].verdict == "excess"


def test_in_float64_the_error_is_compared_with_that_in_float32():
    factor = 1 + 40 * 2.0**-53
    assert told(factor, "float64").findings[0].verdict == "excess"
    assert told(factor, "float64").requests[0].dtype == "float32"
    weak = told(factor, "float64", 1 + 40 * 2.0**-24)
    assert weak.findings[0].verdict == "excess"
    for planted in (1 + 1e-10, 1 + 1e-6, 1.001, -1.0, 0.0):
        found = told(planted, "float64", planted)
        assert (found.findings[0].verdict, found.findings[0].level) == ("wrong", "fail"), planted


def test_an_answer_in_float32_that_happens_to_be_exact_proves_nothing():
    assert told(1 + 40 * 2.0**-53, "float64", 1.0).findings[0].verdict == "excess"
    assert told(1 + 1e-10, "float64", 1.0).findings[0].verdict == "wrong"


def test_high_becomes_wrong_where_float64_is_wrong():
    errors = {"rss": 1.0, "worst": 2000.0}
    factors = [1 + 1e-4, 1.0, 1 + 1e-4]
    alone = told(factors, "float32", known=certified(VALUES, **errors))
    assert alone.findings[0].verdicts == {"high": 2, "exact": 1}
    assert alone.requests  # it would tell more
    both = told(factors, "float32", [1 + 1e-4, 1.0, 1.0], known=certified(VALUES, **errors))
    assert both.findings[0].verdicts == {"high": 1, "exact": 1, "wrong": 1}
    assert both.findings[0].errors[0].worst_index == (0,)
    # The lower precision is no witness against the higher one.
    tiny = told(1 + 5e-14, "float64", 1.01, known=certified(VALUES, **errors))
    assert tiny.findings[0].verdict == "high"


def test_rounding_asks_for_nothing():
    for answer in (1.0, 1 + 2.0**-23):
        assert told(answer, "float32").requests == ()
    nan = judged({TORCH: computed(np.float32([np.nan, 3, 1]))}, certified(VALUES, **SMALL))
    assert (nan.findings[0].verdict, nan.requests) == ("nonfinite", ())


def test_only_the_targets_in_question_are_asked_again():
    outcomes = {TORCH: times(1.0, "float32"), JAX: times(1.001, "float32"), TENSORFLOW: times(-1.0, "float32")}
    (request,) = judged(outcomes, certified(VALUES, **SMALL)).requests
    assert request.targets == (JAX, TENSORFLOW)


@pytest.mark.parametrize(
    "answer",
    [
        OtherPrecision(),
        OtherPrecision(outcomes={TORCH: Raised(exception="E", message="E: no")}, truth=certified(VALUES, **SMALL)),
        OtherPrecision(outcomes={TORCH: times(1.001, "float64")}),
        OtherPrecision(outcomes={TORCH: times(1.001, "float64")}, truth=Truth(evidence=Evidence.CERTIFIED)),
        OtherPrecision(outcomes={TORCH: times([np.nan] * 3, "float64")}, truth=certified(VALUES, **SMALL)),
        OtherPrecision(outcomes={JAX: times(1.0, "float64")}, truth=certified(VALUES, **SMALL)),
        OtherPrecision(outcomes={TORCH: times(1.0, "float64")}, truth=certified([1.0], **SMALL)),
    ],
)
def test_where_the_other_precision_cannot_answer_it_is_not_asked_again(answer):
    near, far = (
        judged({TORCH: times(factor, "float32")}, certified(VALUES, **SMALL), other={"float64": answer})
        for factor in (1 + 40 * 2.0**-24, 1.001)
    )
    assert (near.findings[0].verdict, near.requests) == ("excess", ())
    assert (far.findings[0].verdict, far.requests) == ("wrong", ())
    assert "within 64 worst-case running errors" in message(near.findings[0])


def test_a_shared_leaf_of_one_dtype_tells_nothing():
    leaf = certified_leaf(VALUES, **SMALL)
    same = Elsewhere(tensor=Tensor(dtype="float32", array=np.float32(VALUES)), truth=leaf)
    assert shrinking(np.zeros(3), leaf, "float32", same, running) is None


def test_a_kink_elsewhere_tells_nothing():
    at = kink([0.0] * 3, [1.0] * 3, tied=[True, False, False])
    other = {
        "float64": OtherPrecision(outcomes={TORCH: times(2.0, "float64")}, truth=certified(VALUES, at=at, **SMALL))
    }
    found = judged({TORCH: times(1 + 40 * 2.0**-24, "float32")}, certified(VALUES, **SMALL), other=other)
    assert found.findings[0].verdicts == {"excess": 1, "wrong": 2}


def test_true_zeros_are_compared_by_size():
    known, other = certified([0.0], **SMALL), certified([0.0], **SMALL)

    def verdict(low, high):
        there = {"float64": OtherPrecision(outcomes={TORCH: computed(np.float64([high]), "float64")}, truth=other)}
        return judged({TORCH: computed(np.float32([low]))}, known, other=there).findings[0].verdict

    assert verdict(1e-4, 1e-13) == "excess"
    assert verdict(1e-4, 1e-5) == "wrong"
