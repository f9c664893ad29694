"""Bad files and the exact complaints about them, at their places."""
# ruff: noqa: E501, RUF100  # a complaint reads best in one piece

import struct

import pytest

from gradcmp.errors import UsageError
from gradcmp.scenario.load import load

SOUND = "inputs: {x: {arange: 4}}\nfunction: sum(x * x)\n"
LINE = 3  # the first line after SOUND


def complaints(folder, text, name="bad.yaml", **options):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as caught:
        load([name], folder=folder, **options)
    return [str(problem) for problem in caught.value.complaints]


CASES = {
    "unknown key": (
        SOUND + "operater: vjp\n",
        ["bad.yaml:3:1: operater: unknown key; did you mean `operator`?"],
    ),
    "a word that people use for another key": (
        SOUND + "expected: 3\n",
        ["bad.yaml:3:1: expected: unknown key; did you mean `expect`?"],
    ),
    "wrong type": (
        "inputs: 3\nfunction: sum(x)\n",
        ["bad.yaml:1:9: inputs: found `3`; expected names with inputs, such as `{x: {arange: 4}}`"],
    ),
    "missing inputs": (
        "function: sum(x)\n",
        ["bad.yaml:1:1: `inputs` is missing; expected `inputs: {x: {arange: 4}}`"],
    ),
    "missing function": (
        "inputs: {x: 1}\n",
        ["bad.yaml:1:1: `function` is missing; expected `function: sum(x * x)`"],
    ),
    "unknown generator": (
        "inputs: {x: {normall: [2]}}\nfunction: sum(x)\n",
        ["bad.yaml:1:14: inputs.x.normall: unknown generator; did you mean `normal`?"],
    ),
    "a generator of another library": (
        "inputs: {x: {randn: [2], seed: 1}}\nfunction: sum(x)\n",
        ["bad.yaml:1:14: inputs.x.randn: unknown generator; did you mean `normal`?"],
    ),
    "unknown option": (
        "inputs: {x: {normal: [2], sead: 3}}\nfunction: sum(x)\n",
        ["bad.yaml:1:27: inputs.x.sead: `normal` has no option `sead`; did you mean `seed`?"],
    ),
    "option of another generator": (
        "inputs: {x: {normal: [2], low: 3}}\nfunction: sum(x)\n",
        ["bad.yaml:1:27: inputs.x.low: `normal` has no option `low`; its options are `seed`, `dtype`"],
    ),
    "missing option": (
        "inputs: {x: {full: [2]}}\nfunction: sum(x)\n",
        ["bad.yaml:1:13: inputs.x: `full` needs `fill`; write `{full: …, fill: …}`"],
    ),
    "a shape that is none": (
        "inputs: {x: {normal: [2.5]}}\nfunction: sum(x)\n",
        ["bad.yaml:1:23: inputs.x.normal: found `2.5`; expected a shape such as `[2, 3]`: whole numbers, not negative"],
    ),
    "ragged lists": (
        "inputs: {x: [[1, 2], [3]]}\nfunction: sum(x)\n",
        ["bad.yaml:1:13: inputs.x: the lists are not equally long; expected a rectangular array"],
    ),
    "a number beyond its dtype": (
        "inputs: {x: 1.0, i: {literal: [300], dtype: uint8}}\nfunction: x\n",
        ["bad.yaml:1:21: inputs.i: a number here does not fit uint8; expected numbers that uint8 holds exactly"],
    ),
    "a number that overflows": (
        "inputs: {x: 1e999}\nfunction: x\n",
        ["bad.yaml:1:13: inputs.x: `1e999` is too large; expected a number below 1e308"],
    ),
    "bad dtype": (
        SOUND + "dtype: double\n",
        [("bad.yaml:3:8: dtype: found `double`; expected one of float16, bfloat16, float32, float64, or all; "
         "did you mean `float64`?")],
    ),
    "bad operator": (
        SOUND + "operator: [gradient, grad]\n",
        [("bad.yaml:3:22: operator: found `grad`; expected one of value, gradient, vjp, jvp, jacobian, hessian, hvp; "
         "did you mean `gradient`?")],
    ),
    "operator and protocol": (
        SOUND + "operator: vjp\nprotocol: accumulate\n",
        ["bad.yaml:4:1: protocol: a scenario has `operator` or `protocol`, not both; leave one out"],
    ),
    "two outputs for two_targets": (
        SOUND + "protocol: two_targets\n",
        ["bad.yaml:3:1: protocol: `two_targets` needs two outputs, the function has 1; return two: `return a, b`"],
    ),
    "wrt of nothing": (
        SOUND + "wrt: y\n",
        ["bad.yaml:3:6: wrt: `y` is not an input; the inputs are `x`"],
    ),
    "wrt of integers": (
        "inputs: {x: 1.0, i: {integers: [2], high: 3}}\nfunction: x\nwrt: i\n",
        ["bad.yaml:3:6: wrt: `i` holds integers; expected a floating input"],
    ),
    "nothing floating": (
        "inputs: {i: {integers: [2], high: 3}}\nfunction: sum(i)\n",
        ["bad.yaml:1:9: inputs: there is no floating input to differentiate by; numbers without a `dtype` are floating"],
    ),
    "a cotangent without vjp": (
        SOUND + "cotangent: 1.0\n",
        ["bad.yaml:3:1: cotangent: a cotangent is the seed of `vjp` alone; expected `operator: vjp`"],
    ),
    "a cotangent of another shape": (
        "inputs: {x: {arange: 4}}\nfunction: x * x\noperator: vjp\ncotangent: [1, 2]\n",
        ["bad.yaml:4:12: cotangent: the seed has shape [2]; expected shape [4]"],
    ),
    "a tangent of nothing": (
        SOUND + "operator: jvp\ntangent: {y: 1.0}\n",
        ["bad.yaml:4:10: tangent: `x` has no tangent; expected one for each input",
         "bad.yaml:4:11: tangent.y: there is no input `y`; expected `x`"],
    ),
    "a sweep without end": (
        SOUND + "sweep: {n: {geometric: [0, 8, 3]}}\n",
        ["bad.yaml:3:25: sweep.n.geometric: found `0`; expected `[first, last, count]`, two positive numbers and how many"],
    ),
    "a sweep that is no list": (
        SOUND + "sweep: {n: 3}\n",
        ["bad.yaml:3:12: sweep.n: found `3`; expected a list, or `{geometric: [first, last, count]}`"],
    ),
    "a sweep of lists of two lengths": (
        SOUND + "sweep: {zip: {m: [1, 2], n: [3]}}\n",
        ["bad.yaml:3:14: sweep.zip: the lists are not equally long: `m` has 2, `n` has 1; expected lists of one length"],
    ),
    "a sweep of the mode": (
        SOUND + "sweep: {mode: [loop]}\n",
        ["bad.yaml:3:9: sweep.mode: `mode` cannot be swept; write `mode: [loop, vectorized]` beside the sweep"],
    ),
    "a sweep of too much": (
        SOUND + "sweep: {a: {geometric: [1, 1e9, 100]}, b: {geometric: [1, 1e9, 100]}}\n",
        ["bad.yaml:3:8: sweep: the sweep has 9216 combinations; expected at most 1000"],
    ),
    "a name that is not swept": (
        "inputs: {x: {normal: [k]}}\nfunction: sum(x)\nsweep: {n: [1, 2]}\n",
        [("bad.yaml:1:23: inputs.x.normal: found `k`; expected a shape such as `[2, 3]`: whole numbers, not negative; "
         "`k` is not a sweep name")],
    ),
    "a tolerance of both sorts": (
        SOUND + "tolerance: {ulps: 3, rtol: 1e-5}\n",
        ["bad.yaml:3:12: tolerance: the tolerance is not one of the two sorts; expected `{ulps: n}` or `{rtol: r, atol: a}`"],
    ),
    "timing": (
        SOUND + "timing: fast\n",
        ["bad.yaml:3:9: timing: found `fast`; expected `off`, `quick`, or seconds of budget"],
    ),
    "timeout": (
        SOUND + "timeout: 0\n",
        ["bad.yaml:3:10: timeout: found `0`; expected seconds, above 0"],
    ),
    "a terabyte": (
        "inputs: {x: {zeros: [1000000, 1000000]}}\nfunction: sum(x)\n",
        [("bad.yaml:1:13: inputs.x: an array of shape [1000000, 1000000] has 3.6 TiB; expected at most 1 GiB in all; "
         "`--max-bytes` (in Python `max_bytes`) sets the limit")],
    ),
    "a shape beyond all numbers": (
        "inputs: {x: {zeros: [9e15, 9e15, 9e15, 9e15]}}\nfunction: sum(x)\n",
        [("bad.yaml:1:13: inputs.x: an array of shape [9000000000000000, 9000000000000000, 9000000000000000, "
         "9000000000000000] has more bytes than there are; expected at most 1 GiB in all; `--max-bytes` (in Python `max_bytes`) sets the limit")],
    ),
    "an unquoted comma": (
        "{inputs: {x: {arange: 4}}, function: sum(maximum(x, 0))}\n",
        [("bad.yaml:1:38: the comma in `sum(maximum(x, 0))` ends the value: inside {…} an expression with a comma needs "
         'quotes; write "sum(maximum(x, 0))"')],
    ),
    "unquoted commas that make a key twice": (
        "scenarios:\n  a: {inputs: {x: 1.0}, function: where(x > 0, x, x, x)}\n",
        [("bad.yaml:2:35: the comma in `where(x > 0, x, x, x)` ends the value: inside {…} an expression with a comma needs "
         'quotes; write "where(x > 0, x, x, x)"')],
    ),
    "a bracket in a flow mapping": (
        "{inputs: {x: {arange: 4}}, function: x[0]}\n",
        ["bad.yaml:1:39: this is not YAML: `[` stands inside a text; inside {…} and […] an expression with a bracket needs quotes"],
    ),
    "a list for a function": (
        "inputs: {x: 1.0}\nfunction: [x, 2 * x]\n",
        ["bad.yaml:2:11: function: found a list; expected an expression, a block or a `def`, such as `2 * dot(x, x)`; several outputs are written `x, 2 * x`, without brackets"],
    ),
    "duplicate key": (
        SOUND + "function: sum(x)\n",
        ["bad.yaml:3:1: the key `function` is written twice; the first one is on line 2"],
    ),
    "merge key": (
        "a: &a {x: 1}\ninputs: {<<: *a}\n",
        ["bad.yaml:2:10: `<<` is no key: YAML 1.2 does not merge; what the members of a suite share stands below `defaults`"],
    ),
    "a tag": (
        "inputs: !!python/object:os.system {x: 1}\nfunction: x\n",
        ["bad.yaml:1:9: the tag `!!python/object:os.system` is refused; leave it out, or quote the text"],
    ),
    "a core tag": ("inputs: {x: !!float 1}\nfunction: x\n", ["bad.yaml:1:13: the tag `!!float` is refused; leave it out, or quote the text"]),
    "two documents": (
        SOUND + "---\n" + SOUND,
        ["bad.yaml:3:1: a second document begins here; write one scenario or suite per file"],
    ),
    "deep nesting": ("a: " + "[" * 60 + "]" * 60, ["bad.yaml:1:53: more than 50 levels of nesting are refused"]),
    "very deep nesting": ("[" * 500_000, ["bad.yaml:1:51: more than 50 levels of nesting are refused"]),
    "an alias bomb": (
        "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        ["bad.yaml:4:36: aliases repeat more than 10000 values; write the values out, or use a sweep"],
    ),
    "an alias in itself": ("a: &a [*a]\n", ["bad.yaml:1:8: the alias `*a` repeats the value that it stands in"]),
    "a tab": ("inputs:\n\tx: 1\n", ["bad.yaml:2:1: a tab cannot indent; use spaces"]),
    "a NUL": ("inputs: \0\n", ["bad.yaml:1:9: the character U+0000 does not belong in a text file; leave it out"]),
    "binary": (b"\x89PNG\r\n\x1a\n\0\0", ["bad.yaml:1:1: the byte 0x89 is no text in UTF-8; save the file as UTF-8"]),
    "10 MB in one line": (b"x" * 10_000_000, ["bad.yaml: the file has 10000000 bytes; expected at most 1 MiB"]),
    "nothing": ("", ["bad.yaml: the file is empty; expected a scenario (`inputs`, `function`) or a suite (`scenarios`)"]),
    "a word": (
        "hello\n",
        ["bad.yaml:1:1: found `hello`; expected a scenario (`inputs`, `function`) or a suite (`scenarios`)"],
    ),
    "an unclosed quote": (
        "inputs: {x: 1}\nfunction: 'x\n",
        ["bad.yaml:2:11: this is not YAML: the file ends inside a quoted text; expected a closing quote"],
    ),
    "a second colon": (
        "function: a: b\n",
        ["bad.yaml:1:12: this is not YAML: a second `: ` on this line; quote a text that contains `: `"],
    ),
    "a suite with a scenario's key": (
        "function: x\nscenarios: {a: {inputs: {x: 1.0}, function: x}}\n",
        ["bad.yaml:1:1: function: unknown key of a suite; expected `description`, `defaults` or `scenarios`; put it below `defaults`"],
    ),
    "another word for a suite's description": (
        "title: t\nscenarios: {a: {inputs: {x: 1.0}, function: x}}\n",
        ["bad.yaml:1:1: title: unknown key of a suite; expected `description`, `defaults` or `scenarios`; did you mean `description`?"],
    ),
    "a suite's description that is no text": (
        "description: [a]\nscenarios: {a: {inputs: {x: 1.0}, function: x}}\n",
        ["bad.yaml:1:14: description: found a list; expected a text"],
    ),
    "an empty suite": (
        "scenarios: {}\n",
        ["bad.yaml:1:12: scenarios: found an empty mapping; expected names with scenarios, such as `{exp: {function: exp(x)}}`"],
    ),
    "a member's name": (
        "scenarios: {a b: {inputs: {x: 1.0}, function: x}}\n",
        ["bad.yaml:1:13: scenarios.a b: `a b` cannot be a name; expected letters from A to Z, digits, `_`, `.` and `-`"],
    ),
    "a member's key": (
        "scenarios: {a: {inputs: {x: 1.0}, function: x, opertor: vjp}}\n",
        ["bad.yaml:1:48: scenarios.a.opertor: unknown key; did you mean `operator`?"],
    ),
    "expect: an operator misspelt": (
        SOUND + "expect: {gradeint: 2 * x}\n",
        ["bad.yaml:3:10: expect.gradeint: unknown key; expected an operator, such as `gradient`, or a target pattern, such as `torch` or `jax-compiled-*`; did you mean `gradient`?"],
    ),
    "expect: a backend misspelt": (
        SOUND + "expect: {tensoflow: {value: 14}}\n",
        ["bad.yaml:3:10: expect.tensoflow: unknown key; expected an operator, such as `gradient`, or a target pattern, such as `torch` or `jax-compiled-*`; did you mean `tensorflow`?"],
    ),
    "expect: an expression for a target": (
        SOUND + "expect: {torch: 2 * x}\n",
        [("bad.yaml:3:17: expect.torch: found `2 * x`; expected operators, such as `{gradient: 2 * x}`, or an outcome, "
         "such as `unsupported`")],
    ),
    "expect: numbers of another shape": (
        SOUND + "expect: {gradient: [0, 2, 4]}\n",
        ["bad.yaml:3:20: expect.gradient: the expectation has shape [3]; expected shape [4], or one number for all elements"],
    ),
    "expect: an expression of another shape": (
        SOUND + "expect: {gradient: \"x[:2]\"}\n",
        ["bad.yaml:3:20: expect.gradient: the expectation has shape [2]; expected shape [4], or one number for all elements"],
    ),
    "expect: one value for several inputs": (
        "inputs: {x: 1.0, w: 1.0}\nfunction: x * w\nexpect: {gradient: w}\n",
        ["bad.yaml:3:20: expect.gradient: found one value for the 2 arrays that `gradient` gives; expected a map with `x` and `w`"],
    ),
    "expect: a leaf that is not there": (
        "inputs: {x: 1.0, w: 1.0}\nfunction: x * w\nexpect: {gradient: {y: w}}\n",
        ["bad.yaml:3:21: expect.gradient.y: `gradient` gives no `y`; expected `x` or `w`"],
    ),
    "expect: a verdict": (
        SOUND + "expect: {gradient: {verdict: konvention}}\n",
        None,
    ),
    "expect: a regular expression": (
        SOUND + "expect: {torch: {raises: RuntimeError, match: \"(\"}}\n",
        None,
    ),
    "skip: a backend misspelt": (
        SOUND + "skip: {pytorch: slow}\n",
        ["bad.yaml:3:8: skip.pytorch: `pytorch` names no target; expected a target pattern, such as `torch` or `jax-compiled-*`; did you mean `torch`?"],
    ),
    "skip: no reason": (
        SOUND + "skip: {torch: }\n",
        ["bad.yaml:3:15: skip.torch: found nothing; expected the reason, in words"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_exact_complaint(name, tmp_path):
    text, expected = CASES[name]
    found = complaints(tmp_path, text)
    if expected is None:
        assert len(found) == 1
        assert found[0].startswith("bad.yaml:3:")
    else:
        assert found == expected


@pytest.mark.parametrize(
    "key", ["reference", "static", "convert", "layouts", "compute_dtype", "settings", "intermediates"]
)
def test_keys_that_are_not_supported_yet(key, tmp_path):
    assert complaints(tmp_path, SOUND + f"{key}: {{a: b}}\n") == [f"bad.yaml:3:1: {key}: `{key}` is not supported yet"]


def test_functions_of_ones_own_are_not_supported_yet(tmp_path):
    text = 'inputs: {x: 1.0}\nfunction: {torch: "model.py:loss"}\n'
    (found,) = complaints(tmp_path, text)
    assert found.startswith(
        "bad.yaml:2:11: function: functions of your own (backend → FILE.py:NAME) are not supported yet"
    )


def test_all_complaints_of_all_files_in_one_pass(tmp_path):
    (tmp_path / "a.yaml").write_text(SOUND + "tag: x\n")
    (tmp_path / "b.yaml").write_text(SOUND + "dtyp: x\ntimeout: soon\n")
    with pytest.raises(UsageError) as caught:
        load(["b.yaml", "a.yaml"], folder=tmp_path)
    assert [str(problem).partition(" ")[0] for problem in caught.value.complaints] == [
        "b.yaml:3:1:", "b.yaml:4:10:", "a.yaml:3:1:",
    ]  # fmt: skip


def test_the_function_is_complained_about_at_its_place(tmp_path):
    text = "inputs: {x: {arange: 4}}\nfunction: |\n  y = x * 2\n  return sum(y * z)\n"
    (found,) = complaints(tmp_path, text)
    assert found.startswith("bad.yaml:4:18: function: ")


@pytest.mark.parametrize(("style", "place"), [("sum(y)", "2:15"), ("'sum(y)'", "2:16"), ("|4\n      sum(y)", "3:11")])
def test_the_place_in_every_style_of_text(style, place, tmp_path):
    (found,) = complaints(tmp_path, f"inputs: {{x: {{arange: 4}}}}\nfunction: {style}\n")
    assert found.startswith(f"bad.yaml:{place}: function: ")


@pytest.mark.parametrize("operator", ["gradient", "hessian"])
def test_a_vector_has_no_gradient_and_the_others_are_named(operator, tmp_path):
    (found,) = complaints(tmp_path, f"inputs: {{x: {{arange: 4}}}}\nfunction: x * x\noperator: {operator}\n")
    assert found.startswith("bad.yaml:2:11: function: ")
    assert "`vjp`" in found
    assert "`jacobian`" in found


def test_a_comparison_has_no_derivative(tmp_path):
    (found,) = complaints(tmp_path, "inputs: {x: {arange: 4}}\nfunction: x > 0\noperator: vjp\n")
    assert found.startswith("bad.yaml:2:11: function: the function gives bool, which has no derivative")


def test_complaints_about_defaults_name_them(tmp_path):
    text = "defaults: {inputs: {x: 1.0}, dtype: flot32}\nscenarios: {a: {function: x}, b: {function: 2 * x}}\n"
    (found,) = complaints(tmp_path, text)
    assert found.startswith("bad.yaml:1:37: defaults.dtype: found `flot32`")


def test_complaints_about_inputs_are_those_of_whoever_wrote_them(tmp_path):
    text = (
        "defaults:\n  inputs: {x: {normal: [-1]}}\nscenarios:\n"
        "  a: {function: x, inputs: {w: {normal: [-2]}}}\n  b: {function: x}\n"
    )
    assert [line.split(": ")[1] for line in complaints(tmp_path, text)] == [
        "defaults.inputs.x.normal", "scenarios.a.inputs.w.normal",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "it is not a valid npz file"), (b"PK\x03\x04 and nothing", "it cannot be read: File is not a zip file")],
)
def test_files_that_are_none(content, reason, tmp_path):
    (tmp_path / "d.npz").write_bytes(content)
    (found,) = complaints(tmp_path, "inputs: {x: {npz: d.npz, key: X}}\nfunction: sum(x)\n")
    assert found.startswith("bad.yaml:1:19: inputs.x.npz: `d.npz`: ")
    assert reason.split(":")[0] in found or "cannot be read" in found


def test_a_file_that_is_not_there(tmp_path):
    (found,) = complaints(tmp_path, "inputs: {x: {npy: d.npy}}\nfunction: sum(x)\n")
    assert found == "bad.yaml:1:19: inputs.x.npy: `d.npy`: it cannot be read: No such file or directory"


@pytest.mark.parametrize("size", [0, 6, 7, 8, 9])
def test_a_file_that_ends_in_its_header(tmp_path, size):
    (tmp_path / "d.npy").write_bytes(b"\x93NUMPY\x01\x00\x76"[:size])
    (found,) = complaints(tmp_path, "inputs: {x: {npy: d.npy}}\nfunction: sum(x)\n")
    assert found == "bad.yaml:1:19: inputs.x.npy: `d.npy`: it is not a valid npy file"


def test_objects_are_never_unpickled(tmp_path):
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n"
    (tmp_path / "d.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
    (found,) = complaints(tmp_path, "inputs: {x: {npy: d.npy}}\nfunction: sum(x)\n")
    assert found == "bad.yaml:1:19: inputs.x.npy: `d.npy`: the dtype is `|O`, which gradcmp does not take"


def test_a_limit_that_is_raised(tmp_path):
    (tmp_path / "big.yaml").write_text("inputs: {x: {zeros: [1024, 1024]}}\nfunction: sum(x)\n")
    with pytest.raises(UsageError, match="4 MiB"):
        load(["big.yaml"], folder=tmp_path, max_bytes=2**20)
    assert load(["big.yaml"], folder=tmp_path, max_bytes=2**22).scenarios
