"""Core values → the records of the result file (`docs/result-file.md`), plain data that JSON can hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import numpy

from gradcmp.core.findings import Finding, Judgement, LeafErrors, Pair
from gradcmp.core.formats import FORMATS
from gradcmp.core.outcomes import Computed, Outcome
from gradcmp.core.problems import Case, Problem
from gradcmp.core.targets import Target
from gradcmp.core.tensors import Leaf, Tensor
from gradcmp.core.truth import Truth, TruthLeaf
from gradcmp.numbers.ulp import spacing
from gradcmp.report.arrays import ArrayStore, encode, plain
from gradcmp.report.timings import timing_record
from gradcmp.words import conventions, limits
from gradcmp.words.reasons import message, sentence

Record = dict[str, Any]

LARGEST_PRIMAL = 16
"""Elements; of a larger input the file has the hash alone."""


def timestamp(moment: datetime | None = None) -> str:
    """Now, or `moment`, in UTC: `2026-01-31T12:00:00.000Z`."""
    return (moment or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def run_record(*, version: str, started: str, arguments: Sequence[str]) -> Record:
    """The `run` block as it stands at the beginning; `Journal.finish` fills in the rest."""
    return {
        "gradcmp": version,
        "started": started,
        "finished": None,
        "arguments": list(arguments),
        "exit_code": None,
        "complete": False,
    }


def target_record(target: Target, *, version: str | None, settings: Mapping[str, Any]) -> Record:
    """One of `targets`; `version` None where the framework never started."""
    return {
        "id": target.id,
        "backend": target.backend,
        "version": version,
        "environment": target.environment,
        "execution": target.execution,
        "device": target.device,
        "settings": plain(settings),
    }


def problem_record(
    problem: Problem,
    judgement: Judgement,
    *,
    hashes: Mapping[str, str],
    primals: Mapping[str, Tensor] = MappingProxyType({}),
    reference: Truth | None = None,
    truth: Truth | None = None,
    arrays: ArrayStore | None = None,
) -> Record:
    """One of `problems`. The truth is that of the derivatives, for operator `value` that of the values.

    Without `truth`, the judgement's own leaves are taken. `reference` is what the reference said, `primals` are the
    inputs by leaf path.
    """
    scenario, reference = problem.scenario, reference or Truth()
    leaves: Iterable[object] = judgement.truth
    if truth is not None:
        leaves = (truth.values if problem.operator == "value" else truth.derivatives) or ()
    tolerance = scenario.tolerance
    words = {"ulps": tolerance.ulps, "rtol": tolerance.rtol, "atol": tolerance.atol} if tolerance else {}
    return {
        "id": problem.id,
        "scenario": scenario.id,
        "file": scenario.location.file,
        "line": scenario.location.line,
        "operator": problem.operator,
        "protocol": problem.protocol,
        "dtype": problem.dtype,
        "mode": problem.mode,
        "parameters": plain(scenario.parameters),
        "description": scenario.description,
        "tolerance": {name: value for name, value in words.items() if value is not None} or None,
        "function": scenario.function.text,
        "inputs": dict(hashes),
        "primals": [_primal_record(path, tensor) for path, tensor in primals.items()],
        "evidence": judgement.evidence,
        "reference_reason": judgement.reference_reason,
        "reason_kind": judgement.reason_kind,
        "bits": reference.bits,
        "fragile": list(reference.fragile),
        "warnings": [sentence(warning) for warning in judgement.warnings],
        "warning_reasons": [fact_record(warning) for warning in judgement.warnings],
        "truth": [_truth_record(leaf, problem, index, arrays) for index, leaf in enumerate(leaves)],
    }


def case_record(
    case: Case, outcome: Outcome, finding: Finding, *, compiles: bool, arrays: ArrayStore | None = None
) -> Record:
    """One of `cases`. `compiles`: the target's execution compiles, so that its first call has a compile time in it."""
    computed = outcome if isinstance(outcome, Computed) else None

    def leaves(part: str, found: tuple[Leaf, ...]) -> list[Record]:
        return [_leaf_record(leaf, f"{case.id}/{part}/{index}", arrays) for index, leaf in enumerate(found)]

    return {
        "id": case.id,
        "problem": case.problem.id,
        "scenario": case.problem.scenario.id,
        "target": case.target.id,
        "outcome": outcome.name,
        "mode": computed.mode if computed else None,
        "message": None if isinstance(outcome, Computed) else outcome.message,
        "output_tail": getattr(outcome, "output_tail", None) or None,
        "notes": plain(computed.notes) if computed else {},
        "values": [
            {key: value for key, value in entry.items() if key != "wrt"}
            for entry in leaves("values", computed.values if computed else ())
        ],
        "derivatives": leaves("derivatives", computed.derivatives if computed else ()),
        "verdict": finding.verdict,
        "expectation": finding.expectation,
        "level": finding.level,
        "reason": message(finding.reasons) or None,
        "reasons": [fact_record(reason) for reason in finding.reasons],
        "verdicts": dict(finding.verdicts),
        "evidence": finding.evidence,
        "errors": [_errors_record(errors) for errors in finding.errors],
        "timing": timing_record(computed.timing, compiles=compiles) if computed and computed.timing else None,
    }


def pair_record(pair: Pair) -> Record:
    """One of `pairs`."""
    return {
        "problem": pair.problem,
        "a": pair.a,
        "b": pair.b,
        "agree": pair.agree,
        "max_ulps": plain(pair.max_ulps),
        "max_rel": plain(pair.max_rel),
    }


def _primal_record(path: str, tensor: Tensor) -> Record:
    shown = tensor.array.size <= LARGEST_PRIMAL
    return {
        "path": path,
        "dtype": tensor.dtype,
        "shape": list(tensor.shape),
        "data": encode(tensor, None, path) if shown else None,
    }


def _leaf_record(leaf: Leaf, key: str, arrays: ArrayStore | None) -> Record:
    tensor = leaf.tensor
    return {
        "of": leaf.of,
        "wrt": list(leaf.wrt),
        "dtype": tensor.dtype if tensor else None,
        "shape": list(tensor.shape) if tensor else None,
        "data": encode(tensor, arrays, key) if tensor else None,
    }


def _truth_record(leaf: object, problem: Problem, index: int, arrays: ArrayStore | None) -> Record:
    key = f"{problem.id}/truth/{index}"
    if isinstance(leaf, Leaf):
        return _leaf_record(leaf, key, arrays) | {"low": None, "radius_ulps": None, "left": None, "right": None}
    assert isinstance(leaf, TruthLeaf)

    def side(array: numpy.ndarray | None, name: str) -> Any:
        return None if array is None else encode(Tensor(dtype="float64", array=array), arrays, f"{key}/{name}")

    return {
        "of": leaf.of,
        "wrt": list(leaf.wrt),
        "dtype": "float64",
        "shape": None if leaf.nothing else [int(n) for n in leaf.high.shape],
        "data": None if leaf.nothing else side(leaf.high, "high"),
        "low": side(leaf.low, "low") if leaf.low.any() and not leaf.nothing else None,
        "radius_ulps": None if leaf.nothing else plain(radius_ulps(leaf, problem.dtype)),
        "left": side(leaf.kink.left, "left") if leaf.kink else None,
        "right": side(leaf.kink.right, "right") if leaf.kink else None,
    }


def radius_ulps(leaf: TruthLeaf, dtype: str) -> float:
    """The largest radius, in units in the last place of the problem's dtype at the true value."""
    if leaf.radius.size == 0:
        return 0.0
    unit = spacing(leaf.high, leaf.low, dtype if dtype in FORMATS else "float64")
    with numpy.errstate(over="ignore", invalid="ignore"):
        return float(numpy.max(leaf.radius / unit))


def fact_record(fact: Any) -> Record:
    """A fact of the judge: what differs from the defaults of its fields."""
    values = {each.name: getattr(fact, each.name) for each in fields(fact) if getattr(fact, each.name) != each.default}
    return {name: fact_record(value) if is_dataclass(value) else plain(value) for name, value in values.items()}


def _errors_record(errors: LeafErrors) -> Record:
    limit, kink = errors.limit, errors.kink
    return {
        "of": errors.of,
        "wrt": list(errors.wrt),
        "verdict": errors.verdict or None,
        "level": errors.level or None,
        "max_ulps": plain(errors.max_ulps),
        "max_abs": plain(errors.max_abs),
        "max_rel": plain(errors.max_rel),
        "worst_index": plain(errors.worst_index),
        "differing": errors.differing,
        "size": errors.size,
        "needed_rtol": plain(errors.needed_rtol),
        "limit": limits.text(limit) if limit else "",
        "limit_at_worst": limits.at_worst(limit) if limit else "",
        "limit_used": fact_record(limit) if limit else None,
        "kink": {"name": conventions.name(kink), **fact_record(kink)} if kink else None,
    }
