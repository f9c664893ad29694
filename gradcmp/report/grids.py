"""Tables as plain data, before any renderer: rows of problems, columns of targets."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gradcmp.core.verdicts import Evidence
from gradcmp.report.cells import Cell, leaf_label, leaf_sign, mark, row_texts, sign
from gradcmp.report.modes import differ, modes_of
from gradcmp.result.document import Document
from gradcmp.result.records import ArrayRecord, CaseRecord, ProblemRecord, TargetRecord
from gradcmp.words.figures import duration, ratio
from gradcmp.words.truths import NOT_KNOWN

TRUTH = "truth"
TIMING_PARTS = ("steady", "compile", "∇f/f")
MODE = "mode"
"""Stands in the place of a leaf in rows that tell how each target differentiated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`problem` is the id, `section` the folder or suite; `leaf` names the array where a problem has several."""

    problem: str
    section: str
    labels: tuple[str, ...]
    leaf: str = ""
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """`headers` may have several lines; `names` are the same headers in one line. `sectioned`: sections are headed."""

    title: str
    label_headers: tuple[str, ...]
    headers: tuple[str, ...]
    names: tuple[str, ...]
    rows: tuple[Row, ...]
    sectioned: bool = False


def section_of(scenario: str) -> tuple[str, str]:
    """Folder or suite, and name: `d2l/x` → (`d2l`, `x`), `kinks/relu::zero` → (`kinks/relu`, `zero`)."""
    for separator in ("::", "/"):
        head, found, tail = scenario.rpartition(separator)
        if found:
            return head, tail
    return "", scenario


def by_section(problems: Iterable[ProblemRecord]) -> list[ProblemRecord]:
    """The problems with those of one section beside each other, sections in the order in which they begin."""
    sections: dict[str, list[ProblemRecord]] = {}
    for problem in problems:
        sections.setdefault(section_of(problem.scenario)[0], []).append(problem)
    return [problem for members in sections.values() for problem in members]


def used_targets(document: Document) -> tuple[TargetRecord, ...]:
    """The targets that have a case, in the file's order."""
    used = {case.target for case in document.cases}
    return tuple(target for target in document.targets if target.id in used)


def target_names(targets: Sequence[TargetRecord]) -> tuple[tuple[str, ...], ...]:
    """The parts of each target that tell it from the others: the backend, then execution and device where they vary."""
    vary_execution = len({target.execution for target in targets}) > 1
    vary_device = len({target.device for target in targets}) > 1
    return tuple(
        (target.name, *([target.execution] if vary_execution else []), *([target.device] if vary_device else []))
        for target in targets
    )


def agreement_grid(document: Document) -> Grid | None:
    """A row per problem and leaf, a column per target, the truth last; None where nothing but skipped cases exist."""
    if all(case.verdict == "skipped" for case in document.cases):
        return None
    targets = used_targets(document)
    names = target_names(targets)
    labels = Labels(document.problems)
    # The grade that most truths have stands in the header, if it is not the best; a cell says it where it differs, or
    # that there is no truth.
    grade = max(
        Evidence,
        key=lambda name: (sum(problem.evidence == name for problem in document.problems), name is Evidence.CERTIFIED),
    )
    rows: list[Row] = []
    modes = ModeRows()
    for problem in by_section(document.problems):
        cases = [document.by_place.get((problem.id, target.id)) for target in targets]
        if any(case is not None for case in cases):
            rows.extend(_agreement_rows(document, problem, cases, labels, grade))
            if not any(map(_is_timed, cases)):  # modes stand beside what they cost, if that is known
                rows.extend(modes.after(problem, cases, Cell(level=TRUTH)))
    return pruned(
        Grid(
            title="Agreement",
            label_headers=("", "operator", "dtype", "with"),
            headers=(
                *("\n".join(name) for name in names),
                TRUTH if grade in (Evidence.CERTIFIED, Evidence.NONE) else f"{TRUTH}\n{grade}",
            ),
            names=(*("-".join(name) for name in names), TRUTH),
            rows=tuple(rows),
            sectioned=len({row.section for row in rows}) > 1,
        )
    )


def timing_grid(document: Document) -> Grid | None:
    """Steady state, compile time and ∇f/f, over the same rows and columns; None where nothing was timed."""
    cases = document.by_place
    targets = tuple(
        target
        for target in used_targets(document)
        if any(case.timing and case.timing.median_s is not None for case in document.cases if case.target == target.id)
    )
    if not targets:
        return None
    names = target_names(used_targets(document))
    names = tuple(name for name, target in zip(names, used_targets(document), strict=True) if target in targets)
    labels = Labels(document.problems)
    problems = [
        problem
        for problem in by_section(document.problems)
        if any(_is_timed(cases.get((problem.id, target.id))) for target in targets)
    ]
    columns = [[_timing_parts(cases.get((problem.id, target.id))) for problem in problems] for target in targets]
    texts = [aligned((TIMING_PARTS, *column)) for column in columns]
    rows = []
    modes = ModeRows()
    for index, problem in enumerate(problems):
        row_cases = [cases.get((problem.id, target.id)) for target in targets]
        best = _fastest(row_cases)
        rows.append(
            Row(
                problem=problem.id,
                section=section_of(problem.scenario)[0],
                labels=labels.of(problem),
                cells=tuple(
                    Cell(text[index + 1], level="best" if case is not None and case is best else "", parts=parts[index])
                    for text, parts, case in zip(texts, columns, row_cases, strict=True)
                ),
            )
        )
        rows.extend(modes.after(problem, row_cases))
    return pruned(
        Grid(
            title="Timings",
            label_headers=("", "operator", "dtype", "with"),
            headers=tuple("\n".join((*name, column[0])) for name, column in zip(names, texts, strict=True)),
            names=tuple("-".join(name) for name in names),
            rows=tuple(rows),
            sectioned=len({row.section for row in rows}) > 1,
        )
    )


class ModeRows:
    """A row of modes beneath a problem whose targets differ in them; a sweep has one until they change."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], tuple[str, ...]] = {}

    def after(self, problem: ProblemRecord, cases: Sequence[CaseRecord | None], *others: Cell) -> Iterator[Row]:
        """The row, if there is one; `others` are cells of columns that are no targets."""
        modes, swept = modes_of(cases), (problem.scenario, problem.asked)
        if modes == self._said.get(swept) or not (differ(modes) or swept in self._said):
            return
        self._said[swept] = modes
        cells = tuple(Cell(mode, level=TRUTH) for mode in modes)
        section = section_of(problem.scenario)[0]
        yield Row(problem=problem.id, section=section, labels=("",) * 4, leaf=MODE, cells=(*cells, *others))


class Labels:
    """How rows are named: only what differs between problems; what they share stands above the tables."""

    def __init__(self, problems: Iterable[ProblemRecord]) -> None:
        problems = tuple(problems)
        self.operators = tuple(dict.fromkeys(problem.asked for problem in problems))
        self.dtypes = tuple(dict.fromkeys(problem.dtype for problem in problems))

    def of(self, problem: ProblemRecord) -> tuple[str, str, str, str]:
        return (
            section_of(problem.scenario)[1],
            problem.asked if len(self.operators) > 1 else "",
            problem.dtype if len(self.dtypes) > 1 else "",
            with_text(problem),
        )

    def shared(self) -> tuple[str, ...]:
        """The operator and the dtype that every problem has."""
        return tuple(words[0] for words in (self.operators, self.dtypes) if len(words) == 1)


def pruned(grid: Grid) -> Grid:
    """Without label columns that are empty throughout."""
    kept = [n for n in range(len(grid.label_headers)) if n == 0 or any(row.labels[n] for row in grid.rows)]
    return replace(
        grid,
        label_headers=tuple(grid.label_headers[n] for n in kept),
        rows=tuple(replace(row, labels=tuple(row.labels[n] for n in kept)) for row in grid.rows),
    )


def with_text(problem: ProblemRecord) -> str:
    """Sweep values, mode and the author's tolerance: `n=64, mode=loop, rtol 1e-3`."""
    tolerance = [f"{name} {value:g}" for name, value in (problem.tolerance or {}).items()]
    return ", ".join([*problem.bracket[1:], *tolerance])


def _agreement_rows(
    document: Document, problem: ProblemRecord, cases: Sequence[CaseRecord | None], labels: Labels, grade: str
) -> list[Row]:
    found = [{leaf.key: leaf for leaf in document.leaves(case)} if case else {} for case in cases]
    truths = {leaf.key: leaf for leaf in problem.truth}
    keys = list(dict.fromkeys([*truths, *(key for leaves in found for key in leaves)])) or [("", ())]
    rows = []
    for index, key in enumerate(keys):
        label = leaf_label(key) if len(keys) > 1 else ""
        leaves = [own.get(key) for own in found]
        suspects = [
            case is not None and leaf is not None and leaf_sign(case, key).level in {"note", "warn", "fail"}
            for case, leaf in zip(cases, leaves, strict=True)
        ]
        truth, texts = row_texts(truths.get(key), leaves, suspects, problem.dtype)
        cells = [
            _cell(case, text, leaf, key, first=index == 0)
            for case, text, leaf in zip(cases, texts, leaves, strict=True)
        ]
        name, *rest = labels.of(problem)
        rows.append(
            Row(
                problem=problem.id,
                section=section_of(problem.scenario)[0],
                labels=(name, *rest) if index == 0 else ("", "", "", ""),
                leaf=label,
                cells=(*cells, _truth_cell(problem, truth, grade, first=index == 0)),
            )
        )
    return rows


def _cell(
    case: CaseRecord | None, text: str, leaf: ArrayRecord | None, key: tuple[str, tuple[str, ...]], *, first: bool
) -> Cell:
    if case is None:
        return Cell()
    if case.outcome != "computed":
        return Cell(case.outcome, mark(case), sign(case).level) if first else Cell()
    own = leaf_sign(case, key)
    return Cell("absent" if leaf is None else text, own.mark, own.level)


def _truth_cell(problem: ProblemRecord, text: str, grade: str, *, first: bool) -> Cell:
    if not text:
        return Cell(problem.untold or NOT_KNOWN, level=TRUTH)
    return Cell(text, level=TRUTH, note=problem.evidence if first and problem.evidence != grade else "")


def _is_timed(case: CaseRecord | None) -> bool:
    return case is not None and case.timing is not None and bool(case.timing.median_s)


def _timing_parts(case: CaseRecord | None) -> tuple[str, str, str]:
    timing = case.timing if case is not None else None
    if timing is None or timing.median_s is None:
        return "", "", ""
    compile_text = "" if timing.compile_s is None else duration(timing.compile_s)
    cost = "" if timing.cost_ratio is None else ratio(timing.cost_ratio)
    noisy = "~" if timing.warnings else ""
    return f"{noisy}{duration(timing.median_s)}", compile_text, cost


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """One string a row, the parts right-aligned beneath those of the first row; parts that only it has are left out."""
    used = [n for n in range(len(rows[0])) if any(row[n] for row in rows[1:])]
    widths = {n: max(len(row[n]) for row in rows) for n in used}
    return ["  ".join(f"{row[n]:>{widths[n]}}" for n in used) for row in rows]


def _fastest(cases: Sequence[CaseRecord | None]) -> CaseRecord | None:
    """The one whose whole interval lies below all others'; None where that is not so, or there is only one."""
    timed = [(case.timing.ci95_s, case) for case in cases if case is not None and case.timing and case.timing.ci95_s]
    if len(timed) < 2:
        return None
    first, case = min(timed, key=lambda pair: pair[0][1])
    return case if all(first[1] < interval[0] for interval, other in timed if other is not case) else None
