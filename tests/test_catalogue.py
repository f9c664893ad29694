"""The catalogue over the backends: every primitive is spelled, or its absence has a reason."""

from importlib import import_module

import pytest

from gradcmp.backends.jax.descriptor import JAX
from gradcmp.backends.tensorflow.descriptor import TENSORFLOW
from gradcmp.backends.torch.descriptor import TORCH
from gradcmp.program.catalogue.rows import Primitive
from gradcmp.program.primitives import PRIMITIVES
from gradcmp.program.spelling import GROUPS

PYTHONS_OWN = {row.name for row in PRIMITIVES.values() if row.infix and not row.infix.isalpha()}


@pytest.mark.parametrize("descriptor", [TORCH, TENSORFLOW, JAX], ids=lambda descriptor: descriptor.name)
def test_every_primitive_is_spelled_or_absent_with_a_reason(descriptor) -> None:
    spelling = descriptor.load_spelling()
    known = set(spelling.primitives) | set(spelling.absent) | PYTHONS_OWN
    assert set(PRIMITIVES) - known == set()
    assert set(spelling.primitives) - set(PRIMITIVES) == set()
    assert all(len(reason) > 10 for reason in spelling.absent.values())


def rows_of(module: str) -> set[str]:
    """The primitives whose rows stand in a module of the catalogue."""
    tables = vars(import_module(f"gradcmp.program.catalogue.{module}")).values()
    return {row.name for table in tables if isinstance(table, tuple) for row in table if isinstance(row, Primitive)}


@pytest.mark.parametrize("descriptor", [TORCH, TENSORFLOW, JAX], ids=lambda descriptor: descriptor.name)
def test_every_spelling_is_in_the_module_of_its_row(descriptor) -> None:
    package = descriptor.spelling.partition(":")[0]
    for group in GROUPS:
        assert set(import_module(f"{package}.{group}").PRIMITIVES) <= rows_of(group)


def test_the_modules_are_those_of_the_catalogue() -> None:
    assert set().union(*map(rows_of, GROUPS)) == set(PRIMITIVES)


@pytest.mark.parametrize("descriptor", [TORCH, TENSORFLOW, JAX], ids=lambda descriptor: descriptor.name)
def test_every_protocol_has_an_idiom(descriptor) -> None:
    from gradcmp.core.operators import PROTOCOLS

    assert set(descriptor.load_idioms()) == set(PROTOCOLS)


def test_every_row_can_be_read() -> None:
    for row in PRIMITIVES.values():
        assert row.operands, row.name
        assert row.group
        assert set(row.kinds) <= {"float", "int", "bool"}
