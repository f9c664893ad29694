"""What must hold of the reference on any program: each check names its misses, and what it could not look at."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from flint import arb
from mpmath import mp

from gradcmp.core.tensors import Shape
from gradcmp.reference.algebra import Algebra, EvaluationError, Undecided
from gradcmp.reference.algebras.balls import BallAlgebra
from gradcmp.reference.algebras.float_balls import FloatBallAlgebra
from gradcmp.reference.algebras.strict_balls import StrictBalls
from gradcmp.reference.algebras.whole_numbers import WholeAlgebra
from gradcmp.reference.budget import Budget
from gradcmp.reference.language.arrays import Array, Context
from gradcmp.reference.language.evaluator import evaluate
from gradcmp.reference.modes.derivatives import Derived, derive
from gradcmp.reference.modes.tape import TapeAlgebra
from gradcmp.reference.precision import at
from tests.reference.soundness.decimals import DecimalAlgebra
from tests.reference.soundness.samples import Sample
from tests.reference.soundness.series import SeriesAlgebra, filled, moving, slope, two_terms

NARROW, WIDE = 64, 512
STEP_BITS = 110
"""Differences are taken over 2**-110 of each number and over half of that."""


@dataclass
class Findings:
    """`misses` are bugs, `looked` the checks that compared something, `skipped` those that could not and why."""

    misses: list[str] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    sharp: bool = False  # the reference knows every element to 100 bits or as exact


class Skip(Exception):
    """There is nothing to compare; the message is the reason."""


def examine(sample: Sample, checks: Iterable[str] | None = None) -> Findings:
    """All checks, or those named."""
    findings = Findings()
    try:
        with at(WIDE):
            basis = Basis.of(sample)
    except (Undecided, EvaluationError, Skip) as error:
        findings.skipped.append(("all", reason(error)))
        return findings
    findings.sharp = basis.sharp
    for name in CHECKS if checks is None else checks:
        try:
            with at(WIDE):
                misses = CHECKS[name](basis)
        except (Undecided, EvaluationError, Skip) as error:
            findings.skipped.append((name, reason(error)))
        else:
            findings.looked.append(name)
            findings.misses += [f"{name}: {miss}" for miss in misses]
    return findings


def reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def run(sample: Sample, operator: str, floats: Algebra[Any], **seeds: Mapping[str, np.ndarray]) -> Derived:
    context = Context(floats=floats, wholes=WholeAlgebra(), dtype=sample.dtype)
    return derive(sample.problem(operator, **seeds), context, Budget(seconds=60))


@dataclass(frozen=True, kw_only=True)
class Basis:
    """A sample with its cotangents by output and the product of them with its derivative, at `WIDE` bits."""

    sample: Sample
    cotangents: Mapping[str, np.ndarray]
    values: Mapping[str, np.ndarray]
    gradient: Mapping[str, np.ndarray]
    tied: bool

    @classmethod
    def of(cls, sample: Sample) -> Basis:
        cotangents = {of: sample.cotangent(shape) for of, shape in output_shapes(sample).items()}
        found = run(sample, "vjp", StrictBalls(), cotangents=cotangents)
        gradient = {wrt[0]: array.data for (_, wrt), array in found.arrays.items()}
        values = {of: array.data for (of, _), array in run(sample, "value", StrictBalls()).arrays.items()}
        for what, arrays in (("value", values), ("derivative", gradient)):
            if not all(item.is_finite() for array in arrays.values() for item in array.ravel().tolist()):
                raise Skip(f"a {what} that is not finite")
        return cls(sample=sample, cotangents=cotangents, values=values, gradient=gradient, tied=bool(found.ties))

    @property
    def sharp(self) -> bool:
        items = [item for array in self.gradient.values() for item in array.ravel().tolist()]
        return all(item.is_exact() or item.rel_accuracy_bits() >= 100 for item in items)

    def along(self, direction: Mapping[str, np.ndarray]) -> Any:
        """The gradient times a direction of exact float64 numbers."""
        return sum((product(self.gradient[name], exact(direction[name])) for name in self.gradient), start=arb(0))

    @property
    def direction(self) -> dict[str, np.ndarray]:
        return {name: self.sample.tangent(name) for name in self.sample.wrt}

    @property
    def scaled(self) -> dict[str, np.ndarray]:
        """A direction in which each number moves by a like share of itself; a zero by as much as the smallest."""
        sizes = [abs(x) for name in self.sample.wrt for x in self.sample.tensors[name].array.ravel().tolist() if x]
        least = min([*sizes, 1.0])
        found = {}
        for name in self.sample.wrt:
            values = self.sample.tensors[name].array.astype(np.float64)
            powers = [math.ldexp(1.0, math.frexp(abs(x) or least)[1]) for x in values.ravel().tolist()]
            found[name] = np.copysign(np.asarray(powers).reshape(values.shape), self.sample.tangent(name))
        return found

    def differentiable(self) -> None:
        """A difference of values sees neither held constants nor which side of a tie was chosen."""
        if "stop_gradient" in self.sample.text:
            raise Skip("a difference goes through what stop_gradient holds")
        if self.tied:
            raise Skip("a tie")


Check = Callable[[Basis], list[str]]


def output_shapes(sample: Sample) -> dict[str, Shape]:
    return {of: tuple(kind.shape) for of, kind in sample.checked.outputs}  # type: ignore[union-attr, arg-type, misc]


def exact(values: np.ndarray) -> np.ndarray:
    return StrictBalls().constant(np.asarray(values, dtype=np.float64))


def product(x: np.ndarray, y: np.ndarray) -> Any:
    return sum((a * b for a, b in zip(x.ravel().tolist(), y.ravel().tolist(), strict=True)), start=arb(0))


def apart(what: str, left: Any, right: Any) -> list[str]:
    """A miss where two balls around one number do not meet. A ball that is no number may be any."""
    if left.is_nan() or right.is_nan() or left.overlaps(right):
        return []
    return [f"{what}: {left} and {right}"]


def all_apart(what: str, left: np.ndarray, right: np.ndarray) -> list[str]:
    assert left.shape == right.shape, (what, left.shape, right.shape)
    pairs = zip(left.ravel().tolist(), right.ravel().tolist(), strict=True)
    return [miss for place, (a, b) in enumerate(pairs) for miss in apart(f"{what}[{place}]", a, b)]


# The same balls, twice ------------------------------------------------------------------------------------


def narrow(basis: Basis) -> list[str]:
    misses = []
    with at(NARROW):
        for algebra in (StrictBalls(), BallAlgebra()):
            found = run(basis.sample, "vjp", algebra, cotangents=basis.cotangents)
            misses += beside(basis, found, run(basis.sample, "value", algebra), lambda array: array)
    return misses


def in_float64(basis: Basis) -> list[str]:
    found = run(basis.sample, "vjp", FloatBallAlgebra(), cotangents=basis.cotangents)
    return beside(basis, found, run(basis.sample, "value", FloatBallAlgebra()), from_float_balls)


def from_float_balls(array: Any) -> np.ndarray:
    pairs = zip(array.middle.ravel().tolist(), array.radius.ravel().tolist(), strict=True)
    return filled([arb(m, r) if math.isfinite(r) else arb("nan") for m, r in pairs], array.middle.shape)


def beside(basis: Basis, found: Derived, values: Derived, balls: Callable[[Any], np.ndarray]) -> list[str]:
    """The gradient and the values of other algebras against the wide balls."""
    misses = []
    for (_, wrt), array in found.arrays.items():
        misses += all_apart(wrt[0], balls(array.data), basis.gradient[wrt[0]])
    for (of, _), array in values.arrays.items():
        misses += all_apart(f"value {of!r}", balls(array.data), basis.values[of])
    return misses


# Forward against reverse ----------------------------------------------------------------------------------


def series(basis: Basis) -> list[str]:
    sample = basis.sample
    with two_terms():
        algebra = SeriesAlgebra()
        inputs = {}
        for name, tensor in sample.tensors.items():
            steps = exact(basis.direction[name] if name in sample.wrt else np.zeros(tensor.shape))
            pairs = zip(exact(tensor.array).ravel().tolist(), steps.ravel().tolist(), strict=True)
            inputs[name] = Array(kind="float", data=filled([moving(x, v) for x, v in pairs], tensor.shape))
        outputs = evaluate(
            sample.checked, Context(floats=algebra, wholes=WholeAlgebra(), dtype=sample.dtype), inputs, Budget()
        )
        slopes = {
            of: filled([slope(z) for z in each.data.ravel().tolist()], each.data.shape) for of, each in outputs.items()
        }
    return apart("along the direction", seen(basis, slopes), basis.along(basis.direction))


def duals(basis: Basis) -> list[str]:
    found = run(basis.sample, "jvp", StrictBalls(), tangents=basis.direction)
    slopes = {of: array.data for (of, _), array in found.arrays.items()}
    return apart("along the direction", seen(basis, slopes), basis.along(basis.direction))


def seen(basis: Basis, slopes: Mapping[str, np.ndarray]) -> Any:
    """The cotangents times the slopes of the outputs."""
    return sum((product(exact(c), slopes[of]) for of, c in basis.cotangents.items()), start=arb(0))


# Differences ----------------------------------------------------------------------------------------------


def decimals(basis: Basis) -> list[str]:
    """Central differences of mpmath's values.

    That of half the step errs by a third of what it differs from the other by; rounding is told by fewer digits.
    """
    basis.differentiable()
    rough_value, decided, _ = weighed(basis, 0, 400)
    value, _, largest = weighed(basis, 0, 600)
    rough = difference(basis, STEP_BITS, 400, decided)
    coarse = difference(basis, STEP_BITS, 600, decided)
    fine = difference(basis, STEP_BITS + 1, 600, decided)
    with mp.workprec(600):
        error = abs(fine - coarse) + mp.ldexp(abs(coarse - rough), -150) + mp.ldexp(largest, STEP_BITS + 24 - 600)
        found = basis.along(basis.scaled)
        if not has_digits(arb(fine), arb(error)):
            raise Skip("a difference without digits")
        whole = seen(basis, basis.values)
        margin = abs(value - rough_value) + mp.ldexp(largest, 24 - 600)
        return apart("along the scaled direction", found, around(fine, error)) + apart(
            "value", whole, around(value, margin)
        )


def around(middle: Any, radius: Any) -> Any:
    return arb(0, arb(radius)) + arb(middle)


def difference(basis: Basis, step_bits: int, bits: int, decided: Any) -> Any:
    after, one, _ = weighed(basis, step_bits, bits, 1)
    before, other, _ = weighed(basis, step_bits, bits, -1)
    if not decided == one == other:
        raise Skip("a comparison comes out otherwise within the step")
    with mp.workprec(bits):
        found = mp.ldexp(after - before, step_bits - 1)
        if not mp.isfinite(found):
            raise Skip("a value that is not finite")
        return found


def weighed(basis: Basis, step_bits: int, bits: int, way: int = 0) -> tuple[Any, Any, Any]:
    """The cotangents times the outputs a step along the scaled direction; the decisions; the largest number met."""
    sample = basis.sample
    with mp.workprec(bits):
        algebra = DecimalAlgebra()
        inputs = {}
        for name, tensor in sample.tensors.items():
            data = algebra.constant(tensor.array.astype(np.float64))
            if name in sample.wrt:
                step = mp.ldexp(way, -step_bits)
                pairs = zip(data.ravel().tolist(), basis.scaled[name].ravel().tolist(), strict=True)
                data = filled([x + step * v for x, v in pairs], data.shape)
            inputs[name] = Array(kind="float", data=data)
        context = Context(floats=algebra, wholes=WholeAlgebra(), dtype=sample.dtype)
        outputs = evaluate(sample.checked, context, inputs, Budget())
        parts = [
            mp.mpf(c) * f
            for of, each in basis.cotangents.items()
            for c, f in zip(each.ravel().tolist(), outputs[of].data.ravel().tolist(), strict=True)
        ]
        return mp.fsum(parts), algebra.decisions, algebra.largest


class WatchedBalls(StrictBalls):
    """Balls that keep the signs of their comparisons and whole parts."""

    def __init__(self) -> None:
        super().__init__()
        self.decisions: list[Any] = []

    def compare(self, x: Any, y: Any) -> Any:
        signs = super().compare(x, y)
        self.decisions += signs.ravel().tolist()
        return signs

    def elementwise(self, name: str, *operands: Any) -> Any:
        found = super().elementwise(name, *operands)
        if name == "floor":
            self.decisions += [str(item) for item in found.ravel().tolist()]
        return found


def second(basis: Basis) -> list[str]:
    """The HVP against central differences of certified gradients; the Hessian is symmetric and gives the same HVP."""
    if not basis.sample.scalar:
        raise Skip("no scalar")
    hessian = {key[1]: array.data for key, array in run(basis.sample, "hessian", StrictBalls()).arrays.items()}
    misses = []
    for (row, column), block in hessian.items():
        turned = hessian[column, row]
        flat = block.reshape(basis.gradient[row].size, -1)
        misses += all_apart(f"hessian of {row}, {column}", flat, turned.reshape(flat.shape[::-1]).T)
    moved = hvp(basis)
    with at(NARROW):
        hasty = hvp(basis)
    for row, found in moved.items():
        total = [arb(0)] * found.size
        for column, v in basis.scaled.items():
            block = hessian[row, column].reshape(found.size, -1)
            total = [t + product(line, exact(v)) for t, line in zip(total, block, strict=True)]
        misses += all_apart(f"hessian times direction, {row}", filled(total, found.shape), found)
        misses += all_apart(f"64 bits, {row}", hasty[row], found)
    if not misses:
        basis.differentiable()
        misses += differenced(basis, moved)
    return misses


def hvp(basis: Basis) -> dict[str, np.ndarray]:
    found = run(basis.sample, "hvp", StrictBalls(), tangents=basis.scaled)
    return {wrt[0]: array.data for (_, wrt), array in found.arrays.items()}


def differenced(basis: Basis, moved: Mapping[str, np.ndarray]) -> list[str]:
    with at(1000):
        _, decided = gradient_beside(basis, 0, 0)
        coarse, fine = (gradient_difference(basis, bits, decided) for bits in (STEP_BITS, STEP_BITS + 1))
        misses = []
        for name, found in moved.items():
            balls = [settled(c, f) for c, f in zip(coarse[name], fine[name], strict=True)]
            misses += all_apart(f"difference of gradients, {name}", filled(balls, found.shape), found)
        return misses


def settled(coarse: Any, fine: Any) -> Any:
    """The finer of two differences with the other's distance as its error; no number where that leaves no digits."""
    if not (coarse.is_finite() and fine.is_finite()):
        return arb("nan")
    error = abs(fine - coarse).abs_upper()
    return fine + arb(0, error) if has_digits(fine, error) else arb("nan")


def has_digits(middle: Any, error: Any) -> bool:
    return bool(error < arb(2) ** -30 * abs(middle) + arb(2) ** -200)


def gradient_difference(basis: Basis, step_bits: int, decided: list[Any]) -> dict[str, list[Any]]:
    (after, one), (before, other) = (gradient_beside(basis, step_bits, way) for way in (1, -1))
    if not decided == one == other:
        raise Skip("a comparison comes out otherwise within the step")
    scale = arb(2) ** (step_bits - 1)
    return {
        name: [
            (a - b) * scale for a, b in zip(after[name].ravel().tolist(), before[name].ravel().tolist(), strict=True)
        ]
        for name in after
    }


def gradient_beside(basis: Basis, step_bits: int, way: int) -> tuple[dict[str, np.ndarray], list[Any]]:
    """The gradient a step along the scaled direction, and the decisions on the way."""
    sample, balls = basis.sample, WatchedBalls()
    tape = TapeAlgebra(balls)
    inputs = {}
    for name, tensor in sample.tensors.items():
        array = exact(tensor.array)
        if name in sample.wrt:
            step = balls.elementwise("multiply", exact(way * basis.scaled[name]), filled([arb(2) ** -step_bits], ()))
            array = balls.elementwise("add", array, step)
        inputs[name] = tape.input(array)
    context = Context(floats=tape, wholes=WholeAlgebra(), dtype=sample.dtype)
    outputs = evaluate(sample.checked, context, {k: Array(kind="float", data=v) for k, v in inputs.items()}, Budget())
    found = tape.backward([(outputs[""].data, balls.direction(np.ones(())))], [inputs[name] for name in sample.wrt])
    return dict(zip(sample.wrt, found, strict=True)), balls.decisions


# The operators among themselves ---------------------------------------------------------------------------


def operators(basis: Basis) -> list[str]:
    sample, misses = basis.sample, []
    jacobian = {(of, wrt[0]): array.data for (of, wrt), array in run(sample, "jacobian", StrictBalls()).arrays.items()}
    forward = {
        of: array.data for (of, _), array in run(sample, "jvp", StrictBalls(), tangents=basis.direction).arrays.items()
    }
    reverse = {name: [arb(0)] * g.size for name, g in basis.gradient.items()}
    for of, shape in output_shapes(sample).items():
        size = math.prod(shape)
        total = [arb(0)] * size
        for name, v in basis.direction.items():
            rows = jacobian[of, name].reshape(size, -1)
            total = [t + product(row, exact(v)) for t, row in zip(total, rows, strict=True)]
            for row, c in zip(rows, exact(basis.cotangents[of]).ravel().tolist(), strict=True):
                reverse[name] = [total + item * c for total, item in zip(reverse[name], row.tolist(), strict=True)]
        misses += all_apart(f"jacobian times direction, output {of!r}", filled(total, shape), forward[of])
    for name, items in reverse.items():
        expected = basis.gradient[name]
        misses += all_apart(f"cotangent times jacobian, {name}", filled(items, expected.shape), expected)
    if sample.scalar:
        for (_, wrt), array in run(sample, "gradient", StrictBalls()).arrays.items():
            misses += all_apart(f"gradient, {wrt[0]}", array.data, jacobian["", wrt[0]])
    return misses


CHECKS: dict[str, Check] = {
    "64 bits": narrow,
    "float64 balls": in_float64,
    "series": series,
    "duals": duals,
    "decimals": decimals,
    "second": second,
    "operators": operators,
}
