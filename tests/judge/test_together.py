"""Elements at a kink that are judged together: planted answers against the reference's truth for real programs."""

import numpy as np
import pytest

from gradcmp.core.outcomes import Computed
from gradcmp.core.tensors import Leaf, Tensor
from gradcmp.judge.agreement import contradiction, differ
from gradcmp.judge.tolerance import running
from gradcmp.reference.budget import Budget
from gradcmp.reference.certify import certify
from gradcmp.words.reasons import sentence
from tests.judge.cases import DTYPES, certified, finding, kink, message, rounded, true
from tests.reference.problems import problem as asked

CONVENTION, WRONG, INACCURATE = "convention", "wrong", "inaccurate"
THREE, ROWS = [1.0, 1.0, 1.0], [[1.0, 1.0], [2.0, 2.0]]


def found(text, answers, *, dtype="float32", operator="gradient", **inputs):
    """The finding on an answer by input."""
    truth = certify(asked(text, operator, dtype=dtype, **inputs), dtype, Budget(seconds=60))
    assert truth.evidence == "certified"
    leaves = tuple(
        Leaf(wrt=(path,), tensor=Tensor(dtype=dtype, array=rounded(each, dtype))) for path, each in answers.items()
    )
    return finding(Computed(values=(), derivatives=leaves, mode="reverse"), truth, dtype=dtype, operator=operator)


MEDIAN = "maximum(minimum(x, y), minimum(maximum(x, y), z))"
"""Of three equal numbers: each alone moves nothing, all together move it."""
JUST = [
    # What torch, TensorFlow and JAX do, and whatever else is a choice
    ("max(x)", {"x": THREE}, [{"x": [1 / 3] * 3}, {"x": [1, 0, 0]}, {"x": [0, 0, 1]}, {"x": [0.5, 0.25, 0.25]}]),
    ("min(x)", {"x": THREE}, [{"x": [1 / 3] * 3}, {"x": [0, 1, 0]}]),
    ("sum(max(x, axis=1))", {"x": ROWS}, [{"x": [[0.5, 0.5], [0.5, 0.5]]}, {"x": [[1, 0], [0, 1]]}]),
    ("max(x)", {"x": [[2.0, 2.0], [2.0, 2.0]]}, [{"x": [[0.25] * 2] * 2}, {"x": [[0, 0], [1, 0]]}]),
    ("maximum(x, y)", {"x": 1.0, "y": 1.0}, [{"x": 0.5, "y": 0.5}, {"x": 1, "y": 0}, {"x": 0, "y": 1}]),
    ("maximum(x, 0.1 * y)", {"x": 0.0, "y": 0.0}, [{"x": 0.5, "y": 0.05}, {"x": 0, "y": 0.1}, {"x": 1 / 3, "y": 1 / 15}]),
    ("abs(x - y)", {"x": 1.0, "y": 1.0}, [{"x": 0, "y": 0}, {"x": 1, "y": -1}, {"x": -1, "y": 1}]),
    ("norm(x)", {"x": [0.0] * 3}, [{"x": [0, 0, 0]}, {"x": [0.6, 0.8, 0]}]),
    ("sum(relu(x))", {"x": [0.0] * 3}, [{"x": [0, 0, 0]}, {"x": [1, 1, 1]}, {"x": [0.5, 0, 1]}]),
    ("max(abs(x))", {"x": [0.0] * 2}, [{"x": [0, 0]}, {"x": [0.5, 0.5]}, {"x": [-1, 0]}]),
    ("clip(x, y, z)", {"x": 1.0, "y": 1.0, "z": 2.0}, [{"x": 0.5, "y": 0.5, "z": 0}, {"x": 1, "y": 0, "z": 0}]),
    (MEDIAN, {"x": 1.0, "y": 1.0, "z": 1.0}, [{"x": 1, "y": 0, "z": 0}, {"x": 0.25, "y": 0.25, "z": 0.5}]),
    ("sum(where(x > y, x, y))", {"x": [1.0], "y": [1.0]}, [{"x": [0], "y": [1]}, {"x": [1], "y": [0]}]),
]  # fmt: skip
UNJUST = [
    ("max(x)", {"x": THREE}, [{"x": [0, 0, 0]}, {"x": [1, 1, 1]}, {"x": [0.5] * 3}]),
    ("min(x)", {"x": THREE}, [{"x": [0, 0, 0]}, {"x": [1, 1, 1]}]),
    ("sum(max(x, axis=1))", {"x": ROWS}, [{"x": [[0, 0], [1, 1]]}, {"x": [[0.5, 0.5], [0, 0]]}]),
    ("max(x)", {"x": [[2.0, 2.0], [2.0, 2.0]]}, [{"x": [[0.5] * 2] * 2}, {"x": [[0] * 2] * 2}]),
    ("maximum(x, y)", {"x": 1.0, "y": 1.0}, [{"x": 0, "y": 0}, {"x": 1, "y": 1}, {"x": 0.5, "y": 1}]),
    ("maximum(x, 0.1 * y)", {"x": 0.0, "y": 0.0}, [{"x": 0, "y": 0}, {"x": 1, "y": 0.1}, {"x": 0.5, "y": 0.025}]),
    ("abs(x - y)", {"x": 1.0, "y": 1.0}, [{"x": 1, "y": 1}, {"x": 1, "y": 0}]),
    ("clip(x, y, z)", {"x": 1.0, "y": 1.0, "z": 2.0}, [{"x": 1, "y": 1, "z": 0}]),
    (MEDIAN, {"x": 1.0, "y": 1.0, "z": 1.0}, [{"x": 0, "y": 0, "z": 0}, {"x": 1, "y": 1, "z": 0}]),
]  # fmt: skip


def rows(table):
    return [
        pytest.param(text, inputs, each, id=f"{text}: {each}") for text, inputs, answers in table for each in answers
    ]


@pytest.mark.parametrize(("text", "inputs", "answer"), rows(JUST))
@pytest.mark.parametrize("dtype", DTYPES)
def test_what_sums_up_is_a_convention(text, inputs, answer, dtype):
    assert found(text, answer, dtype=dtype, **inputs).verdict == CONVENTION


@pytest.mark.parametrize(("text", "inputs", "answer"), rows(UNJUST))
@pytest.mark.parametrize("dtype", DTYPES)
def test_what_does_not_sum_up_is_wrong(text, inputs, answer, dtype):
    judged = found(text, answer, dtype=dtype, **inputs)
    assert (judged.verdict, judged.level) == (WRONG, "fail")
    assert "must sum to" in message(judged)


def test_the_message_says_what_is_violated():
    judged = found("max(x)", {"x": [0, 0, 0]}, x=THREE)
    assert message(judged) == (
        "dx: at [2] 0.0 at a kink with left 0.0, right 1.0: the 3 elements that tie must sum to 1; they sum to 0; "
        "3 of 3 elements"
    )
    assert judged.errors[0].kink.counts == {"incompatible": 3}
    assert judged.errors[0].digits.correct == 0.0
    judged = found("maximum(x, y)", {"x": 1, "y": 1}, x=1.0, y=1.0)
    assert "the 2 elements that tie in dx and dy must sum to 1; they sum to 2" in message(judged)
    judged = found("maximum(x, 2 * y)", {"x": 0, "y": 0}, x=2.0, y=1.0)
    assert "the 2 elements that tie in dx and dy, each times a number of its own, must sum to 1" in message(judged)


def test_only_the_sums_that_are_missed_are_wrong():
    judged = found("sum(max(x, axis=1))", {"x": [[0, 0], [0.5, 0.5]]}, x=ROWS)
    assert judged.verdicts == {"wrong": 2, "convention": 2}
    assert judged.errors[0].kink.counts == {"midpoint": 2, "incompatible": 2}


def test_what_is_no_derivative_by_itself_says_so_itself():
    judged = found("max(x)", {"x": [2, 0, 0]}, x=THREE)
    assert judged.verdicts == {"wrong": 1, "convention": 2}
    assert "neither of them nor between" in message(judged)
    assert found("max(x)", {"x": [np.nan, 0, 0]}, x=THREE).verdicts == {"nonfinite": 1, "convention": 2}


def test_an_array_that_is_missing_leaves_the_sum_open():
    assert found("maximum(x, y)", {"x": 0}, x=1.0, y=1.0).errors[0].verdict == CONVENTION


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", [100, 3000])
def test_many_elements(dtype, count):
    """Shares of 1 / n round each by itself; a sum of many roundings is a sum of many."""
    inputs = {"x": np.ones(count)}
    even = rounded(np.full(count, 1 / count), dtype)
    one = np.zeros(count)
    one[7] = 1.0
    assert found("max(x)", {"x": even}, dtype=dtype, **inputs).verdict == CONVENTION
    assert found("max(x)", {"x": one}, dtype=dtype, **inputs).verdict == CONVENTION
    assert found("max(x)", {"x": 0 * even}, dtype=dtype, **inputs).verdict == WRONG
    assert found("max(x)", {"x": 2 * even}, dtype=dtype, **inputs).verdict == WRONG
    assert found("max(x)", {"x": one / 2}, dtype=dtype, **inputs).verdict == WRONG


@pytest.mark.parametrize(("off", "verdict"), [(1e-12, CONVENTION), (1e-8, INACCURATE), (1e-6, WRONG)])
def test_a_sum_is_as_right_as_its_digits(off, verdict):
    share = np.full(3, 1 / 3 * (1 - off))
    assert found("max(x)", {"x": share}, dtype="float64", x=THREE).verdict == verdict


@pytest.mark.parametrize(("values", "contradicted"), [([0.0, 0.0], True), ([1.0, 1.0], True), ([0.25, 0.75], False)])
def test_an_expectation_that_does_not_sum_up_is_contradicted(values, contradicted):
    known = certified([0.5, 0.5], at=kink([0, 0], [1, 1], total=1.0))
    reason = contradiction([true(values)], known.derivatives, "float32", running)
    assert (reason is not None) == contradicted
    assert differ([true(values)], known.derivatives, "float32", running) == contradicted
    if reason is not None:
        assert "must sum to 1" in sentence(reason)
