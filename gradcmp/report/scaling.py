"""How times grow with a swept number."""

import math
from collections import defaultdict
from collections.abc import Sequence

import numpy

from gradcmp.report.cells import Cell
from gradcmp.report.grids import MODE, TIMING_PARTS, Grid, Row, aligned, target_names, used_targets
from gradcmp.report.modes import differ, modes_of
from gradcmp.result.document import Document
from gradcmp.result.records import ProblemRecord, TargetRecord
from gradcmp.words.figures import duration, ratio


def scaling_grids(document: Document) -> tuple[Grid, ...]:
    """One grid per scenario, operator and swept number: a row per size, a column per target, the exponent last.

    Other parameters are held fixed: every combination of theirs has a grid of its own.
    """
    series: dict[tuple[str, ...], dict[float, ProblemRecord]] = defaultdict(dict)
    for problem in document.problems:
        head, *parts = problem.bracket
        for place, part in enumerate(parts):
            name, _, value = part.partition("=")
            size = _positive(value)
            if size is not None:
                rest = (*parts[:place], f"{name}=", *parts[place + 1 :])
                series[(problem.scenario, head, name, *rest)][size] = problem
    grids = (_grid(document, key, members) for key, members in series.items() if len(members) > 1)
    return tuple(grid for grid in grids if grid is not None)


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float | None:
    """The least-squares slope of log time over log size; None for fewer than three points."""
    if len(sizes) < 3:
        return None
    return float(numpy.polyfit(numpy.log(sizes), numpy.log(seconds), 1)[0])


def _grid(document: Document, key: tuple[str, ...], members: dict[float, ProblemRecord]) -> Grid | None:
    scenario, head, name, *rest = key
    targets = [t for t in used_targets(document) if any(_median(document, p, t) for p in members.values())]
    if not targets:
        return None
    names = target_names(targets)
    others = [part for part in rest if not part.endswith("=")]
    columns = [[_parts(document, members[size], target) for size in sorted(members)] for target in targets]
    slopes = [_slope(document, members, target, name) for target in targets]
    labels = [f"{size:g}" for size in sorted(members)]
    if any(slopes):
        labels.append("growth")
        columns = [[*column, (slope, "", "")] for column, slope in zip(columns, slopes, strict=True)]
    texts = [aligned((TIMING_PARTS, *column)) for column in columns]
    return Grid(
        title=f"{scenario}[{','.join([head, *others])}] over {name}",
        label_headers=(name,),
        headers=tuple("\n".join((*parts, column[0])) for parts, column in zip(names, texts, strict=True)),
        names=tuple("-".join(parts) for parts in names),
        rows=tuple(
            Row(
                problem=f"{name}={label}" if label != "growth" else label,
                section="",
                labels=(label,),
                cells=tuple(
                    Cell(text[place + 1], level="truth" if label == "growth" else "", parts=column[place])
                    for text, column in zip(texts, columns, strict=True)
                ),
            )
            for place, label in enumerate(labels)
        )
        + _mode_row(document, members[max(members)], targets),
    )


def _mode_row(document: Document, largest: ProblemRecord, targets: Sequence[TargetRecord]) -> tuple[Row, ...]:
    """How each target differentiated at the largest size, where they differ in that."""
    modes = modes_of([document.by_place.get((largest.id, target.id)) for target in targets])
    cells = tuple(Cell(mode, level="truth") for mode in modes)
    return (Row(problem=MODE, section="", labels=(MODE,), cells=cells),) if differ(modes) else ()


def _parts(document: Document, problem: ProblemRecord, target: TargetRecord) -> tuple[str, str, str]:
    case = document.by_place.get((problem.id, target.id))
    seconds = _median(document, problem, target)
    cost = case.timing.cost_ratio if case is not None and case.timing is not None else None
    return duration(seconds) if seconds else "", "", "" if cost is None else ratio(cost)


def _slope(document: Document, members: dict[float, ProblemRecord], target: TargetRecord, name: str) -> str:
    points = [(size, _median(document, members[size], target)) for size in sorted(members)]
    timed = [(size, seconds) for size, seconds in points if seconds]
    slope = exponent([size for size, _ in timed], [seconds for _, seconds in timed])
    return "" if slope is None else f"{name}^{slope:.2f}"


def _median(document: Document, problem: ProblemRecord, target: TargetRecord) -> float | None:
    case = document.by_place.get((problem.id, target.id))
    return case.timing.median_s if case is not None and case.timing is not None else None


def _positive(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None
