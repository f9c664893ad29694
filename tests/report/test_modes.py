"""Where targets of one problem differentiate by different algorithms, the tables say so."""

from dataclasses import replace

from gradcmp.core.operators import Operator
from gradcmp.report.exports.markdown import to_markdown
from gradcmp.report.grids import agreement_grid, timing_grid
from gradcmp.report.scaling import scaling_grids
from gradcmp.result.document import Document
from tests.report.snapshots import rendered
from tests.result.builders import JAX, TENSORFLOW, TORCH, Book, computed, problem, timing, true_leaf

FORWARD, REVERSE = "forward-over-reverse", "reverse-over-reverse"
TARGETS = (JAX, TENSORFLOW, TORCH)


def document(*modes: tuple[str, str, str], timed: bool = True) -> Document:
    """A sweep over n: a problem for each triple, the modes of JAX, TensorFlow and torch (`""`: it raised)."""
    book = Book(TARGETS)
    for n, triple in enumerate(modes, 1):
        answer = computed([[4.0]], wrts=(("x", "x"),), timing=timing(1e-3 * n) if timed else None)
        book.add(
            problem("quadratic", operator=Operator.HESSIAN, parameters={"n": n}),
            [true_leaf([[4.0]], wrt=("x", "x"))],
            {target: (replace(answer, mode=mode), "exact") for target, mode in zip(TARGETS, triple, strict=True)},
        )
    return Document.of(book.document())


def mode_rows(grid) -> list[tuple[str, list[str]]]:
    return [(row.problem, [cell.text for cell in row.cells][:3]) for row in grid.rows if row.leaf == "mode"]


def test_a_row_of_modes_stands_beneath_a_problem_whose_targets_differ():
    """Beside the times, which they explain; where nothing was timed, beside the values."""
    timed, untimed = (document((FORWARD, REVERSE, FORWARD), timed=timed) for timed in (True, False))
    expected = [("quadratic[hessian-float32,n=1]", [FORWARD, REVERSE, FORWARD])]
    assert (mode_rows(agreement_grid(timed)), mode_rows(timing_grid(timed))) == ([], expected)
    assert (mode_rows(agreement_grid(untimed)), timing_grid(untimed)) == (expected, None)
    for differing in timed, untimed:
        lines = to_markdown(differing).splitlines()
        assert [(line.count(FORWARD), line.count(REVERSE)) for line in lines if "| mode |" in line] == [(2, 1)]


def test_alike_modes_are_not_told():
    alike = document((FORWARD, FORWARD, FORWARD), (REVERSE, REVERSE, REVERSE))
    assert mode_rows(agreement_grid(alike)) == mode_rows(timing_grid(alike)) == []
    assert "mode" not in rendered(alike, view="cases")


def test_a_sweep_tells_modes_once_until_they_change():
    book = document(
        (FORWARD, REVERSE, FORWARD), (FORWARD, REVERSE, FORWARD), (FORWARD, FORWARD, FORWARD), (FORWARD,) * 3
    )
    assert mode_rows(timing_grid(book)) == [
        ("quadratic[hessian-float32,n=1]", [FORWARD, REVERSE, FORWARD]),
        ("quadratic[hessian-float32,n=3]", [FORWARD, FORWARD, FORWARD]),
    ]


def test_the_view_of_cases_has_the_mode_of_each():
    for width in (60, 200):
        text = rendered(document((FORWARD, REVERSE, FORWARD)), view="cases", width=width)
        assert (text.count(FORWARD), text.count(REVERSE)) == (2, 1)


def test_the_view_of_growth_has_a_row_of_modes():
    (grid,) = scaling_grids(document((FORWARD, REVERSE, FORWARD), (FORWARD, REVERSE, "loop")))
    assert [cell.text for cell in grid.rows[-1].cells] == [FORWARD, REVERSE, "loop"]
    (grid,) = scaling_grids(document((FORWARD, REVERSE, FORWARD), (FORWARD, FORWARD, FORWARD)))
    assert "mode" not in [row.labels[0] for row in grid.rows]
