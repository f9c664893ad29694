"""What the evaluator computes with: the seam between the program and the numbers.

The evaluator walks a program once for every `Algebra`: balls, germs or running errors, and a tape or dual numbers over
any of them. An algebra has the few steps below; everything else in the catalogue is composed of them
(`language.compositions`), or the algebra's where it has the primitive among its `formulas`.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from gradcmp.core.tensors import Shape
from gradcmp.core.truth import ReasonKind
from gradcmp.numbers.arrays import Flags, Floats

Places = npt.NDArray[np.int64]
Signs = npt.NDArray[np.int8]


class Undecided(Exception):
    """A question that this precision does not answer; a higher one may."""


class EvaluationError(Exception):
    """The program has no certified value here; the message is the reason."""

    reason_kind = ReasonKind.CAUSE


class Uncertified(EvaluationError):
    """No precision was enough."""

    reason_kind = ReasonKind.PRECISION


class NeverDecided(Uncertified):
    """No precision answered a question, such as which of two equal numbers is larger."""


class Undefined(EvaluationError):
    """The function has no finite value at the point, so it has no derivative there."""


class Nonexistent(EvaluationError):
    """It is proven that there is no such derivative."""


class OverBudget(EvaluationError):
    """It would take more work, or more room, than it may."""


A = TypeVar("A")


class Algebra(Protocol[A]):
    """Arrays of one kind of number. Methods raise `Undecided` or `EvaluationError`."""

    formulas: Mapping[str, Callable[..., Any]] = MappingProxyType({})
    """Primitive → what this algebra has in place of its composition, with the same signature."""

    tie_shares: Callable[[Shape], Floats] | None = None
    """Draws the share of a direction that a maximum, minimum or |x| at a tie gives to its first operand; the second has
    the rest. None: the first has all of it."""

    def constant(self, values: npt.NDArray[Any]) -> A:
        """An array of exact numbers, from float64 or Python integers."""

    def direction(self, values: npt.NDArray[Any]) -> A:
        """An array of tangents or cotangents, from float64: its zeros say that nothing comes this way."""
        return self.constant(values)

    def shape(self, x: A) -> Shape: ...

    def prices(self, *operands: A) -> tuple[float, float]:
        """Nominal seconds: of a step whatever its size, and of each addition in it (`algebras.metered`)."""
        ...

    def elementwise(self, name: str, *operands: A) -> A:
        """A row of `steps` on operands that broadcast."""

    def whole_power(self, x: A, exponent: int) -> A: ...

    def sum(self, x: A, axes: tuple[int, ...]) -> A:
        """The sum over `axes`, which go."""

    def matmul(self, x: A, y: A) -> A:
        """The product of two matrices, as of those at each place of two stacks: their leading axes are alike."""

    def det(self, x: A) -> A:
        """The determinant of a matrix, or of each of a stack: their last two axes go."""

    def inv(self, x: A) -> A:
        """The inverse of a matrix, or of each of a stack."""

    def solve(self, a: A, b: A) -> A:
        """The solution of a x = b for two matrices, or for those at each place of two stacks."""

    def pick(self, arrays: Sequence[A], places: Places) -> A:
        """The elements at `places` in all arrays flattened and laid end to end; the result has the shape of `places`.

        Reshaping, transposing, indexing, joining and choosing are all this one step.
        """

    def scatter(self, x: A, places: Places, size: int) -> A:
        """An array of shape (size,): at each place the sum of the elements of `x` that `places` sends there.

        The transpose of `pick` from one array.
        """

    def zeros(self, x: A) -> Flags:
        """Which elements are provably zero, wherever the inputs are near the point."""

    def compare(self, x: A, y: A) -> Signs:
        """The sign of x - y, element by element, of operands of one shape."""

    def constantly(self, x: A) -> A:
        """`x` as a constant of the function: `stop_gradient`."""
        return x
