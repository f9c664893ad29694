"""The function over jets, and the seven operators over those of its output: arrays of coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from gradcmp.core.tensors import Key
from tests.judge.oracle.expressions import filled
from tests.judge.oracle.jets import Field, Jet
from tests.judge.oracle.problems import Drawn

Variable = tuple[str, tuple[int, ...]]


def variables(problem: Drawn, name: str) -> list[Variable]:
    return [(name, place) for place in np.ndindex(problem.inputs[name].shape)]


def outputs_of(problem: Drawn, field: Field, moved: Mapping[Variable, Any] | None = None) -> np.ndarray:
    """The function over jets, at the point or at that which it is `moved` to."""
    arrays = {
        name: filled([_variable(field, at, moved[at] if moved else array[at[1]]) for at in variables(problem, name)], array.shape)
        for name, array in problem.inputs.items()
    }  # fmt: skip
    return np.asarray(problem.expression.jets(field, arrays), dtype=object)


def _variable(field: Field, at: Variable, number: Any) -> Jet:
    return Jet(field, field.number(number), {at: field.number(1)} if field.order else {}, {})


def derived(problem: Drawn, outputs: np.ndarray, field: Field) -> dict[Key, np.ndarray]:
    """What `problem` asks for, by the derivatives of its outputs."""
    operator, jets = problem.operator, outputs.ravel().tolist()
    nothing = field.number(0)
    tangent = _tangent(problem, field)
    weights = [None] * len(jets) if problem.cotangent is None else [field.number(w) for w in problem.cotangent.ravel()]

    def element(jet: Jet, at: tuple[Variable, ...]) -> Any:
        if operator.seed != "tangent":
            return _coefficient(jet, at, nothing)
        terms = (_coefficient(jet, (*at, way), nothing) * weight for way, weight in tangent.items())
        return reduce(add, terms, nothing)

    def weighted(at: tuple[Variable, ...]) -> Any:
        terms = [(element(jet, at), weight) for jet, weight in zip(jets, weights, strict=True)]
        return reduce(add, [term if weight is None else term * weight for term, weight in terms])

    arrays: dict[Key, np.ndarray] = {}
    for of, paths in operator.keys(("",), tuple(problem.inputs)):
        ways: list[tuple[Variable, ...]] = [()]
        for path in paths:
            ways = [(*way, one) for way in ways for one in variables(problem, path)]
        shape = tuple(n for path in paths for n in problem.inputs[path].shape)
        if operator.spans_output:
            arrays[of, paths] = filled([element(jet, way) for jet in jets for way in ways], outputs.shape + shape)
        else:
            arrays[of, paths] = filled([weighted(way) for way in ways], shape)
    return arrays


def _tangent(problem: Drawn, field: Field) -> Mapping[Variable, Any]:
    ways = [each for name in problem.inputs for each in variables(problem, name)]
    given = problem.tangents
    return {(name, place): field.number(1 if given is None else given[name][place]) for name, place in ways}


def _coefficient(jet: Jet, at: tuple[Variable, ...], nothing: Any) -> Any:
    if not at:
        return jet.value
    return jet.gradient.get(at[0], nothing) if len(at) == 1 else jet.hessian.get(at, nothing)


def each(how: Any, *arrays: np.ndarray) -> np.ndarray:
    """`how` on the elements of arrays of one shape."""
    return filled([how(*items) for items in zip(*(a.ravel().tolist() for a in arrays), strict=True)], arrays[0].shape)
