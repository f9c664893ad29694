"""How the constants of `inaccurate` were chosen: `python -m tests.judge.calibration [COUNT]` prints what others would change.

Random problems of the oracle at smooth points are run on the frameworks that are installed, and their answers judged
once more with every constant halved and doubled.
"""

from __future__ import annotations

import math
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

import gradcmp
from gradcmp.core.installed import is_importable
from gradcmp.core.verdicts import Verdict
from gradcmp.errors import UsageError
from gradcmp.judge import digits, elements
from tests.judge.oracle.answers import Answer
from tests.judge.oracle.court import Court, held
from tests.judge.oracle.jets import Outside
from tests.judge.oracle.knowledge import Known
from tests.judge.oracle.problems import Drawn, draw
from tests.judge.oracle.truths import know

FRAMEWORKS = ("torch", "tensorflow", "jax")
CONSTANTS: Mapping[str, tuple[tuple[Any, ...], tuple[float, ...]]] = {
    "CANCELLED": ((digits,), (1 / 4, 1 / 8, 1 / 16)),
    "LOST": ((digits, elements), (1 / 4, 1 / 8, 1 / 16)),
    "TWICE": ((digits,), (1.0, 2.0, 4.0)),
}
"""Constant → where it is read, and its values."""


@dataclass(frozen=True)
class Answered:
    """What a framework returned for a problem."""

    court: Court
    known: Known
    answer: Answer


def problems(count: int) -> dict[str, tuple[Court, Known]]:
    """By name: the first smooth ones whose truth is certified and whose numbers stay in the dtype."""
    found: dict[str, tuple[Court, Known]] = {}
    number = 0
    while len(found) < count:
        number += 1
        try:
            known, court = know(problem := draw(number)), Court(problem)
            smooth = all(leaf.smooth.all() for leaf in known.leaves.values())
            if smooth and not known.ranged and court.truth.evidence == "certified":
                found[f"p{number}"] = court, known
        except (Outside, UsageError):
            continue
    return found


def written(array: Any) -> Any:
    """Numbers as YAML 1.1 reads them."""
    if isinstance(array, list):
        return f"[{', '.join(map(written, array))}]"
    if math.isinf(array):
        return ".inf" if array > 0 else "-.inf"
    mantissa, _, exponent = repr(array).partition("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exponent or '+0'}"


def scenario(problem: Drawn) -> str:
    def by_name(arrays: Mapping[str, np.ndarray]) -> str:
        return f"{{{', '.join(f'{name}: {written(array.tolist())}' for name, array in arrays.items())}}}"

    lines = [f"function: {problem.expression.text!r}", f"inputs: {by_name(problem.inputs)}"]
    lines += [f"operator: {problem.operator}", f"dtype: {problem.dtype}"]
    lines += [] if problem.cotangent is None else [f"cotangent: {written(problem.cotangent.tolist())}"]
    lines += [f"tangent: {by_name(problem.tangents)}"] if problem.tangents else []
    return "\n".join(lines)


def answered(count: int) -> Iterator[Answered]:
    with tempfile.TemporaryDirectory() as folder:
        asked = problems(count)
        for name, (court, _) in asked.items():
            Path(folder, f"{name}.yaml").write_text(scenario(court.problem))
        backends = tuple(filter(is_importable, FRAMEWORKS))
        document = gradcmp.run(folder, timing="off", backends=backends).document
    scenarios = {problem.id: problem.scenario for problem in document.problems}
    for case in document.cases:
        court, known = asked[scenarios[case.problem]]
        arrays = case.derivatives or case.values
        tensors = {
            (array.of or "", tuple(array.wrt or ())): held(np.array(array.data, dtype=np.float64), court.problem.dtype)
            for array in arrays or ()
            if array.data is not None
        }
        if set(tensors) == set(known.leaves):
            yield Answered(court, known, Answer(case.target, tensors))


def verdict(answered: Answered) -> Verdict:
    return answered.court.judged([answered.answer], answered.court.truth).findings[0].verdict


def main(count: int) -> None:
    every = list(answered(count))
    sys.stdout.write(f"{len(every)} answers to {count} problems\n")
    as_they_are = [verdict(each) for each in every]
    for name, (modules, values) in CONSTANTS.items():
        for value in values:
            with ExitStack() as stack:
                for module in modules:
                    stack.enter_context(patch.object(module, name, value))
                told = [verdict(each) for each in every]
            changes = Counter(f"{a} → {b}" for a, b in zip(as_they_are, told, strict=True) if a != b)
            counts = ", ".join(f"{n} {word}" for word, n in sorted(Counter(told).items(), key=lambda x: x[0].rank))
            sys.stdout.write(f"{name} = {value}: {counts}; changed: {dict(changes) or 'nothing'}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
