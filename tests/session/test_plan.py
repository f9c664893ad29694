from dataclasses import replace
from pathlib import Path

import pytest

from gradcmp.backends.jax.descriptor import JAX
from gradcmp.backends.tensorflow.descriptor import TENSORFLOW
from gradcmp.backends.torch.descriptor import TORCH
from gradcmp.core.scenarios import Scenario
from gradcmp.core.specifications import InputTree, Specification
from gradcmp.core.targets import TargetPattern
from gradcmp.errors import Location, MissingTargetError, NothingSelectedError, UsageError
from gradcmp.program.ir import Constant, Program, Return, Span
from gradcmp.registry import Descriptor, Registry
from gradcmp.scenario.configuration import Configuration
from gradcmp.scenario.load import Selection
from gradcmp.session.plan import make_plan
from gradcmp.session.request import RunRequest

HERE = Location(file="s.yaml", line=1, column=1)
REGISTRY = Registry(descriptors={d.name: d for d in (TORCH, TENSORFLOW, JAX)}, failed={})
SPECIFICATION = Specification(generator="literal", arguments={"literal": 1}, shape=(), location=HERE)
PROGRAM = Program(body=(Return(span=Span(1, 1, 1, 2), value=Constant(span=Span(1, 1, 1, 2), value=1)),), text="1", location=HERE)  # fmt: skip
SCENARIO = Scenario(id="a/b", location=HERE, inputs=InputTree({"x": SPECIFICATION}), wrt=("x",), function=PROGRAM)


def everything(descriptor: Descriptor) -> bool:
    return True


def selected(*scenarios: Scenario, **identifiers: frozenset[str]) -> Selection:
    return Selection(
        scenarios=scenarios,
        root=Path(),
        configuration=Configuration(scenarios=Path()),
        whole=frozenset(scenario.id for scenario in scenarios),
        **identifiers,
    )


def ids(scenario: Scenario, request: RunRequest | None = None, installed=everything, **identifiers) -> list[str]:
    plan = make_plan(selected(scenario, **identifiers), REGISTRY, installed, request or RunRequest())
    return [case.id for case in plan.cases]


def test_the_default_is_every_backend_eager_on_the_cpu() -> None:
    assert ids(SCENARIO) == [f"a/b[gradient-float32]@{name}-eager-cpu" for name in ("torch", "tensorflow", "jax")]


def test_a_backend_that_is_not_there_and_not_named_is_no_row() -> None:
    assert ids(SCENARIO, installed=lambda d: d.name == "jax") == ["a/b[gradient-float32]@jax-eager-cpu"]


def test_a_backend_that_the_scenario_names_and_that_is_not_there_says_how_to_install_it() -> None:
    scenario = replace(SCENARIO, backends=("torch", "jax"))
    plan = make_plan(selected(scenario), REGISTRY, lambda d: d.name == "jax", RunRequest())
    assert [case.left_out for case in plan.cases] == [
        "PyTorch is not installed: pip install 'gradcmp[torch]'",
        None,
    ]


def test_a_backend_that_the_command_line_names_must_be_there() -> None:
    with pytest.raises(MissingTargetError, match="PyTorch is not installed"):
        make_plan(selected(SCENARIO), REGISTRY, lambda d: d.name == "jax", RunRequest(backends=("torch",)))
    with pytest.raises(MissingTargetError, match="did you mean `torch`"):
        make_plan(selected(SCENARIO), REGISTRY, everything, RunRequest(backends=("troch",)))


def test_the_command_line_wins_over_the_scenario() -> None:
    scenario = replace(SCENARIO, backends=("jax",), executions=("compiled",), dtypes=("float64",))
    request = RunRequest(backends=("torch",), executions=("eager",), dtypes=("float16",))
    assert ids(scenario, request) == ["a/b[gradient-float16]@torch-eager-cpu"]


def test_all_executions_are_those_that_each_backend_has() -> None:
    targets = {identifier.split("@")[1] for identifier in ids(SCENARIO, RunRequest(executions=("all",)))}
    assert targets == {
        "torch-eager-cpu", "torch-compiled-cpu", "tensorflow-eager-cpu", "tensorflow-compiled-cpu",
        "tensorflow-xla-cpu", "jax-eager-cpu", "jax-compiled-cpu",
    }  # fmt: skip


def test_an_execution_that_nobody_has_is_told_and_one_of_another_backend_is_no_row() -> None:
    plan = make_plan(selected(replace(SCENARIO, executions=("compild", "xla"))), REGISTRY, everything, RunRequest())
    assert [(case.target.id, case.left_out) for case in plan.cases] == [
        (
            f"{name}-{execution}-cpu",
            None
            if execution == "xla"
            else "there is no execution `compild`; expected one of all, compiled, eager, xla; did you mean `compiled`?",
        )
        for name, execution in (
            ("torch", "compild"),
            ("tensorflow", "compild"),
            ("tensorflow", "xla"),
            ("jax", "compild"),
        )
    ]


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean `eager`"):
        ids(SCENARIO, RunRequest(executions=("eagre",)))
    with pytest.raises(UsageError, match="no dtype `float33`"):
        ids(SCENARIO, RunRequest(dtypes=("float33",)))


@pytest.mark.parametrize(
    ("named", "complaint"),
    [
        ({"problems": {"a/b[gradeint-float32]"}}, "no problem `a/b[gradeint-float32]`; did you mean `a/b[gradient-float32]`?"),
        ({"cases": {"a/b[gradient-float32]@jax-eagre-cpu"}}, "no case `a/b[gradient-float32]@jax-eagre-cpu`; did you mean `a/b[gradient-float32]@jax-eager-cpu` or "),
    ],
)  # fmt: skip
def test_an_id_of_nothing_is_told_with_its_neighbours(named: dict[str, set[str]], complaint: str) -> None:
    identifiers = {kind: frozenset(ids) for kind, ids in named.items()}
    with pytest.raises(NothingSelectedError) as caught:
        ids(SCENARIO, **identifiers)
    assert f"nothing was selected: there is {complaint}" in str(caught.value)


def test_an_id_that_only_the_options_make_is_no_mistake() -> None:
    named = {"problems": frozenset({"a/b[gradient-float64]"})}
    assert len(ids(SCENARIO, RunRequest(dtypes=("float64",)), **named)) == 3
    known = {"problems": frozenset({"a/b[gradient-float32]"})}
    assert len(ids(SCENARIO, RunRequest(dtypes=("float64",)), **known)) == 3


def test_ids_carry_parameters_and_a_chosen_mode() -> None:
    scenario = replace(SCENARIO, parameters={"n": 64.0, "s": 0.1}, modes=("loop",), backends=("jax",))
    assert ids(scenario) == ["a/b[gradient-float32,n=64,s=0.1,mode=loop]@jax-eager-cpu"]


def test_a_protocol_stands_in_the_operators_place() -> None:
    scenario = replace(SCENARIO, protocols=("accumulate",), backends=("torch",))
    assert ids(scenario) == ["a/b[accumulate-float32]@torch-eager-cpu"]


def test_a_skip_keeps_its_reason() -> None:
    scenario = replace(SCENARIO, skip=((TargetPattern(text="torch-*-cpu"), "known bad"),))
    plan = make_plan(selected(scenario), REGISTRY, everything, RunRequest())
    assert [case.left_out for case in plan.cases] == ["known bad", None, None]


def test_gpu_is_the_first_cuda_device() -> None:
    assert ids(SCENARIO, RunRequest(devices=("gpu",), backends=("jax",))) == ["a/b[gradient-float32]@jax-eager-cuda:0"]


def test_keywords_look_at_ids_and_tags() -> None:
    scenario = replace(SCENARIO, tags=("kink",))
    assert len(ids(scenario, RunRequest(keywords="kink and jax"))) == 1
    with pytest.raises(NothingSelectedError):
        ids(scenario, RunRequest(keywords="smooth"))


def test_shards_cover_everything_once() -> None:
    scenarios = [replace(SCENARIO, id=f"s{i}") for i in range(40)]
    whole = {p.problem.id for p in make_plan(selected(*scenarios), REGISTRY, everything, RunRequest()).problems}
    parts = [
        {p.problem.id for p in make_plan(selected(*scenarios), REGISTRY, everything, RunRequest(shard=(i, 3))).problems}
        for i in (1, 2, 3)
    ]
    assert set.union(*parts) == whole
    assert sum(map(len, parts)) == len(whole)
