"""Hand-made documents: core values, turned into records by the code under test."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy

from gradcmp.core.findings import Finding, Judgement, LeafErrors, Pair
from gradcmp.core.operators import Operator
from gradcmp.core.outcomes import Computed, Died, Outcome, Raised, Skipped, TimedOut, Timing, Unsupported
from gradcmp.core.problems import Case, Problem
from gradcmp.core.reasons import KinkSummary, Limit, LimitKind, Reason, ReasonCode
from gradcmp.core.scenarios import Scenario, Tolerance
from gradcmp.core.specifications import InputTree
from gradcmp.core.targets import Target
from gradcmp.core.tensors import Leaf, Tensor
from gradcmp.core.truth import Kink, ReasonKind, Truth, TruthLeaf
from gradcmp.core.verdicts import Convention, Evidence, Verdict
from gradcmp.errors import Location
from gradcmp.judge import judge
from gradcmp.program.ir import Program
from gradcmp.result.document import Document, Head, Machine, Run, Summary
from gradcmp.result.recording import case_record, pair_record, problem_record, target_record
from gradcmp.result.records import CaseRecord, PairRecord, ProblemRecord
from gradcmp.result.values import to_json

TORCH = Target(backend="torch")
TENSORFLOW = Target(backend="tensorflow")
JAX = Target(backend="jax")
TORCH_COMPILED = Target(backend="torch", execution="compiled")
JAX_COMPILED = Target(backend="jax", execution="compiled")
EAGER = (TORCH, TENSORFLOW, JAX)
VERSIONS = {"torch": "2.13.0+cpu", "tensorflow": "2.21.0", "jax": "0.10.2"}
MACHINE = Machine("Linux 6.8 x86_64", "3.11.9", "Example CPU @ 2.00GHz", cores=2, memory_bytes=8 * 2**30)


def tensor(data: Any, dtype: str = "float32") -> Tensor:
    carried = "float32" if dtype == "bfloat16" else dtype
    return Tensor(dtype=dtype, array=numpy.asarray(data, dtype=carried))


def problem(
    scenario: str,
    *,
    operator: str = "gradient",
    protocol: str | None = None,
    dtype: str = "float32",
    parameters: Mapping[str, Any] | None = None,
    mode: str | None = None,
    tolerance: Tolerance | None = None,
) -> Problem:
    location = Location(file=f"scenarios/{scenario.partition('::')[0]}.yaml", line=1, column=1)
    return Problem(
        scenario=Scenario(
            id=scenario,
            location=location,
            parameters=parameters or {},
            inputs=InputTree(),
            wrt=("x",),
            function=Program(body=(), text="", location=location),
            tolerance=tolerance,
        ),
        operator=operator,
        protocol=protocol,
        dtype=dtype,
        mode=mode,
    )


def true_leaf(data: Any, *, of: str = "", wrt: tuple[str, ...] = ("x",), **sides: Any) -> TruthLeaf:
    high = numpy.asarray(data, dtype=numpy.float64)
    zero = numpy.zeros_like(high)
    left, right = (numpy.asarray(sides.get(name, high), dtype=numpy.float64) for name in ("left", "right"))
    kink = Kink(left=left, right=right, tied=left != right, jump=zero != 0, limiting=numpy.stack([left, right]))
    return TruthLeaf(of=of, wrt=wrt, high=high, low=zero, radius=zero, kink=kink if sides else None)


def timing(steady_s: float, *, first_s: float | None = None, value_s: float = 0.0, spread: float = 0.01) -> Timing:
    calls = 4
    samples = tuple(calls * steady_s * (1 + spread * math.sin(3 * n)) for n in range(15))
    return Timing(
        first_call_s=first_s or 3 * steady_s,
        samples_s=samples,
        calls_per_sample=calls,
        value_samples_s=(value_s,) * 5 if value_s else (),
    )


def computed(
    *derivatives: Any,
    wrts: Sequence[tuple[str, ...]] = (("x",),),
    ofs: Sequence[str] = ("",),
    dtype: str = "float32",
    timing: Timing | None = None,
    values: Any = None,
) -> Computed:
    keys = [(of, wrt) for of in ofs for wrt in wrts]
    return Computed(
        values=() if values is None else (Leaf(tensor=tensor(values, dtype)),),
        derivatives=tuple(
            Leaf(of=of, wrt=wrt, tensor=None if data is None else tensor(data, dtype))
            for (of, wrt), data in zip(keys, derivatives, strict=False)
        ),
        mode="reverse",
        timing=timing,
    )


def errors(
    ulps: float | None = 0.0, rel: float | None = 0.0, *, at: tuple[int, ...] | None = (0,), differing: int = 0,
    size: int = 4, wrt: tuple[str, ...] = ("x",), verdict: str = "",
) -> LeafErrors:  # fmt: skip
    """Without `verdict` that of the case."""
    return LeafErrors(
        wrt=wrt, verdict=Verdict(verdict) if verdict else None, level=(Verdict(verdict).level if verdict else None), max_ulps=ulps, max_abs=rel, max_rel=rel, worst_index=at, differing=differing, size=size,
        needed_rtol=rel, limit=Limit(kind=LimitKind.INTERIM, ulps=16.0),
    )  # fmt: skip


def at_kinks(name: str, left: float, right: float, *, at: tuple[int, ...] = (0,)) -> KinkSummary:
    """An array with one tied element."""
    return KinkSummary(counts={Convention(name): 1}, tied=1, index=at, left=left, right=right)


class Book:
    """Collects problems and cases as records."""

    def __init__(
        self, targets: Sequence[Target] = EAGER, settings: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        self.targets = tuple(targets)
        self.settings = settings or {}
        self.entries: list[tuple[ProblemRecord, list[CaseRecord], list[PairRecord]]] = []

    def add(
        self,
        question: Problem,
        truth: Sequence[TruthLeaf],
        answers: Mapping[Target, tuple[Outcome, str] | tuple[Outcome, str, dict[str, Any]]],
        *,
        evidence: Evidence = "certified",
        warnings: tuple[str, ...] = (),
        reason: str | None = None,
        reason_kind: ReasonKind = ReasonKind.CAUSE,
        reference: Truth | None = None,
        primals: Mapping[str, Tensor] | None = None,
        arrays: Any = None,
    ) -> None:
        findings = []
        cases = []
        for target, (outcome, verdict, *rest) in answers.items():
            case = Case(problem=question, target=target)
            more = dict(rest[0]) if rest else {}
            own = "" if isinstance(outcome, Computed) else outcome.message  # the judge passes it on
            texts = dict.fromkeys(filter(None, [more.pop("message", ""), own]))
            more["reasons"] = tuple(Reason(code=ReasonCode.OUTCOME, text=text) for text in texts)
            finding = Finding(
                **{
                    "case": case.id,
                    "verdict": Verdict(verdict),
                    "level": Verdict(verdict).level,
                    "evidence": evidence if outcome.name == "computed" else Evidence.NONE,
                    "verdicts": {Verdict(verdict): 1},
                    "errors": (errors(),) if outcome.name == "computed" else (),
                    **more,
                }
            )
            own = {"verdict": finding.verdict, "level": Verdict(finding.verdict).level}
            judged = tuple(e if e.verdict else replace(e, **own) for e in finding.errors)
            finding = replace(finding, errors=judged)
            findings.append(finding)
            cases.append(case_record(case, outcome, finding, compiles=target.execution != "eager", arrays=arrays))
        judgement = Judgement(
            problem=question.id,
            evidence=evidence,
            reference_reason=reason,
            reason_kind=reason_kind,
            warnings=tuple(Reason(code=ReasonCode.OUTCOME, text=warning) for warning in warnings),
            findings=tuple(findings),
        )
        record = problem_record(
            question,
            judgement,
            hashes={"x": "sha256:00"},
            primals=primals or {},
            reference=reference,
            truth=Truth(evidence=evidence, values=tuple(truth), derivatives=tuple(truth)),
            arrays=arrays,
        )
        names = [target.id for target in answers]
        pairs = [
            pair_record(Pair(problem=question.id, a=names[0], b=name, agree=True, max_ulps=0.0, max_rel=0.0))
            for name in names[1:]
        ]
        self.entries.append((record, cases, pairs))

    def judge(self, question: Problem, truth: Sequence[TruthLeaf], outcomes: Mapping[Target, Outcome]) -> None:
        """As `add`, with what the judge itself says."""
        known = Truth(evidence=Evidence.CERTIFIED, values=tuple(truth), derivatives=tuple(truth))
        by_id = {target.id: target for target in outcomes}
        judgement = judge(question, {target.id: outcome for target, outcome in outcomes.items()}, by_id, known, {})
        cases = [
            case_record(Case(problem=question, target=target), outcome, finding, compiles=target.execution != "eager")
            for (target, outcome), finding in zip(outcomes.items(), judgement.findings, strict=True)
        ]
        record = problem_record(question, judgement, hashes={"x": "sha256:00"}, truth=known)
        self.entries.append((record, cases, [pair_record(pair) for pair in judgement.pairs]))

    def head(self, **run: Any) -> Head:
        begun = {"gradcmp": "0.1.0", "started": "2026-01-31T12:00:00.000Z", "arguments": ("run", "scenarios")}
        targets = tuple(
            target_record(t, version=VERSIONS[t.backend], settings={"threads": 2, **self.settings.get(t.backend, {})})
            for t in self.targets
        )
        return Head(run=Run(**begun | run), machine=MACHINE, targets=targets)

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        cases = tuple(case for _, cases, _ in self.entries for case in cases)
        head = self.head(finished="2026-01-31T12:00:08.400Z", exit_code=1, complete=True)
        document = Document(
            run=head.run,
            machine=head.machine,
            targets=head.targets,
            problems=tuple(entry[0] for entry in self.entries),
            cases=cases,
            pairs=tuple(pair for entry in self.entries for pair in entry[2]),
            summary=Summary(Counter(case.verdict_name for case in cases), Counter(case.level for case in cases)),
        )
        return json.loads(to_json(document))


def same(
    data: Any, *, dtype: str = "float32", verdict: str = "exact", times: Sequence[float] = (), **more: Any
) -> dict:
    """Every eager target answers `data`; `times` are their steady states in seconds."""
    return {target: (outcome, verdict) for target, outcome in all_computed(data, times, dtype=dtype, **more).items()}


def all_computed(data: Any, times: Sequence[float], **more: Any) -> dict[Target, Outcome]:
    seconds = [*times, None, None, None][:3]
    return {
        target: computed(data, timing=timing(s, value_s=s * 0.4) if s else None, **more)
        for target, s in zip(EAGER, seconds, strict=True)
    }


def notebook() -> Book:
    """What the README shows: small, eager, timed, with one kink and one fault in it; all of it judged."""
    book = Book(settings={"jax": {"x64": True}, "tensorflow": {"tf32": False}})
    for name, data, times in (
        ("two-x-dot-x", [0, 4, 8, 12], (41.2e-6, 312e-6, 903e-6)),
        ("sum-x", [1, 1, 1, 1], (22e-6, 250e-6, 455e-6)),
        ("control-flow", 409600.0, (88.1e-6, 4.12e-3, 3.3e-3)),
    ):
        book.judge(problem(f"d2l/{name}"), [true_leaf(data)], all_computed(data, times))
    book.judge(
        problem("kinks/abs-at-0"),
        [true_leaf(0.0, left=-1.0, right=1.0)],
        {
            TORCH: computed(0.0, timing=timing(20e-6)),
            TENSORFLOW: computed(0.0, timing=timing(240e-6)),
            JAX: computed(1.0, timing=timing(400e-6, spread=0.4)),
        },
    )
    book.judge(
        problem("linear_algebra/exp-x-w"),
        [true_leaf(5.43656365691809, wrt=("x",)), true_leaf(2.718281828459045, wrt=("w",))],
        {
            target: computed(5.436564, w, wrts=(("x",), ("w",)))
            for target, w in ((TORCH, 2.718282), (TENSORFLOW, 2.72), (JAX, 2.718282))
        },
    )
    return book


def everything() -> Book:
    """Every verdict, outcome, dtype and shape there is, over five targets."""
    targets = (TORCH, TORCH_COMPILED, TENSORFLOW, JAX, JAX_COMPILED)
    book = Book(targets, settings={"torch": {"determinism": True}, "jax": {"x64": True, "matmul_precision": "highest"}})
    rows: list[tuple[str, Any]] = [
        ("exact", 1.0),
        ("rounding", 1.0000001),
        ("high", 1.0000004),
        ("inaccurate", 1.00001),
        ("wrong", 1.1),
    ]
    book.add(
        problem("grades/distance"),
        [true_leaf(1.0)],
        {
            target: (computed(value, timing=timing(30e-6, first_s=0.4)), verdict, {"errors": (errors(value, value - 1, size=1, at=()),), "message": "" if Verdict(verdict).level == "ok" else f"off by {value - 1:.1g}"})
            for target, (verdict, value) in zip(targets, rows, strict=True)
        },
    )  # fmt: skip
    book.add(
        problem("grades/notes", dtype="float64"),
        [true_leaf([0.1, 0.2])],
        {
            TORCH: (computed([0.1, 0.2], dtype="float64"), "no-digits", {"message": "the tolerance exceeds the gradient"}),
            TORCH_COMPILED: (computed([0.1, 0.2], dtype="float64"), "unjudged", {"message": "nothing to judge it by", "evidence": Evidence.NONE}),
            TENSORFLOW: (computed([0.1, 0.2], dtype="float64"), "convention", {"message": "the derivative from the left"}),
            JAX: (computed([0.1, 0.2], dtype="float64"), "fragile", {"message": "`x > y` is decided by rounding"}),
            JAX_COMPILED: (Unsupported(message="reverse-mode differentiation does not work for lax.while_loop"), "unsupported"),
        },
    )  # fmt: skip
    book.add(
        problem("grades/warnings", dtype="float16"),
        [true_leaf([1.0, 2.0])],
        {
            TORCH: (computed([1.0, 2.0], dtype="float16"), "nondeterministic", {"message": "two runs differ by 3 ULP"}),
            TORCH_COMPILED: (computed([1.0, 2.002], dtype="float16"), "inaccurate", {"message": "2 ULP where 1 is rounding"}),
            TENSORFLOW: (computed([1.0, 2.0], dtype="float16"), "removable", {"message": "the true derivative is 1"}),
            JAX: (computed([0.5, 2.0], dtype="float16"), "disagrees", {"message": "0.5 against 1", "evidence": Evidence.CONSENSUS}),
            JAX_COMPILED: (Skipped(message="jax is not installed: pip install 'gradcmp[jax]'"), "skipped"),
        },
        evidence=Evidence.CONSENSUS,
        warnings=("vacuous: the true derivative is identically zero",),
    )  # fmt: skip
    book.add(
        problem("failures/numbers", dtype="bfloat16"),
        [true_leaf([1.0, 2.0])],
        {
            TORCH: (computed([math.nan, math.inf], dtype="bfloat16"), "nonfinite", {"message": "NaN where the truth is 1", "errors": (errors(math.nan, math.inf, differing=2, size=2),)}),
            TORCH_COMPILED: (computed(None), "missing", {"message": "no gradient where the true one is not zero", "errors": ()}),
            TENSORFLOW: (computed([[1.0], [2.0]], dtype="float32"), "misshapen", {"message": "shape (2, 1), dtype float32; expected (2,), bfloat16", "errors": ()}),
            JAX: (computed([1.0, -math.inf], dtype="bfloat16"), "nonfinite", {"message": "NaN where the truth is 1"}),
            JAX_COMPILED: (computed([3.140625, -0.0], dtype="bfloat16"), "wrong", {"message": "wrong by 100 %"}),
        },
    )  # fmt: skip
    again = "RuntimeError: Trying to backward through the graph a second time.\nSpecify retain_graph=True."
    book.add(
        problem("protocols::backward-twice", protocol="backward_twice"),
        [true_leaf([0, 2, 4, 6])],
        {
            TORCH: (Raised(exception="RuntimeError", message=again), "raised", {"expectation": "met", "level": "ok", "known": True, "message": again}),
            TORCH_COMPILED: (Raised(exception="ValueError", message="ValueError: [bold]not markup[/bold]", output_tail="first line\nsecond \x1b[31mred\x1b[0m line"), "raised", {"message": "it raised"}),
            TENSORFLOW: (TimedOut(limit_s=60, phase="compile"), "timed-out", {"message": "no answer within 60 s (compile)"}),
            JAX: (Died(message="the worker was ended by SIGSEGV", output_tail="Fatal Python error: Segmentation fault"), "died", {}),
            JAX_COMPILED: (computed([0, 2, 4, 6]), "exact", {"expectation": "unmet", "level": "fail", "message": "it should have raised RuntimeError"}),
        },
    )  # fmt: skip
    book.add(
        problem("shapes/matrix", operator=Operator.HESSIAN, mode="loop"),
        [true_leaf([[4, 0], [0, 4]], wrt=("x", "x"))],
        {target: (computed([[4, 0], [0, 4]], wrts=(("x", "x"),), timing=timing(2e-3, value_s=1e-4)), "exact") for target in targets},
    )  # fmt: skip
    large = numpy.arange(4096, dtype=numpy.float32).reshape(64, 64)
    book.add(
        problem("shapes/large", operator=Operator.VJP, parameters={"n": 64, "scale": 0.5}, tolerance=Tolerance(rtol=1e-3)),
        [true_leaf(large)],
        {target: (computed(large), "exact", {"expectation": "fixed", "level": "note", "message": "the fault is gone"} if target is JAX else {}) for target in targets},
    )  # fmt: skip
    book.add(
        problem("shapes/empty", operator=Operator.VALUE),
        [true_leaf(28.0, wrt=())],
        {TORCH: (computed(values=28.0), "exact")},
    )
    book.add(
        problem("grades/range"),
        [true_leaf([1.0, 1e-40])],
        {
            TORCH: (computed([1.0, 0.0]), "flushed", {"message": "0.0 where 1e-40 is true"}),
            TORCH_COMPILED: (computed([1.0, 1e-40]), "exact"),
            TENSORFLOW: (computed([0.5, 0.0]), "range", {"message": "`square` overflows float32"}),
            JAX: (computed([1.0, 0.0]), "flushed", {"message": "0.0 where 1e-40 is true"}),
            JAX_COMPILED: (computed([1.0, 1e-40]), "exact"),
        },
    )  # fmt: skip
    return book
