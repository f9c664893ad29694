"""`gradcmp.run`: the Python door."""

from __future__ import annotations

import inspect
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import gradcmp
from gradcmp.errors import NothingSelectedError, UsageError
from gradcmp.session.api import request_of
from gradcmp.session.inbox import Inbox

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
        ({"folder": "a\0b"}, r"`folder` has 'a\\x00b'; expected a path without null characters"),
        ({"folder": Path("a\0b")}, r"`folder` has 'a\\x00b'"),
        ({"paths": "a\0b"}, r"`paths` has 'a\\x00b'"),
        ({"paths": ["square", Path("a\0b")]}, r"`paths` has 'a\\x00b'"),
        ({"parameters": {"n": float("nan")}}, "`parameters` has nan for `n`; expected finite numbers, or words"),
        ({"parameters": {"n": [2, -math.inf]}}, "`parameters` has -inf for `n`"),
        ({"parameters": {"n": np.float32("nan")}}, "`parameters` has nan for `n`"),
        ({"parameters": {"n": 10**400}}, "`parameters` has 1000.* for `n`"),
        ({"parameters": {"n": "a b"}}, "`parameters` has 'a b' for `n`"),
        ({"parameters": {"n": []}}, "`parameters` has no value for `n`"),
        ({"parameters": {"n": True}}, r"run\(\): parameters\[...\]\[0\]: Expected `int | float | str`, got `bool`"),
        ({"parameters": {"n": np.True_}}, r"parameters\[...\]\[0\]: Expected `int | float | str`, got `numpy.bool`"),
        ({"parameters": {"n": None}}, r"parameters\[...\]\[0\]: Expected `int | float | str`, got `null`"),
        ({"parameters": {"n": 3j}}, r"parameters\[...\]\[0\]: Expected `int | float | str`, got `complex`"),
        ({"parameters": {"n": 3}}, r"\(in Python `parameters`\): no selected scenario sweeps `n`"),
        ({"keywords": "a and"}, r"\(in Python `keywords`\) cannot be read"),
        ({"max_bytes": 4}, r"\(in Python `max_bytes`\) sets the limit"),
        ({"paths": 3}, r"run\(\): paths"),
        ({"paths": None}, r"run\(\): paths: Expected `array`, got `null`"),
    ],
)
def test_a_value_that_is_none_of_its_kind_is_refused_before_anything_runs(
    scenario: Path, options: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        gradcmp.run(**options)


@pytest.mark.parametrize(
    ("given", "values"),
    [
        (np.int64(2), (2,)),
        (np.float64(3), (3,)),
        (np.float32(0.5), (0.5,)),
        (3.0, (3,)),
        (Fraction(1, 4), (0.25,)),
        ((np.uint8(0), np.float16(-0.5), "word", np.str_("mean")), (0, -0.5, "word", "mean")),
        (np.arange(3), (0, 1, 2)),
        (range(3), (0, 1, 2)),
    ],
)
def test_values_to_sweep_are_numbers_of_any_kind(given: object, values: tuple[object, ...]) -> None:
    request = request_of((), {"parameters": {np.str_("n"): given}})
    assert request.parameters == {"n": values}
    assert [type(value) for value in request.parameters["n"]] == [type(value) for value in values]
    assert [type(name) for name in request.parameters] == [str]


def test_so_are_all_other_numbers(scenario: Path) -> None:
    request = request_of(
        np.str_("square"), {"jobs": np.int64(2), "timing": np.float32(0.5), "shard": (np.int8(1), np.int8(2))}
    )
    assert (request.arguments, request.shard) == (("square",), (1, 2))
    assert (request.options.jobs, request.options.timing) == (2, 0.5)
    assert {type(request.options.jobs), type(request.shard[0]), type(request.arguments[0])} == {int, str}


@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_an_interruption_is_raised(scenario: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type) -> None:
    def interrupted(self: Inbox) -> Iterator[object]:
        os.kill(os.getpid(), number)
        time.sleep(10.0)  # until the signal is here
        return iter(())

    monkeypatch.setattr(Inbox, "complete", interrupted)
    with pytest.raises(error) as caught:
        gradcmp.run(scenario, timing="off", reference=False)
    assert getattr(caught.value, "code", 143) == 143
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


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
