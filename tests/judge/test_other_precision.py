"""What the answer in another dtype says of an error: it explains, it convicts in a lower precision, it acquits never."""

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
    [("float32", "float64"), ("float16", "float32"), ("bfloat16", "float32"), ("float64", "float32"), ("int64", None)],
)
def test_the_other_dtype(dtype, other):
    assert other_dtype(dtype) == other


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_rule_that_is_off_is_wrong_in_half_types_too(dtype):
    factor = 1 + 10 * FORMATS[dtype].unit_roundoff  # 0.5 % in float16: beyond 8 rss, with half of the digits
    alone = told(factor, dtype)
    assert alone.findings[0].verdict == "inaccurate"
    assert alone.requests == (EvidenceRequest(problem=f"s[gradient-{dtype}]", dtype="float32", targets=(TORCH,)),)
    found = told(factor, dtype, factor)
    assert (found.findings[0].verdict, found.findings[0].level, found.requests) == ("wrong", "fail", ())
    assert f"does not shrink from {dtype} to float32" in message(found.findings[0])
    within = certified(VALUES, rss=1.0, worst=15 * np.asarray(VALUES))
    assert told(factor, dtype, known=within).findings[0].verdict == "high"
    assert told(factor, dtype, factor, known=within).findings[0].verdict == "wrong"
    assert told(factor, dtype, 1 + 1e-4, known=within).findings[0].verdict == "high"  # another error


def test_the_other_precision_does_not_acquit():
    u, v = FORMATS["float32"].unit_roundoff, FORMATS["float64"].unit_roundoff
    lost = 1 + 2e4 * u  # 2.9 of 7.2 digits
    assert told(lost, "float32").findings[0].verdict == "wrong"
    for other, told_of_it in ((1 + 2e4 * v, "as rounding does (5e8-fold)"), (1.0, "there is no error in float64")):
        found = told(lost, "float32", other)
        assert (found.findings[0].verdict, found.findings[0].level) == ("wrong", "fail")
        assert told_of_it in message(found.findings[0])


def test_where_an_algorithm_stops_is_told():
    found = told(1 + 1.5e-11, "float64", 1 + 1.2e-7)  # as torch's digamma at -1.5
    assert (found.findings[0].verdict, found.findings[0].level) == ("inaccurate", "warn")
    assert message(found.findings[0]).endswith(
        "10.8 of 15.9 digits right; the error shrinks 11000-fold from float32 to float64 (error 1.5e-11 in float64, "
        "1.59e-07 in float32); rounding alone would shrink 5e8-fold: the algorithm stops at 11 digits; "
        "3 of 3 elements"
    )


def test_a_fault_in_float64_is_told_beside_that_in_float32():
    for planted, verdict in (
        (1 + 1e-10, "inaccurate"),
        (1 + 1e-6, "wrong"),
        (1.001, "wrong"),
        (-1.0, "wrong"),
        (0.0, "wrong"),
    ):
        found = told(planted, "float64", planted)
        assert found.findings[0].verdict == verdict, planted
        assert told(planted, "float64").requests[0].dtype == "float32"


def test_float64_convicts_float32_where_half_of_the_digits_are_gone():
    errors = {"rss": 1.0, "worst": 20000.0}
    factors = [1 + 1e-3, 1.0, 1 + 1e-3]
    alone = told(factors, "float32", known=certified(VALUES, **errors))
    assert alone.findings[0].verdicts == {"high": 2, "exact": 1}
    assert alone.requests  # it would tell more
    both = told(factors, "float32", [1 + 1e-3, 1.0, 1.0], known=certified(VALUES, **errors))
    assert both.findings[0].verdicts == {"high": 1, "exact": 1, "wrong": 1}
    assert both.findings[0].errors[0].worst_index == (0,)
    assert told(1 + 1e-4, "float32", 1 + 1e-4, known=certified(VALUES, **errors)).findings[0].verdict == "high"
    # The lower precision is no witness against the higher one.
    tiny = told(1 + 5e-14, "float64", 1.01, known=certified(VALUES, **errors))
    assert (tiny.findings[0].verdict, tiny.requests) == ("high", ())


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
    assert (near.findings[0].verdict, near.requests) == ("inaccurate", ())
    assert (far.findings[0].verdict, far.requests) == ("wrong", ())


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
    assert found.findings[0].verdicts == {"inaccurate": 3}


def test_a_true_zero_is_as_large_as_what_cancelled():
    known = certified([0.0], rss=8.0, worst=10.0)  # an eighth of it is 1

    def found(low):
        return judged({TORCH: computed(np.float32([low]))}, known).findings[0]

    assert (found(1e-4).verdict, found(1e-3).verdict) == ("inaccurate", "wrong")
    assert found(1e-4).errors[0].digits.correct == pytest.approx(4.0, abs=1e-6)
