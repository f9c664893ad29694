"""The answers of one problem, leaf by leaf: presence, shape and dtype, then the values."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from gradcmp.core.findings import LeafErrors
from gradcmp.core.formats import FORMATS
from gradcmp.core.leaves import LeafType, fits
from gradcmp.core.reasons import Reason, ReasonCode
from gradcmp.core.tensors import Leaf, Tensor
from gradcmp.core.truth import TruthLeaf
from gradcmp.core.verdicts import Evidence, Level, Verdict
from gradcmp.judge.consensus import Consensus, settle
from gradcmp.judge.elements import Comparison, compare
from gradcmp.judge.kinks import may_be_zero
from gradcmp.judge.precision import Elsewhere
from gradcmp.judge.together import Broken
from gradcmp.judge.tolerance import Supplier

Answer = Sequence[Leaf]

ABSENCES = {ReasonCode.REFEREE_GONE: Level.FAIL, ReasonCode.REFEREE_RUNAWAY: Level.WARN}
"""What it makes of an answer that the referee alone could judge: one that is gone is not green."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafWord:
    """The word on one leaf of one target. `undecided`: the answer in another dtype would tell more.

    `own_level` is in place of the verdict's: a missing zero, an answer that the referee should have judged.
    """

    verdict: Verdict
    own_level: Level | None = None
    evidence: Evidence = Evidence.NONE
    counts: Mapping[Verdict, int] = field(default_factory=dict)
    errors: LeafErrors | None = None
    reason: Reason | None = None
    undecided: bool = False

    @property
    def level(self) -> Level:
        return self.own_level or self.verdict.level

    @property
    def rank(self) -> tuple[int, int]:
        """For finding the worst: by level, then by the order of the table of verdicts."""
        return self.level.rank, self.verdict.rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Asides:
    """What is known of one leaf beside its truth, by target: it in another dtype, the sums that it misses at a kink."""

    elsewhere: Mapping[str, Elsewhere] = field(default_factory=dict)
    broken: Mapping[str, Broken] = field(default_factory=dict)


def judge_leaf(
    defined: LeafType,
    answers: Mapping[str, Answer],
    truth: TruthLeaf | None,
    evidence: Evidence,
    dtype: str,
    limits: Supplier,
    untold: Reason | None = None,
    asides: Asides | None = None,
) -> tuple[dict[str, LeafWord], TruthLeaf | None]:
    """The word on one leaf for every target that computed, and the truth that it was judged by, if any.

    Without a truth the targets judge each other; a target that returns no gradient then speaks for zero. `untold` says
    why they may not: there may be no derivative, so no majority makes a target wrong; there is none, so nothing that
    they agree on is it; or the referee should have spoken and did not, so nothing is judged.
    """
    asides = asides or Asides()
    leaves = {
        name: next((leaf for leaf in answer if leaf.key == defined.key), None) for name, answer in answers.items()
    }
    shape = _shape(defined, truth, leaves)
    unit = narrower(defined.dtype, dtype)
    words: dict[str, LeafWord] = {}
    sound: dict[str, Tensor] = {}
    absent: list[str] = []
    for name, leaf in leaves.items():
        if leaf is None or leaf.tensor is None:
            absent.append(name)
        elif (misfit := _misfit(leaf.tensor, defined, shape)) is not None:
            best = evidence if truth else Evidence.NONE
            words[name] = _word(Verdict.MISSHAPEN, leaf.tensor.array.size, misfit, evidence=best)
        else:
            sound[name] = leaf.tensor
    known: TruthLeaf | None
    if truth is not None:
        known = _as_zero(truth, shape)
        for name, tensor in sound.items():
            other, missed = asides.elsewhere.get(name), asides.broken.get(name)
            comparison = compare(tensor, known, unit, limits, evidence=evidence, elsewhere=other, broken=missed)
            words[name] = _from(comparison, evidence)
    elif untold is not None and untold.code in ABSENCES:
        evidence, known, level = Evidence.NONE, None, ABSENCES[untold.code]
        words |= {name: replace(_unjudged(tensor, untold), own_level=level) for name, tensor in sound.items()}
    else:
        consensus = _consensus(defined, sound, absent, unit, limits)
        objection = _objection(consensus, untold)
        if consensus is None or objection:
            evidence, known = Evidence.NONE, None
            words |= {name: _unjudged(tensor, objection or untold) for name, tensor in sound.items()}
        else:
            evidence, known = Evidence.CONSENSUS, consensus.truth
            words |= {name: _from(consensus.judged[name], evidence) for name in sound}
    for name in absent:
        words[name] = _absent(defined, known, sound, evidence)
    return {name: words[name] for name in answers}, (truth if truth is not None else known)


def _shape(defined: LeafType, truth: TruthLeaf | None, leaves: Mapping[str, Leaf | None]) -> tuple[int, ...] | None:
    """The shape that the leaf must have: the operator's, the truth's, or the one that most targets return."""
    if defined.shape is not None and None not in defined.shape:
        return tuple(n for n in defined.shape if n is not None)
    if truth is not None and not truth.nothing:
        return tuple(truth.high.shape)
    shapes = Counter(leaf.tensor.shape for leaf in leaves.values() if leaf is not None and leaf.tensor is not None)
    return shapes.most_common(1)[0][0] if shapes else None


def _misfit(tensor: Tensor, defined: LeafType, shape: tuple[int, ...] | None) -> Reason | None:
    """What is wrong with the shape or dtype, None where nothing is."""
    misfit = partial(Reason, of=defined.of, wrt=defined.wrt)
    if (shape is not None and tensor.shape != shape) or not fits(tensor.shape, defined.shape):
        return misfit(code=ReasonCode.SHAPE, returned=tensor.shape, defined=shape or ())
    if defined.dtype is not None and dtype_kind(tensor.dtype) != dtype_kind(defined.dtype):
        return misfit(code=ReasonCode.DTYPE, returned=tensor.dtype, defined=defined.dtype)
    return None


def narrower(defined: str | None, dtype: str) -> str:
    """The dtype in whose units a leaf is judged: that of the problem, which computed it, where its own is wider."""
    if defined is None or (defined in FORMATS and FORMATS[defined].precision > FORMATS[dtype].precision):
        return dtype
    return defined


def dtype_kind(dtype: str) -> str:
    """A floating dtype stands for itself; the width of an integer is a framework's own affair."""
    return dtype if dtype in FORMATS or dtype == "bool" else "integer"


def _as_zero(truth: TruthLeaf, shape: tuple[int, ...] | None) -> TruthLeaf:
    """Where the truth is that no gradient is returned, the number it stands for is zero."""
    if not truth.nothing:
        return truth
    zero = np.zeros(shape or ())
    return TruthLeaf(of=truth.of, wrt=truth.wrt, high=zero, low=zero, radius=zero)


def _consensus(
    defined: LeafType, sound: Mapping[str, Tensor], absent: Sequence[str], dtype: str, limits: Supplier
) -> Consensus | None:
    """What the targets say together; None where fewer than two say anything, or nobody says a number."""
    if not sound or len(sound) + len(absent) < 2:
        return None
    pattern = next(iter(sound.values()))
    zero = Tensor(dtype=pattern.dtype, array=np.zeros_like(pattern.array))
    return settle({**sound, **dict.fromkeys(absent, zero)}, dtype, limits, of=defined.of, wrt=defined.wrt)


def _objection(consensus: Consensus | None, undefined: Reason | None) -> Reason | None:
    """Why what the targets say together is no truth; None where it is one."""
    if consensus is None:
        return None
    together = all(comparison.agrees for comparison in consensus.judged.values())
    if undefined and (undefined.code is ReasonCode.NONEXISTENT or not together):
        return undefined
    if together and consensus.truth is not None and not np.isfinite(consensus.truth.high).all():
        return Reason(code=ReasonCode.NO_NUMBER)
    return None


def _unjudged(tensor: Tensor, why: Reason | None) -> LeafWord:
    counts = {Verdict.UNJUDGED: max(1, tensor.array.size)}
    return LeafWord(verdict=Verdict.UNJUDGED, counts=counts, reason=why or Reason(code=ReasonCode.NO_EVIDENCE))


def _absent(defined: LeafType, known: TruthLeaf | None, sound: Mapping[str, Tensor], evidence: Evidence) -> LeafWord:
    """The word on a leaf that was not returned: a note where the truth is zero or nobody knows, else a failure."""
    if known is not None:
        zero = may_be_zero(known)
        size = int(known.high.size)
        code = ReasonCode.MISSING_ZERO if zero else ReasonCode.MISSING_NOT_ZERO
    else:
        zero = not any(tensor.array.any() for tensor in sound.values())
        size = next((int(tensor.array.size) for tensor in sound.values()), 1)
        code = ReasonCode.MISSING_UNKNOWN if zero else ReasonCode.MISSING_OF_OTHERS
    reason = Reason(code=code, of=defined.of, wrt=defined.wrt)
    return replace(_word(Verdict.MISSING, size, reason, evidence=evidence), own_level=Level.NOTE if zero else None)


def _from(comparison: Comparison, evidence: Evidence) -> LeafWord:
    return LeafWord(
        verdict=comparison.verdict, evidence=evidence, counts=comparison.counts, errors=comparison.errors,
        reason=comparison.reason, undecided=comparison.undecided,
    )  # fmt: skip


def _word(verdict: Verdict, size: int, reason: Reason, *, evidence: Evidence) -> LeafWord:
    errors = LeafErrors(
        of=reason.of, wrt=reason.wrt, max_ulps=None, max_abs=None, max_rel=None, worst_index=None,
        differing=size, size=size, needed_rtol=None,
    )  # fmt: skip
    return LeafWord(verdict=verdict, evidence=evidence, counts={verdict: max(1, size)}, errors=errors, reason=reason)
