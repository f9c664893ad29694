"""Real gradients of three frameworks, with their true values: is the certified derivative the true one?

And is a stored result of a framework that is wrong never passed, and one that is right never failed?
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from mpmath import mp

from gradcmp.core.formats import FORMATS
from gradcmp.core.operators import Operator
from gradcmp.core.outcomes import Computed
from gradcmp.core.tensors import Leaf, Tensor
from gradcmp.errors import Location
from gradcmp.judge import judge
from gradcmp.program.check import check
from gradcmp.program.ir import ArrayType
from gradcmp.program.parse import parse
from gradcmp.reference.budget import Budget
from gradcmp.reference.certify import certify
from gradcmp.reference.modes.derivatives import DerivativeProblem
from tests.judge.cases import TARGETS, TORCH, problem, rounded
from tests.reference.behaviours import DIFFERENT, INEXPRESSIBLE, PROGRAMS, UNKNOWN

FILE = Path(__file__).parents[1] / "data" / "behaviours.json"
RECORDS = {record["id"]: record for record in json.loads(FILE.read_text())}
TEXTS = PROGRAMS | {name: text for name, (text, *_) in (UNKNOWN | DIFFERENT).items()}

RELATIVE = {"float64": 1e-12, "float32": 1e-6, "float16": 1e-12, "bfloat16": 1e-12}
"""How far a record may be from the truth: float32 inputs are given as decimals."""

ROUGH = {"logdet_trisolve": 1e-9}
"""Records whose true derivative is a difference quotient of fewer digits."""


def test_every_record_is_in_exactly_one_list():
    lists = (PROGRAMS, UNKNOWN, DIFFERENT, INEXPRESSIBLE)
    assert sum(map(len, lists)) == len(RECORDS)
    assert set().union(*lists) == set(RECORDS)
    assert all(reason for reason in INEXPRESSIBLE.values())


def operator(record):
    return {"grad": "gradient"}.get(record["operator"], record["operator"])


def numbers(values):
    flat = [float(x) for x in np.ravel(np.asarray(values, dtype=object))]
    return np.asarray(flat).reshape(np.shape(values))


def flat(values):
    return [x for value in values for x in flat(value)] if isinstance(values, list) else [float(values)]


@cache
def certified(name):
    record = RECORDS[name]
    dtype, vector = record["dtype"], record["vector"]
    inputs = {k: Tensor(dtype=dtype, array=rounded(numbers(v), dtype)) for k, v in record["inputs"].items()}
    leaves = {k: ArrayType(kind="float", dtype=dtype, shape=t.shape) for k, t in inputs.items()}
    seeds = {}
    if isinstance(vector, dict):
        seeds["tangents"] = {k: Tensor(dtype=dtype, array=rounded(numbers(v), dtype)) for k, v in vector.items()}
    elif vector is not None:
        seeds["cotangents"] = {"": Tensor(dtype=dtype, array=rounded(numbers(vector), dtype))}
    question = DerivativeProblem(
        checked=check(parse(TEXTS[name], location=Location(file=name)), leaves, dtype=dtype),
        operator=Operator(operator(record)),
        wrt=tuple(record["wrt"] or inputs),
        inputs=inputs,
        **seeds,
    )
    return certify(question, dtype=dtype, budget=Budget(seconds=20))


def sides(truth):
    """The truth's elements from the left and from the right, over all leaves."""
    left, right = [], []
    for leaf in truth.derivatives:
        left += (leaf.high if leaf.kink is None else leaf.kink.left).ravel().tolist()
        right += (leaf.high if leaf.kink is None else leaf.kink.right).ravel().tolist()
    return left, right


def close(found, expected, name):
    dtype = RECORDS[name]["dtype"]
    tolerance = ROUGH.get(name, RELATIVE[dtype])
    tiny = FORMATS[dtype].smallest_normal
    return len(found) == len(expected) and all(
        a == b or (math.isnan(a) and math.isnan(b)) or abs(a - b) <= tolerance * abs(b) + tiny
        for a, b in zip(found, expected, strict=True)
    )


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_the_certified_derivative_is_the_true_one(name):
    told = RECORDS[name]["true_derivative"]
    truth = certified(name)
    assert truth.evidence == "certified", truth.reason
    left, right = sides(truth)
    if told["kind"] == "differentiable":
        expected = flat(told["value"])
        assert close([x for leaf in truth.derivatives for x in leaf.high.ravel().tolist()], expected, name)
        assert close(left, expected, name)
        assert close(right, expected, name)
    elif told["kind"] == "one-sided":
        assert close(left, flat(told["left"]), name)
        assert close(right, flat(told["right"]), name)
    elif told["kind"] == "infinite":
        # At the end of a domain there is one side alone.
        assert all(
            close([a], [x], name) or close([b], [x], name)
            for a, b, x in zip(left, right, flat(told["value"]), strict=True)
        )
    elif told["kind"] == "partial":
        known = [i for i, x in enumerate(flat(told["value"])) if not math.isnan(x)]
        assert known
        assert close([left[i] for i in known], [flat(told["value"])[i] for i in known], name)
        assert any(not (math.isfinite(a) and a == b) for a, b in zip(left, right, strict=True))
    else:
        assert told["kind"] == "undefined"
        jumps = [x for leaf in truth.derivatives if leaf.kink is not None for x in leaf.kink.jump.ravel().tolist()]
        assert any(jumps) or not all(math.isfinite(x) for x in (*left, *right))


@pytest.mark.parametrize("name", sorted(UNKNOWN))
def test_what_is_not_certified_says_why(name):
    truth = certified(name)
    assert truth.evidence != "certified"
    assert truth.reason


@pytest.mark.parametrize("name", sorted(DIFFERENT))
def test_what_differs_by_design(name):
    _, _, expected = DIFFERENT[name]
    truth = certified(name)
    left, right = sides(truth)
    assert close(left, expected, name)
    assert close(right, expected, name)
    assert not close(left, flat(RECORDS[name]["true_derivative"]["value"]), name)


def test_the_second_derivative_of_softplus_that_a_record_has_wrong():
    with mp.workdps(40):
        once = 1 / (1 + mp.exp(-mp.mpf(25)))
        assert float(1 - once) == pytest.approx(
            flat(RECORDS["softplus_hvp_25"]["true_derivative"]["value"])[0], rel=1e-15
        )
        assert float(once * (1 - once)) == pytest.approx(DIFFERENT["softplus_hvp_25"][2][0], rel=1e-15)


# What the frameworks answered ----------------------------------------------------------------------------------

OTHERWISE_COMPUTED = {"default_x64": "two of the three computed in float64, whatever was asked"}
"""Records whose stored results are of another question."""


def answers():
    for name in sorted(set(PROGRAMS) - set(OTHERWISE_COMPUTED)):
        for framework, executions in RECORDS[name]["results"].items():
            for execution, result in (executions or {}).items():
                if result.get("gradient") is not None and "error" not in result:
                    yield pytest.param(name, result["gradient"], id=f"{name}-{framework}-{execution}")


def level(name, gradient):
    """The judge's word on a stored result, alone against the certified truth."""
    record, truth = RECORDS[name], certified(name)
    dtype = record["dtype"]
    leaves = []
    for leaf in truth.derivatives:
        values = gradient.get(leaf.wrt[0] if leaf.wrt else "out")
        array = None if values is None else rounded(numbers(values), dtype).reshape(leaf.high.shape)
        leaves.append(
            Leaf(of=leaf.of, wrt=leaf.wrt, tensor=None if array is None else Tensor(dtype=dtype, array=array))
        )
    outcome = Computed(values=(), derivatives=tuple(leaves), mode="reverse")
    judgement = judge(problem(dtype, operator(record)), {TORCH: outcome}, TARGETS, truth, {})
    return judgement.findings[0].verdict, judgement.findings[0].level


def right(name, gradient):
    """Is a stored result right (True), wrong (False), or neither for certain (None)?"""
    told = RECORDS[name]["true_derivative"]
    record = RECORDS[name]
    parts = []
    for key in ["out"] if operator(record) == "jvp" else record["wrt"] or gradient:
        part = gradient.get(key)  # no gradient at all stands for zero
        parts.append(np.zeros(np.shape(record["inputs"][key])).tolist() if part is None else part)
    found = flat([numbers(part).ravel().tolist() for part in parts])
    if told["kind"] == "differentiable":
        left = right_ = flat(told["value"])
    elif told["kind"] == "one-sided":
        left, right_ = flat(told["left"]), flat(told["right"])
    else:
        return None
    lower, upper = (list(map(pick, left, right_)) for pick in (min, max))
    if not all(math.isfinite(x) for x in found) and all(math.isfinite(x) for x in (*lower, *upper)):
        return False
    room = [2**-7 * max(abs(a), abs(b)) + 1e-300 for a, b in zip(lower, upper, strict=True)]
    if any(x < a - r or x > b + r for x, a, b, r in zip(found, lower, upper, room, strict=True)):
        return False
    if close(found, left, name) or close(found, right_, name):
        return True
    return None


@pytest.mark.parametrize(("name", "gradient"), list(answers()))
def test_a_wrong_result_never_passes_and_a_right_one_never_fails(name, gradient):
    verdict, word = level(name, gradient)
    expected = right(name, gradient)
    if expected is False:
        assert word != "ok", verdict
    if expected is True:
        assert word in ("ok", "note"), verdict


def test_enough_of_the_stored_results_are_known_to_be_right_or_wrong():
    found = [right(*param.values) for param in answers()]
    assert found.count(True) > 350
    assert found.count(False) > 60
