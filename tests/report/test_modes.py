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


def document(*modes: tuple[str, str, str], operator: Operator = Operator.HESSIAN) -> Document:
    """A sweep over n: a problem for each triple, the modes of JAX, TensorFlow and torch (`""`: it raised)."""
    book = Book(TARGETS)
    for n, triple in enumerate(modes, 1):
        answer = computed([[4.0]], wrts=(("x", "x"),), timing=timing(1e-3 * n))
        book.add(
            problem("quadratic", operator=operator, parameters={"n": n}),
            [true_leaf([[4.0]], wrt=("x", "x"))],
            {target: (replace(answer, mode=mode), "exact") for target, mode in zip(TARGETS, triple, strict=True)},
        )
    return Document.of(book.document())


def mode_rows(grid) -> list[tuple[str, list[str]]]:
    return [(row.problem, [cell.text for cell in row.cells][:3]) for row in grid.rows if row.leaf == "mode"]


def test_a_row_of_modes_stands_beneath_a_problem_whose_targets_differ():
    differing = document((FORWARD, REVERSE, FORWARD))
    expected = [("quadratic[hessian-float32,n=1]", [FORWARD, REVERSE, FORWARD])]
    for grid in agreement_grid(differing), timing_grid(differing):
        assert mode_rows(grid) == expected
    assert f"| mode | n=1 | {FORWARD}" not in to_markdown(differing)
    assert [
        line.count(FORWARD) for line in to_markdown(differing).splitlines() if "mode" in line and FORWARD in line
    ] == [2, 2]


def test_alike_modes_are_not_told():
    alike = document((FORWARD, FORWARD, FORWARD), (REVERSE, REVERSE, REVERSE))
    assert mode_rows(agreement_grid(alike)) == mode_rows(timing_grid(alike)) == []
    assert "mode" not in rendered(alike, view="cases")


def test_a_sweep_tells_modes_once_until_they_change():
    book = document(
        (FORWARD, REVERSE, FORWARD), (FORWARD, REVERSE, FORWARD), (FORWARD, FORWARD, FORWARD), (FORWARD,) * 3
    )
    assert mode_rows(agreement_grid(book)) == [
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
