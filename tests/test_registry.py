"""A plug-in that is broken is a sentence, never a crash."""

import sys
from dataclasses import replace
from types import ModuleType

import pytest

from gradcmp.backends.fake.descriptor import FAKE
from gradcmp.core.targets import Target
from gradcmp.registry import CannotLoad, Registry


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    made = ModuleType("broken_spelling")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


@pytest.mark.parametrize(
    "spelling", ["no.such.module:SPELLING", "broken_spelling:SPELLING", "broken_spelling", "", ":"]
)
def test_a_spelling_that_is_not_there(module: ModuleType, spelling: str) -> None:
    with pytest.raises(CannotLoad, match="the spelling of Fake cannot be loaded: "):
        replace(FAKE, spelling=spelling).load_spelling()


def test_a_spelling_of_another_type(module: ModuleType) -> None:
    module.SPELLING = {"exp": "exp({0})"}
    with pytest.raises(CannotLoad, match="is a dict, expected a Spelling"):
        replace(FAKE, spelling="broken_spelling:SPELLING").load_spelling()


def test_a_spelling_whose_import_raises(tmp_path, monkeypatch) -> None:
    (tmp_path / "raising_spelling.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    for load in ("load_spelling", "load_idioms", "load_modes"):
        with pytest.raises(CannotLoad, match="ZeroDivisionError"):
            getattr(replace(FAKE, spelling="raising_spelling:SPELLING"), load)()


@pytest.mark.parametrize("idioms", [7, ["accumulate"], {"accumulate": 7}, None])
def test_idioms_that_are_none(module: ModuleType, idioms: object) -> None:
    module.IDIOMS = idioms
    with pytest.raises(CannotLoad, match="the idioms of Fake cannot be loaded"):
        replace(FAKE, spelling="broken_spelling:SPELLING").load_idioms()


@pytest.mark.parametrize("modes", [7, ["jvp"], {"jvp": "jvp(f)"}, {("jvp", "forward"): 7}, None])
def test_modes_that_are_none(module: ModuleType, modes: object) -> None:
    module.MODES = modes
    with pytest.raises(CannotLoad, match="the modes of Fake cannot be loaded"):
        replace(FAKE, spelling="broken_spelling:SPELLING").load_modes()


def test_a_backend_without_idioms_has_none(module: ModuleType) -> None:
    backend = replace(FAKE, spelling="broken_spelling:SPELLING")
    assert (backend.load_idioms(), backend.load_modes()) == ({}, {})


def test_which_executions_compile() -> None:
    registry = Registry(descriptors={"fake": FAKE}, failed={})
    found = {name: registry.compiles(Target(backend="fake", execution=name)) for name in ("right", "compiled", "none")}
    assert found == {"right": False, "compiled": True, "none": False}
    assert not registry.compiles(Target(backend="absent"))
