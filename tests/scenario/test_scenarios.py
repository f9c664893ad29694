"""What a sound file means."""

import pytest

from gradcmp.core.expected import (
    ExpectedAbout,
    ExpectedExpression,
    ExpectedNothing,
    ExpectedNumbers,
    ExpectedOutcome,
    ExpectedResult,
    ExpectedVerdict,
)
from gradcmp.core.scenarios import Tolerance
from gradcmp.core.specifications import InputTree
from gradcmp.core.targets import Target, TargetPattern
from gradcmp.errors import Location, UsageError
from gradcmp.scenario.load import load


@pytest.fixture
def read(tmp_path):
    def read(text, **options):
        (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
        return load(["s.yaml"], folder=tmp_path, **options).scenarios

    return read


def test_every_default(read):
    (scenario,) = read("inputs: {x: {arange: 4}, i: {integers: [2], high: 3}}\nfunction: sum(x)\n")
    assert scenario.id == "s"
    assert scenario.location == Location(file="s.yaml", line=1, column=1)
    assert scenario.wrt == ("x",)
    assert scenario.operators == ("gradient",)
    assert (scenario.modes, scenario.protocols, scenario.tags, scenario.description) == ((), (), (), "")
    assert scenario.cotangent is None
    assert scenario.dtypes is scenario.backends is scenario.executions is scenario.devices is None
    assert scenario.timing is scenario.timeout_s is scenario.compile_timeout_s is scenario.max_iterations is None
    assert scenario.parameters == {}


def test_every_key(read):
    (scenario,) = read(
        "description: A\n  sentence.\ntags: [a, b-c]\ninputs: {x: {ones: [3]}, w: 2}\nwrt: w\nfunction: x * w\n"
        "operator: [vjp, jvp]\nmode: reverse\ncotangent: [1, 2, 3]\ntangent: 0.5\n"
        "backend: [torch, jax]\nexecution: all\n"
        "device: cuda:0\ndtype: [float32, bfloat16]\nmax_iterations: 1e3\ntolerance: {rtol: 1e-5, atol: 0}\n"
        "timing: quick\ntimeout: 3\ncompile_timeout: 1.5\nskip: {jax-compiled-*: too slow}\n"
    )
    assert scenario.description == "A sentence."
    assert scenario.tags == ("a", "b-c")
    assert scenario.wrt == ("w",)
    assert scenario.operators == ("vjp", "jvp")
    assert scenario.modes == ("reverse",)
    assert scenario.cotangent[""].shape == (3,)
    assert scenario.tangent[""].arguments == {"literal": 0.5}
    assert scenario.backends == ("torch", "jax")
    assert scenario.executions == ("all",)
    assert scenario.devices == ("cuda:0",)
    assert scenario.dtypes == ("float32", "bfloat16")
    assert scenario.max_iterations == 1000
    assert scenario.tolerance == Tolerance(rtol=1e-5, atol=0.0)
    assert scenario.timing == "quick"
    assert (scenario.timeout_s, scenario.compile_timeout_s) == (3.0, 1.5)
    assert scenario.skip == ((TargetPattern(text="jax-compiled-*"), "too slow"),)


def test_yaml_is_that_of_1_2(read):
    (scenario,) = read(
        "inputs: {a: 0o17, b: 0x1F, c: 1e-5, d: -.inf, e: +12, y: .5}\nfunction: a\n"
        "tags: [on, no, 2020-01-01, 1_0, off]\n"
    )
    values = {name: leaf.arguments["literal"] for name, leaf in scenario.inputs.leaves()}
    assert values == {"a": 15, "b": 31, "c": 1e-5, "d": float("-inf"), "e": 12, "y": 0.5}
    assert scenario.tags == ("on", "no", "2020-01-01", "1_0", "off")


@pytest.mark.parametrize(
    ("text", "generator", "shape", "kind", "dtype"),
    [
        ("3", "literal", (), "float", None),
        ("true", "literal", (), "bool", None),
        ("[[1, 2], [3, 4]]", "literal", (2, 2), "float", None),
        ("[]", "literal", (0,), "float", None),
        ("{literal: [0, 2], dtype: int64}", "literal", (2,), "int", "int64"),
        ("{arange: 4}", "arange", (4,), "float", None),
        ("{arange: [1, 2, 0.25]}", "arange", (4,), "float", None),
        ("{arange: [5, 1, -2]}", "arange", (2,), "float", None),
        ("{arange: -3}", "arange", (0,), "float", None),
        ("{linspace: [-2, 2, 9]}", "linspace", (9,), "float", None),
        ("{normal: [2, 2], seed: 7}", "normal", (2, 2), "float", None),
        ("{normal: []}", "normal", (), "float", None),
        ("{uniform: 3, low: -1}", "uniform", (3,), "float", None),
        ("{integers: [5], high: 10}", "integers", (5,), "int", None),
        ("{bernoulli: [5], p: 0.5}", "bernoulli", (5,), "bool", None),
        ("{permutation: 6}", "permutation", (6,), "int", None),
        ("{full: [1e1], fill: true}", "full", (10,), "bool", None),
        ("{eye: 3}", "eye", (3, 3), "float", None),
        ("{eye: [3, 4], dtype: bool}", "eye", (3, 4), "bool", "bool"),
        ("{tril: [4, 4]}", "tril", (4, 4), "bool", None),
    ],
)
def test_specifications(read, text, generator, shape, kind, dtype):
    (scenario,) = read(f"inputs: {{x: 1.0, y: {text}}}\nfunction: x\n")
    leaf = scenario.inputs.children["y"]
    assert (leaf.generator, leaf.shape, leaf.kind, leaf.dtype) == (generator, shape, kind, dtype)


def test_trees_and_their_leaves(read):
    (scenario,) = read(
        "inputs: {params: {dense: {kernel: {normal: [3, 4]}, bias: {zeros: [4]}}}, normal: {one: {normal: [2]}}}\n"
        "function: sum(params.dense.kernel) + sum(params.dense.bias) + sum(normal.one)\nwrt: [params]\n"
    )
    assert isinstance(scenario.inputs.children["params"], InputTree)
    assert [path for path, _ in scenario.inputs.leaves()] == [
        "params.dense.kernel", "params.dense.bias", "normal.one",
    ]  # fmt: skip
    assert scenario.wrt == ("params.dense.kernel", "params.dense.bias")


def test_leaves_that_are_used_are_a_tree_though_their_names_look_like_generators(read):
    (scenario,) = read("inputs: {x: {one: [2], seed: 3}}\nfunction: sum(x.one) + x.seed\n")
    assert [path for path, _ in scenario.inputs.leaves()] == ["x.one", "x.seed"]


def test_suites_merge_inputs_by_name_and_replace_the_rest(read):
    a, b = read(
        "defaults: {inputs: {x: 1.0, w: {ones: [2]}}, tags: [s], expect: {value: 1}, operator: vjp}\n"
        "scenarios:\n  a: {function: x + 0 * sum(w)}\n"
        "  b: {function: x * w, inputs: {x: 2.0}, tags: [t], expect: {value: 2 * w}, cotangent: [1, 0]}\n"
    )
    assert (a.id, b.id) == ("s::a", "s::b")
    assert (a.tags, b.tags) == (("s",), ("t",))
    assert b.inputs.children["x"].arguments == {"literal": 2.0}
    assert list(b.inputs.children) == ["x", "w"]
    assert b.location.line == 4


def test_a_suite_has_a_description_of_its_own_beside_those_of_its_members(read):
    a, b, c = read(
        "description: What is\n  shared, 1 {n}.\ndefaults: {inputs: {x: 1.0}}\nscenarios:\n  a: {function: x}\n"
        "  b: {function: x, description: b itself}\n  c: {function: x, sweep: {n: [1]}}\n"
    )
    assert [scenario.suite for scenario in (a, b, c)] == ["What is shared, 1 {n}."] * 3
    assert [scenario.description for scenario in (a, b, c)] == ["", "b itself", ""]
    (alone,) = read("description: alone\ninputs: {x: 1.0}\nfunction: x\n")
    assert (alone.suite, alone.description) == ("", "alone")


def test_a_protocol_of_a_member_wins_over_an_operator_of_the_defaults(read):
    (scenario,) = read(
        "defaults: {operator: vjp}\nscenarios: {a: {inputs: {x: 1.0}, function: x * x, protocol: accumulate}}\n"
    )
    assert scenario.protocols == ("accumulate",)


# Sweeps -----------------------------------------------------------------------------------------------------


def test_sweeps_multiply_and_zips_pair(read):
    scenarios = read(
        "sweep: {p: [1, 2], zip: {m: [2, 4], n: [3, 6]}}\n"
        "inputs: {A: {normal: [m, 2*n + 1], seed: n}}\nfunction: sum(A ** p)\n"
    )
    assert [dict(s.parameters) for s in scenarios] == [
        {"p": 1, "m": 2, "n": 3}, {"p": 1, "m": 4, "n": 6}, {"p": 2, "m": 2, "n": 3}, {"p": 2, "m": 4, "n": 6},
    ]  # fmt: skip
    assert [s.inputs.children["A"].shape for s in scenarios] == [(2, 7), (4, 13), (2, 7), (4, 13)]
    assert scenarios[1].inputs.children["A"].arguments["seed"] == 6
    assert {s.id for s in scenarios} == {"s"}


@pytest.mark.parametrize(
    ("ends", "values"),
    [
        ("[8, 2048, 5]", [8, 32, 128, 512, 2048]),
        ("[1, 4, 10]", [1, 2, 3, 4]),
        ("[1e-3, 1, 4]", [0.001, 0.01, 0.1, 1.0]),
        ("[1e3, 1, 2]", [1000, 1]),
        ("[5, 7, 1]", [5]),
    ],
)
def test_geometric(read, ends, values):
    scenarios = read(f"sweep: {{n: {{geometric: {ends}}}}}\ninputs: {{x: 1.0}}\nfunction: x * n\n")
    found = [s.parameters["n"] for s in scenarios]
    assert found == pytest.approx(values)
    assert [type(value) for value in found] == [type(value) for value in values]


def test_sweep_names_in_every_key(read):
    scenarios = read(
        "sweep: {op: [vjp, jacobian], d: [float32], n: [1e1, 2.0]}\ninputs: {x: {ones: [n]}}\nfunction: x * n\n"
        "operator: op\ndtype: [d, float64]\ntimeout: 2*n\nmax_iterations: n\ntolerance: {ulps: n}\n"
    )
    assert [s.operators for s in scenarios] == [("vjp",), ("vjp",), ("jacobian",), ("jacobian",)]
    assert scenarios[0].dtypes == ("float32", "float64")
    assert [s.timeout_s for s in scenarios[:2]] == [20.0, 4.0]
    assert [s.max_iterations for s in scenarios[:2]] == [10, 2]


def test_sweep_names_for_what_is_named(read, tmp_path):
    import numpy

    numpy.savez(tmp_path / "d.npz", A=numpy.ones(2), B=numpy.zeros(3))
    scenarios = read(
        "sweep: {file: [d.npz], k: [A, B], w: [x, params.y]}\n"
        "inputs: {x: {npz: file, key: k}, params: {y: 2.0}}\nfunction: sum(x) * params.y\nwrt: w\n"
    )
    assert [s.wrt for s in scenarios] == [("x",), ("params.y",)] * 2
    assert [dict(s.inputs.leaves())["x"].shape for s in scenarios] == [(2,), (2,), (3,), (3,)]
    with pytest.raises(UsageError) as caught:
        read("sweep: {x: [1, 2]}\ninputs: {x: 1.0, y: 2.0}\nfunction: x * y\nwrt: x\n")
    assert [complaint.what for complaint in caught.value.complaints] == ["`x` is a name of the sweep already"]


def test_overrides(read):
    text = "sweep: {p: [1, 2], zip: {m: [2, 4], n: [3, 6]}}\ninputs: {A: {ones: [m, n]}}\nfunction: sum(A ** p)\n"
    found = [dict(s.parameters) for s in read(text, overrides={"p": (3,), "m": (4,)})]
    assert found == [{"p": 3, "m": 4, "n": 6}]
    with pytest.raises(UsageError, match="no selected scenario sweeps `q`; did you mean"):
        read("sweep: {qq: [1]}\ninputs: {x: 1.0}\nfunction: x * qq\n", overrides={"q": (1,)})
    with pytest.raises(UsageError, match="picks none of the paired values"):
        read(text, overrides={"m": (5,)})


# Expectations -----------------------------------------------------------------------------------------------


def test_forms_of_expectations(read):
    (scenario,) = read(
        "inputs: {x: {arange: 4}}\nfunction: sum(x * x)\noperator: [value, gradient, hvp]\nexpect:\n  value: 14\n"
        "  gradient: 2 * x + 0 * result\n  hvp: none\n  torch: {gradient: [0, 2, 4, 6], value: {about: 1.40e1}}\n"
        "  torch-compiled: {raises: RuntimeError, match: second time}\n  jax-*-cpu: unsupported\n"
        "  tensorflow: {gradient: {verdict: convention}, hvp: died}\n  strict: true\n"
    )
    expect = scenario.expect
    assert expect.strict

    def of(operator, backend, execution="eager"):
        return expect.for_case(operator, Target(backend=backend, execution=execution)).expected

    other = Target(backend="other")
    assert expect.for_case("value", other).expected == ExpectedResult(leaves={"": ExpectedNumbers(data=14)})
    assert isinstance(expect.for_case("gradient", other).expected.leaves[""], ExpectedExpression)
    assert expect.for_case("hvp", other).expected == ExpectedResult(leaves={"": ExpectedNothing()})
    assert of("gradient", "torch") == ExpectedResult(leaves={"": ExpectedNumbers(data=[0, 2, 4, 6])})
    assert of("value", "torch").leaves == {"": ExpectedAbout(text="1.40e1")}
    assert of("value", "torch").leaves[""].half_unit == 0.05
    assert of("value", "torch", "compiled") == ExpectedOutcome(
        outcome="raised", exception="RuntimeError", match="second time"
    )
    assert of("hvp", "jax") == ExpectedOutcome(outcome="unsupported")
    assert of("gradient", "tensorflow") == ExpectedVerdict(verdict="convention")
    assert of("hvp", "tensorflow") == ExpectedOutcome(outcome="died")


def test_an_expectation_of_everything(read):
    (scenario,) = read("inputs: {x: 1.0}\nfunction: x\nexpect: timed-out\n")
    assert scenario.expect.for_case("gradient", Target(backend="jax")).expected == ExpectedOutcome(outcome="timed-out")


@pytest.mark.parametrize(
    ("operator", "expectation", "paths"),
    [
        ("gradient", "{x: 1, w: 2}", {"x", "w"}),
        ("gradient", "none", {"x", "w"}),
        ("value", "3", {""}),
        ("jvp", "3", {""}),
        ("hessian", "{x: {x: 0, w: 1}, w.x: 1}", {"x.x", "x.w", "w.x"}),
        ("hvp", "{w: 1}", {"w"}),
    ],
)
def test_paths_of_expectations(read, operator, expectation, paths):
    (scenario,) = read(
        f"inputs: {{x: 1.0, w: 2.0}}\nfunction: x * w\noperator: {operator}\nexpect: {{{operator}: {expectation}}}\n"
    )
    assert scenario.expect.entries[0].expected.leaves.keys() == paths


@pytest.mark.parametrize(
    ("operator", "expectation", "paths"),
    [
        ("value", "{a: x, b: 1}", {"a", "b"}),
        ("gradient", "{a: {x: 1}, b.x: 2, b.w: x}", {"a.x", "b.x", "b.w"}),
        ("vjp", "{x: 1, w: x}", {"x", "w"}),
        ("jacobian", "{a: {x: result.a / x}}", {"a.x"}),
    ],
)
def test_paths_with_several_outputs(read, operator, expectation, paths):
    (scenario,) = read(
        f"inputs: {{x: 1.0, w: 2.0}}\nfunction: \"return {{'a': x, 'b': x * w}}\"\noperator: {operator}\n"
        f"expect: {{{operator}: {expectation}}}\n"
    )
    assert scenario.expect.entries[0].expected.leaves.keys() == paths


@pytest.mark.parametrize("names", [("a", "b"), ("a.x", "b.x")])
def test_the_outputs_of_an_hvp_by_a_sole_input(read, names):
    a, b = names
    (scenario,) = read(
        "inputs: {x: 1.0}\nfunction: \"return {'a': x, 'b': x * x}\"\noperator: hvp\n"
        f"expect: {{hvp: {{{a}: 0, {b}: 2}}}}\n"
    )
    assert scenario.expect.entries[0].expected.leaves.keys() == {"a", "b"}


def test_the_largest_numbers(read):
    (scenario,) = read("inputs: {x: [1e308, 1.7e308, -.inf]}\nfunction: sum(x)\ndtype: float64\n")
    assert dict(scenario.inputs.leaves())["x"].arguments["literal"] == (1e308, 1.7e308, float("-inf"))


def test_a_sole_leaf_may_be_named(read):
    (scenario,) = read("inputs: {x: 1.0}\nfunction: x\noperator: [gradient, hessian]\n"
                       "expect: {gradient: {x: 1}, hessian: {x: {x: 0}}}\n")  # fmt: skip
    assert [entry.expected.leaves.keys() for entry in scenario.expect.entries] == [{""}, {""}]


def test_anchors_are_allowed_within_limits(read):
    a, b = read(
        "scenarios:\n  a: {inputs: &i {x: {arange: 3}}, function: sum(x)}\n  b: {inputs: *i, function: sum(x * x)}\n"
    )
    assert a.inputs == b.inputs


@pytest.mark.parametrize(
    ("value", "dtype", "shown"),
    [
        ("70000", "float16", "70000 is beyond the largest float16, 65504"),
        ("65520", "float16", "65520 is beyond"),  # the middle of the largest number and the next, which is even
        ("-1e39", "float32", "-1e+39 is beyond the largest float32, 3.40282e+38"),
        ("3.4e38", "bfloat16", "3.4e+38 is beyond the largest bfloat16, 3.38953e+38"),
        ("[[1, 2], [.inf, 7e4]]", "[float32, float16]", "70000 is beyond the largest float16"),
        ("{literal: [1, 1e39], dtype: float32}", "float64", "1e+39 is beyond the largest float32"),
        ("{full: [2], fill: -7e4}", "float16", "-70000 is beyond"),
        ("{arange: [0, 70001, 70000]}", "float16", "70000 is beyond"),
        ("{arange: [-7e4, 0, 0.5]}", "float16", "-70000 is beyond"),
        ("{linspace: [0, 7e4, 3]}", "float16", "70000 is beyond"),
        ("{uniform: [2], low: -7e4}", "float16", "-70000 is beyond"),
        ("{integers: [2], high: 70001, dtype: float16}", "float32", "70000 is beyond"),
        ("{permutation: 70001, dtype: float16}", "float32", "70000 is beyond"),
    ],
)
def test_a_number_beyond_the_dtype_is_another_point(read, value, dtype, shown):
    with pytest.raises(UsageError) as caught:
        read(f"function: sum(x)\ndtype: {dtype}\ninputs:\n  x: {value}\n")
    assert str(caught.value).startswith(f"s.yaml:4:6: inputs.x: {shown}")
    assert "write `.inf` where that is meant, or take a wider `dtype`" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ("65519.99", "float16"),
        ("[.inf, -.inf, .nan]", "float16"),
        ("3.3961e38", "bfloat16"),
        ("3.4028235e38", "float32"),
        ("{arange: [0, 1, 7e4]}", "float16"),
        ("{arange: [0, 0, 7e4]}", "float16"),
        ("{literal: 70000, dtype: int64}, y: 1.0", "float16"),
        ("{literal: 1e39, dtype: float64}", "float16"),
        ("{normal: [2]}", "float16"),
    ],
)
def test_numbers_that_round_to_a_finite_one_and_infinities_that_are_written_stand(read, value, dtype):
    assert read(f"inputs: {{x: {value}}}\nfunction: sum(1.0 * x)\ndtype: {dtype}\n")


@pytest.mark.parametrize(
    ("operator", "seed", "own"),
    [("vjp", "cotangent", "float64"), ("jvp", "tangent", "float16"), ("hvp", "tangent", "float16")],
)
def test_so_are_seeds_in_the_dtype_of_what_they_are_seeds_of(read, operator, seed, own):
    function = "function: sum(x * x)" if operator == "hvp" else "function: x * x"
    inputs = "inputs: {x: {literal: [1.0], dtype: DTYPE}}"
    text = f"{inputs}\n{function}\noperator: {operator}\ndtype: float16\n{seed}: [7e4]\n"
    with pytest.raises(UsageError, match=rf"s\.yaml:5:\d+: {seed}: 70000 is beyond the largest float16"):
        read(text.replace("DTYPE", own))
    if seed == "tangent":
        assert read(text.replace("DTYPE", "float64"))
