"""`gradcmp.run`: the Python door."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import gradcmp
from gradcmp.errors import NothingSelectedError, UsageError

TEXT = "inputs: {x: {arange: 4}}\nfunction: sum(x * x)\nbackend: fake\nexecution: [right, wrong]\n"


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADCMP_BACKENDS", "gradcmp.backends.fake.descriptor:FAKE")
    path = tmp_path / "scenarios" / "square.yaml"
    path.parent.mkdir()
    path.write_text(TEXT)
    return path


def test_a_run_returns_what_it_found_and_leaves_nothing_behind(scenario: Path, capsys) -> None:
    report = gradcmp.run(scenario, timing="off")
    assert [(case.target, case.verdict) for case in report.document.cases] == [
        ("fake-right-cpu", "exact"),
        ("fake-wrong-cpu", "wrong"),
    ]
    assert (report.exit_code, report.levels) == (1, {"ok": 1, "fail": 1})
    assert report.document.problems[0].evidence == "certified"
    assert capsys.readouterr() == ("", "")
    assert sorted(path.name for path in scenario.parents[1].iterdir()) == ["scenarios"]


def test_options_are_those_of_the_request(scenario: Path) -> None:
    report = gradcmp.run(executions=("right",), timing="off", reference=False, fail_on=("note",))
    (case,) = report.document.cases
    assert (case.verdict, report.exit_code) == ("unjudged", 1)
    assert report.document.run.fail_on == ("note",)


def test_what_the_command_line_refuses_is_raised(scenario: Path) -> None:
    with pytest.raises(UsageError, match="did you mean"):
        gradcmp.run(operators=("gradiant",))
    with pytest.raises(NothingSelectedError):
        gradcmp.run(keywords="nothing-like-it")
    with pytest.raises(TypeError, match="there is no option `colour`"):
        gradcmp.run(colour="red")


def test_one_name_or_several_of_any_kind_of_text(scenario: Path) -> None:
    alike = ("scenarios/square.yaml", Path("scenarios"), ["square"], (Path("scenarios/square.yaml"),), ())
    for paths in alike:
        for executions in ("right", ["right"], ("right",)):
            report = gradcmp.run(
                paths, executions=executions, folder=str(scenario.parents[1]), timing="off", reference=False
            )
            assert [case.target for case in report.document.cases] == ["fake-right-cpu"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"jobs": 0}, "`jobs` is 0; expected at least 1"),
        ({"threads": 0}, "`threads` is 0"),
        ({"seed": -1}, "`seed` is -1; expected at least 0"),
        ({"max_failures": 0}, "`max_failures` is 0"),
        ({"timing": "never"}, "`timing` is never; expected `off`, `quick`, a number of seconds above 0"),
        ({"timing": 0}, "`timing` is 0"),
        ({"timeout_s": -1}, "`timeout_s` is -1"),
        ({"reference_budget_s": float("nan")}, "`reference_budget_s` is nan"),
        ({"fail_on": "bogus"}, "`fail_on` has `bogus`; expected some of note, warn, fail, never, skipped"),
        ({"shard": (5, 2)}, r"`shard` is \(5, 2\)"),
        ({"shard": "1/2"}, r"run\(\): shard: Expected `array`, got `str`"),
        ({"jobs": "x"}, r"run\(\): jobs: Expected `int \| null`, got `str`"),
        ({"folder": 3}, r"run\(\): folder: Expected `Path`, got `int`"),
        ({"backends": 3}, r"run\(\): backends"),
        ({"paths": 3}, r"run\(\): paths"),
        ({"paths": None}, r"run\(\): paths: Expected `array`, got `null`"),
    ],
)
def test_a_value_that_is_none_of_its_kind_is_refused_before_anything_runs(
    scenario: Path, options: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        gradcmp.run(**options)


def test_importing_the_session_loads_neither_the_reference_nor_a_framework() -> None:
    probe = (
        "import sys, pkgutil, importlib, gradcmp\n"
        "assert sorted(n for n in sys.modules if n.startswith('gradcmp')) == ['gradcmp']\n"
        "import gradcmp.session\n"
        "for module in pkgutil.iter_modules(gradcmp.session.__path__): importlib.import_module(f'gradcmp.session.{module.name}')\n"
        "print(*(n for n in ('flint', 'torch', 'tensorflow', 'jax') if n in sys.modules), callable(gradcmp.run))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "GRADCMP_BACKENDS"}
    done = subprocess.run(
        [sys.executable, "-c", probe], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "True"
    assert inspect.isfunction(gradcmp.run)
