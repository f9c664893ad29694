"""The rooms of the reference, as their READMEs describe them."""

from pathlib import Path

import pytest

import gradcmp.reference

ROOMS = [path for path in Path(gradcmp.reference.__file__).parent.iterdir() if (path / "__init__.py").exists()]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_readme_names_every_module(room: Path) -> None:
    text = (room / "README.md").read_text(encoding="utf-8")
    modules = {path.name for path in room.glob("*.py")} - {"__init__.py"}
    assert modules
    assert {name for name in modules if f"`{name}`" not in text} == set()
    assert 10 <= len(text.splitlines()) <= 25
