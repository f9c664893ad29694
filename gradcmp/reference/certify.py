"""The reference's word on a problem: the true derivative, with the evidence for it and the errors to expect."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from gradcmp.core.formats import FORMATS
from gradcmp.core.operators import Operator
from gradcmp.core.tensors import Key
from gradcmp.core.truth import Truth, TruthLeaf
from gradcmp.core.verdicts import Evidence
from gradcmp.reference.algebra import EvaluationError, NeverDecided, Nonexistent, OverBudget, Undecided, Undefined
from gradcmp.reference.algebras.balls import ADDITION_S, BallAlgebra
from gradcmp.reference.algebras.float_balls import FloatBall, FloatBallAlgebra
from gradcmp.reference.algebras.metered import metered
from gradcmp.reference.algebras.strict_balls import StrictBalls
from gradcmp.reference.algebras.whole_numbers import WholeAlgebra
from gradcmp.reference.budget import Budget
from gradcmp.reference.kinks.find import LeafKink, kinks_of
from gradcmp.reference.language.arrays import Array, Context
from gradcmp.reference.modes.both_modes import Ties
from gradcmp.reference.modes.derivatives import DerivativeProblem, derive
from gradcmp.reference.numerical import differences, in_floating_point
from gradcmp.reference.precision import BITS, Certificate, refined
from gradcmp.reference.tolerance import Tolerances, running_errors

SHARP_BITS = BITS[1:]


def certify(problem: DerivativeProblem, dtype: str, budget: Budget) -> Truth:
    """The truth of `problem` for arrays of `dtype`.

    Certified by ball arithmetic; above the budget by balls of float64, whose radii are larger; where neither proves
    anything, by float64 with an error estimate, and the reason is kept. Kinks have their one-sided derivatives. Each of
    these may take the whole of `budget`, the tolerance pass four times that.
    """
    # The tolerance pass is the cheapest by far and what is left where all else is too dear, so it may take more.
    generous = Budget(seconds=4 * budget.seconds, elements=budget.elements)
    try:
        tolerances = running_errors(problem, dtype, generous)
    except EvaluationError:
        tolerances = Tolerances()
    budget = budget.afresh()
    ties = Ties()
    try:
        try:
            problem, certificate = _by_balls(problem, dtype, budget, tolerances, ties, work=generous.work)
        except OverBudget:
            certificate = _by_float_balls(problem, dtype, budget.afresh(), ties)
        leaves = _settled(problem, dtype, certificate, ties, budget.afresh())
    except OverBudget as error:
        uncertified = Truth(reason=f"{error}; `--reference-budget` sets it", undefined=tolerances.tied)
        if tolerances.tied or not tolerances.values:  # float64 takes one side of a kink for the truth
            return uncertified
        return _estimated(problem, lambda: in_floating_point(tolerances), tolerances, uncertified)
    except EvaluationError as error:
        at_a_tie = bool(ties) or isinstance(error, NeverDecided)
        uncertified = Truth(
            reason=str(error),
            reason_kind=error.reason_kind,
            undefined=at_a_tie or not _is_finite(problem),
            nonexistent=isinstance(error, Nonexistent),
        )
        if at_a_tie:  # differences take the middle of a kink for the truth
            return uncertified
        return _estimated(problem, lambda: differences(problem, dtype, budget.afresh()), tolerances, uncertified)
    return _truth(problem, leaves, tolerances, bits=certificate.bits)


def with_more_digits(problem: DerivativeProblem, dtype: str, budget: Budget) -> Truth:
    """The arrays of `problem` at twice the precision that a verdict needs, and more. Raises `EvaluationError`."""
    certificate = refined(
        lambda context: derive(problem, metered(context, budget), budget).arrays, {}, dtype=dtype, bits=SHARP_BITS
    )
    return _truth(problem, certificate.leaves, Tolerances(), bits=certificate.bits)


def _by_balls(
    problem: DerivativeProblem, dtype: str, budget: Budget, tolerances: Tolerances, ties: Ties, *, work: float
) -> tuple[DerivativeProblem, Certificate[Key]]:
    """Element by element to an eighth of a unit in the last place; `ties` are those of the last run.

    `work` is what another pass over the same problem has taken, in additions. The problem that is returned has binary
    literals where decimals leave a comparison open: a sum of tenths is no exact ball.
    """
    doubtful = decimals = False

    def run(context: Context) -> dict[Key, Array]:
        nonlocal doubtful, decimals
        balls = context.floats
        assert isinstance(balls, BallAlgebra)
        try:
            derived = derive(problem, metered(context, budget), budget)
        finally:
            doubtful, decimals = balls.annihilated, balls.decimals
        ties.selections, ties.comparisons = derived.ties.selections, derived.ties.comparisons
        return dict(derived.arrays)

    budget.foresee(work * ADDITION_S)
    unit = FORMATS[dtype].unit_roundoff
    noise = {key: unit * errors.worst for key, errors in tolerances.errors.items()}
    # Values may be whole numbers; derivatives have the dtype of the problem.
    dtypes: dict[Key, str] = {(of, ()): kind.dtype or dtype for of, kind in problem.checked.outputs}
    try:
        certificate = refined(run, dtypes, dtype=dtype, noise=noise)
    except NeverDecided:
        problem = replace(problem, binary=decimals)
        certificate = refined(run, dtypes, dtype=dtype, noise=noise, balls=StrictBalls)
    if doubtful:
        # A zero slope times infinity is not zero; only the slower balls tell it from a branch that is not taken.
        certificate = refined(run, dtypes, dtype=dtype, noise=noise, balls=StrictBalls)
    return problem, certificate


def _by_float_balls(problem: DerivativeProblem, dtype: str, budget: Budget, ties: Ties) -> Certificate[Key]:
    """As certain, but with radii of some units in the last place of float64. Raises `EvaluationError`."""
    context = Context(floats=FloatBallAlgebra(budget.spend), wholes=WholeAlgebra(), dtype=dtype)
    try:
        derived = derive(problem, metered(context, budget), budget)
    except Undecided as error:
        raise OverBudget(f"{budget.refusal}, and float64 does not tell: {error}") from None
    ties.selections, ties.comparisons = derived.ties.selections, derived.ties.comparisons
    leaves: dict[Key, TruthLeaf] = {}
    for key, array in derived.arrays.items():
        ball = array.data
        if not isinstance(ball, FloatBall):
            raise OverBudget(budget.refusal)
        if not np.isfinite(ball.radius).all():
            raise OverBudget(f"{budget.refusal}, and balls of float64 bound nothing here")
        leaves[key] = TruthLeaf(high=ball.middle, low=np.zeros_like(ball.middle), radius=ball.radius)
    return Certificate(leaves=leaves, bits=53, open={})


def _settled(
    problem: DerivativeProblem, dtype: str, certificate: Certificate[Key], ties: Ties, budget: Budget
) -> dict[Key, TruthLeaf]:
    """The certificate with its kinks. Raises `EvaluationError` where an element stays open."""
    if not ties and not certificate.open:
        return dict(certificate.leaves)
    try:
        kinks = kinks_of(problem, dtype, budget, known=certificate.leaves)
    except Undecided as error:
        raise EvaluationError(f"at a kink: {error}") from None
    leaves = {key: _with_kink(leaf, kinks.get(key)) for key, leaf in certificate.leaves.items()}
    for key, open_ in certificate.open.items():
        kink = leaves[key].kink
        if kink is None or (open_ & ~kink.tied).any():
            raise certificate.refusal()
    return leaves


def _with_kink(leaf: TruthLeaf, at_kink: LeafKink | None) -> TruthLeaf:
    """Where both sides agree, the derivative is theirs; elsewhere `high` is their middle, which is only to be shown."""
    if at_kink is None:
        return leaf
    kink, left = at_kink.kink, at_kink.left
    with np.errstate(invalid="ignore"):
        same = kink.tied & (kink.left == kink.right) & ~kink.jump
        middle = kink.left / 2 + kink.right / 2
    apart = kink.tied & ~same
    return replace(
        leaf,
        high=np.where(apart, middle, np.where(same, left.high, leaf.high)),
        low=np.where(apart, 0.0, np.where(same, left.low, leaf.low)),
        radius=np.where(apart, 0.0, np.where(same, left.radius, leaf.radius)),
        kink=kink,
    )


def _is_finite(problem: DerivativeProblem) -> bool:
    """Are all inputs numbers at which a derivative may be taken?"""
    arrays = (tensor.array for tensor in problem.inputs.values())
    return all(np.isfinite(array).all() for array in arrays if array.dtype.kind == "f")


def _with_true_zeros(leaf: TruthLeaf) -> TruthLeaf:
    """What its radius does not tell from zero is zero."""
    zero = (np.abs(leaf.high) <= leaf.radius) & (leaf.high != 0.0)
    if not zero.any():
        return leaf
    return replace(
        leaf,
        high=np.where(zero, 0.0, leaf.high),
        low=np.where(zero, 0.0, leaf.low),
        radius=np.where(zero, leaf.radius + np.abs(leaf.high), leaf.radius),
    )


def _estimated(
    problem: DerivativeProblem,
    estimates: Callable[[], Mapping[Key, TruthLeaf]],
    tolerances: Tolerances,
    uncertified: Truth,
) -> Truth:
    """What `estimates` gives in place of a proof, with the reason that there is none."""
    try:
        leaves = estimates()
    except EvaluationError as error:
        undefined = uncertified.undefined or isinstance(error, Undefined)
        return replace(uncertified, reason=f"{uncertified.reason}; {error}", undefined=undefined)
    truth = _truth(problem, leaves, tolerances)
    return replace(truth, reason=uncertified.reason, reason_kind=uncertified.reason_kind)


def _truth(
    problem: DerivativeProblem, leaves: Mapping[Key, TruthLeaf], tolerances: Tolerances, *, bits: int | None = None
) -> Truth:
    """Certified with `bits`; without, an estimate."""
    named = tuple(
        replace(
            _with_true_zeros(leaf) if bits is not None else leaf,
            of=key[0],
            wrt=key[1],
            errors=tolerances.errors.get(key),
            otherwise=tolerances.other_than(key, leaf.high),
        )
        for key, leaf in leaves.items()
    )
    values = problem.operator is Operator.VALUE
    return Truth(
        evidence=Evidence.NUMERICAL if bits is None else Evidence.CERTIFIED,
        values=named if values else None,
        derivatives=None if values else named,
        bits=bits,
        fragile=tuple(map(str, tolerances.fragile)),
        out_of_range=tuple(map(str, tolerances.out_of_range)),
    )
