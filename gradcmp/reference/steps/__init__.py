"""The elementwise steps: one row each, with everything that the algebras look up about it."""

from gradcmp.reference.steps import arithmetic, exponential, special, trigonometric
from gradcmp.reference.steps.step import Step

STEPS: dict[str, Step] = {
    row.name: row for group in (arithmetic, exponential, trigonometric, special) for row in group.ROWS
}
"""The steps that every algebra has, with broadcasting. A test asks every row for what programs need of it."""
