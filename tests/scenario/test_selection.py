"""Arguments, ids, roots, configuration."""

import pytest

from gradcmp.core.operators import Operator
from gradcmp.core.problems import Case, Problem
from gradcmp.core.targets import Target
from gradcmp.errors import NothingSelectedError, UsageError
from gradcmp.scenario.load import load
from gradcmp.scenario.selection import shipped_folder

ONE = "inputs: {x: {arange: 4}}\nfunction: sum(x * x)\n"
SUITE = "defaults:\n  inputs: {x: 1.0}\nscenarios:\n  exp: {function: exp(x)}\n  tanh:\n    function: tanh(x)\n"


@pytest.fixture
def project(tmp_path):
    for name, text in {
        "scenarios/d2l/one.yaml": ONE,
        "scenarios/d2l/two.gradcmp.yaml": ONE,
        "scenarios/suite.yml": SUITE,
        "scenarios/.hidden/no.yaml": "x",
        "loose.yaml": ONE,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def ids(folder, *arguments, **options):
    return [scenario.id for scenario in load(arguments, folder=folder, **options).scenarios]


ALL = ["d2l/one", "d2l/two", "suite::exp", "suite::tanh"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ALL),
        (["scenarios"], ALL),
        (["scenarios/"], ALL),
        (["./scenarios/d2l"], ALL[:2]),
        (["scenarios/d2l/../suite.yml"], ALL[2:]),
        (["d2l"], ALL[:2]),
        (["d2l/two"], ALL[1:2]),
        (["suite"], ALL[2:]),
        (["suite::tanh"], ALL[3:]),
        (["suite::tanh", "suite", "suite::exp"], ["suite::tanh", "suite::exp"]),
        (["scenarios/suite.yml:4"], ["suite::exp"]),
        (["scenarios/suite.yml:6"], ["suite::tanh"]),
        (["scenarios/suite.yml:5"], ["suite::tanh"]),
        (["scenarios/d2l/one.yaml:2:5"], ["d2l/one"]),
        (["loose.yaml"], ["loose"]),
        (["loose"], ["loose"]),
        (["suite::exp[gradient-float32]"], ["suite::exp"]),
        (["suite::exp[gradient-float32]@torch-eager-cuda:0"], ["suite::exp"]),
    ],
)
def test_what_an_argument_selects(project, arguments, expected):
    assert ids(project, *arguments) == expected


def test_an_id_does_not_depend_on_where_it_is_typed(project):
    assert ids(project / "scenarios", "d2l/one.yaml") == ["d2l/one"]
    assert ids(project / "scenarios" / "d2l", "one.yaml") == ["d2l/one"]
    assert ids(project / "scenarios" / "d2l", "one.yaml", "../suite.yml:4") == ["d2l/one", "suite::exp"]
    assert ids(project / "scenarios" / "d2l", "suite::exp") == ["suite::exp"]
    assert ids(project.parent, f"{project.name}/scenarios/d2l/one.yaml") == ["d2l/one"]


def test_the_root_of_files_elsewhere(project, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    assert ids(project.parent, f"{project.name}/loose.yaml") == [f"{project.name}/loose"]
    assert ids(other, str(project / "loose.yaml")) == ["loose"]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("zzz.yaml", "there is no file or folder `zzz.yaml`"),
        ("lose.yaml", "there is no file or folder `lose.yaml`; did you mean `loose.yaml`?"),
        ("./nowhere/", "there is no file or folder `./nowhere/`"),
        ("zzz.yaml:3", "there is no file or folder `zzz.yaml`"),
        ("d2l/oen", "there is no scenario, file or folder `d2l/oen`; did you mean `d2l/one` or `d2l/two`?"),
        ("suite::tan", "there is no scenario `suite::tan`; did you mean `suite::tanh`?"),
        ("d2l/one::a", "there is no scenario `d2l/one::a`; the file holds one scenario: `d2l/one`"),
        ("qqqqqqqq", "there is no scenario, file or folder `qqqqqqqq`; `gradcmp list` shows all ids"),
        ("scenarios/suite.yml:1", "scenarios/suite.yml: no scenario is at line 1; expected a line from 4 to 6"),
        ("scenarios/suite.yml:7", "scenarios/suite.yml: no scenario is at line 7; expected a line from 4 to 6"),
        ("scenarios/d2l/one.yaml:3", "scenarios/d2l/one.yaml: no scenario is at line 3; expected a line from 1 to 2"),
        ("", "there is no file or folder ``"),
    ],
)
def test_arguments_that_mean_nothing(project, argument, message):
    with pytest.raises(UsageError) as caught:
        load([argument], folder=project)
    assert [str(problem) for problem in caught.value.complaints] == [message]


@pytest.mark.parametrize("argument", ["\0", "a" * 100_000, "[", "x[", "@", "::", "..", "~", "*", "a b"])
def test_odd_arguments_are_usage_errors(tmp_path, argument):
    folder = tmp_path / "project"  # above it is nothing: `..` would read what other tests have written
    folder.mkdir()
    with pytest.raises((UsageError, NothingSelectedError)):
        load([argument], folder=folder)


def test_nothing_selected(tmp_path):
    with pytest.raises(NothingSelectedError, match="nothing was selected: there is no folder scenarios"):
        load([], folder=tmp_path)
    (tmp_path / "scenarios").mkdir()
    with pytest.raises(NothingSelectedError, match=r"nothing was selected: there is no scenario file .* in scenarios"):
        load([], folder=tmp_path)
    with pytest.raises(NothingSelectedError, match="nothing was selected"):
        load(["scenarios"], folder=tmp_path)


def test_an_id_does_not_need_other_files_or_members_to_be_sound(project):
    (project / "scenarios" / "bad.yaml").write_text("functon: 3\n")
    (project / "scenarios" / "suite.yml").write_text(SUITE + "  bad: {function: nonsense(x)}\n")
    assert ids(project, "d2l/one", "suite::exp") == ["d2l/one", "suite::exp"]
    with pytest.raises(UsageError) as caught:
        load([], folder=project)
    assert {str(problem.where).partition(":")[0] for problem in caught.value.complaints} == {
        "scenarios/bad.yaml", "scenarios/suite.yml",
    }  # fmt: skip


def test_two_scenarios_with_one_id_name_both_places(project):
    (project / "scenarios" / "d2l" / "one.yml").write_text("# again\n" + ONE)
    with pytest.raises(UsageError) as caught:
        load([], folder=project)
    assert [str(problem) for problem in caught.value.complaints] == [
        "scenarios/d2l/one.yml:2:1: two scenarios have the id `d2l/one`; the other is at scenarios/d2l/one.yaml:1:1"
    ]


def test_a_path_that_makes_no_id(project):
    (project / "scenarios" / "a b.yaml").write_text(ONE)
    with pytest.raises(UsageError, match="the path makes no id"):
        load([], folder=project)


def test_problems_and_cases_restrict_their_own_scenarios_only(project):
    selection = load(
        ["d2l/one[gradient-float32]@torch-eager-cpu", "d2l/two[gradient-float64]", "suite"], folder=project
    )
    one, two, exp, _ = selection.scenarios
    assert selection.problems == {"d2l/one[gradient-float32]", "d2l/two[gradient-float64]"}
    assert selection.cases == {"d2l/one[gradient-float32]@torch-eager-cpu"}

    def case(scenario, dtype, backend):
        problem = Problem(scenario=scenario, operator=Operator.GRADIENT, dtype=dtype)
        return selection.selects_case(Case(problem=problem, target=Target(backend=backend)))

    assert case(one, "float32", "torch")
    assert not case(one, "float32", "jax")
    assert not case(one, "float64", "torch")
    assert case(two, "float64", "jax")
    assert not case(two, "float32", "jax")
    assert case(exp, "float32", "jax")


def test_without_problems_everything_is_selected(project):
    selection = load(["d2l/one"], folder=project)
    assert selection.problems is None
    assert selection.cases is None
    assert selection.selects_problem(Problem(scenario=selection.scenarios[0], operator=Operator.HVP, dtype="float16"))


def test_configuration(project):
    (project / "gradcmp.toml").write_text(
        'scenarios = "cases"\nrequire = ["torch", "jax-compiled"]\n'
        'dtype = "float64"\noperator = ["value", "gradient"]\n'
    )
    (project / "scenarios").rename(project / "cases")
    selection = load([], folder=project / "cases" / "d2l")
    assert [scenario.id for scenario in selection.scenarios] == ALL
    assert selection.root == project / "cases"
    assert [pattern.text for pattern in selection.configuration.require] == ["torch", "jax-compiled"]
    assert selection.scenarios[0].dtypes == ("float64",)
    assert selection.scenarios[0].operators == ("value", "gradient")
    (project / "cases" / "d2l" / "one.yaml").write_text(ONE + "dtype: float16\nprotocol: accumulate\n")
    (one,) = load(["d2l/one"], folder=project).scenarios
    assert one.dtypes == ("float16",)
    assert one.protocols == ("accumulate",)


def test_configuration_in_pyproject(project):
    (project / "pyproject.toml").write_text('[tool.gradcmp]\nscenarios = "scenarios/d2l"\n')
    assert ids(project) == ["one", "two"]
    assert ids(project, "two", "scenarios/suite.yml:4") == ["two", "suite::exp"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("baseline = 'b.txt'", "gradcmp.toml: baseline: `baseline` is not supported yet"),
        ("[environments.old]\npython = 'x'", "gradcmp.toml: environments: `environments` is not supported yet"),
        ("scenaros = 'x'", "gradcmp.toml: scenaros: unknown key"),
        ("x = ", "gradcmp.toml: this is not TOML: Invalid value (at end of document)"),
        ("require = ['pytorch']", ("gradcmp.toml: require: `pytorch` names no target; expected a target pattern, such as `torch` or "
                                  "`jax-compiled-*`; did you mean `torch`?")),
    ],
)  # fmt: skip
def test_bad_configuration(project, text, message):
    (project / "gradcmp.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        load([], folder=project)
    assert str(caught.value).startswith(message)


def test_a_pyproject_of_others_is_left_alone(project):
    (project / "pyproject.toml").write_text("[project]\nname = 'gradcmp-user'\n")
    assert ids(project) == ALL
    (project / "pyproject.toml").write_text("this is not TOML, gradcmp")
    assert ids(project) == ALL


def test_shipped_scenarios_are_beside_the_package_or_inside(monkeypatch, project):
    assert shipped_folder().name in ("shipped", "scenarios")
    monkeypatch.setattr("gradcmp.scenario.load.shipped_folder", lambda: project / "scenarios")
    elsewhere = project / "elsewhere"
    elsewhere.mkdir()
    assert ids(elsewhere, shipped=True) == ALL
    assert ids(elsewhere, "d2l", "suite::exp", shipped=True) == ["d2l/one", "d2l/two", "suite::exp"]


def test_listing_leaves_functions_unread(project):
    (project / "scenarios" / "odd.yaml").write_text("inputs: {x: 1.0}\nfunction: nonsense(\nexpect: {gradient: ((}\n")
    selection = load([], folder=project, checked=False)
    assert [scenario.id for scenario in selection.scenarios] == [
        "d2l/one",
        "d2l/two",
        "odd",
        "suite::exp",
        "suite::tanh",
    ]
    assert selection.scenarios[2].function.text == "nonsense("
