"""What people and their enemies write: each is one sentence at its place, found in every file in one pass."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gradcmp.errors import NothingSelectedError, UsageError
from gradcmp.scenario.load import load
from tests.cli.run import gradcmp

SOUND = "inputs: {x: {arange: 4}}\nfunction: sum(x * x)\n"
ROWS = "inputs:\n  x: {normal: [3, 4]}\n  y: {literal: [0, 1, 2], dtype: int64}\n"
TEXT = "expected an expression, a block or a `def`, such as `2 * dot(x, x)`"
NOT_YAML = "this is not YAML:"
A_NAME = "expected letters from A to Z, digits and `_`, no digit first"


def x(function: str) -> str:
    return f"inputs: {{x: {{arange: 4}}}}\nfunction: {function}\n"


CASES: dict[str, tuple[str | bytes, str]] = {
    # What every tool of this kind must survive.
    "unknown key": (SOUND + "operater: vjp\n", "3:1: operater: unknown key; did you mean `operator`?"),
    "wrong type": ("inputs: 3\nfunction: sum(x)\n", "1:9: inputs: found `3`; expected names with inputs, such as `{x: {arange: 4}}`"),
    "missing input": ("function: sum(x)\n", "1:1: `inputs` is missing; expected `inputs: {x: {arange: 4}}`"),
    "unknown primitive": (x("sinn(x)"), "2:11: function: there is no primitive `sinn`; did you mean `sin`?"),
    "wrong arity": (x("dot(x)"), "2:11: function: `dot` takes two operands: `y` is missing; write `dot(x, y)`"),
    "undefined name": (x("sum(x) * w"), "2:20: function: `w` is not defined; expected `x`"),
    "shape mismatch": (
        "inputs: {A: {normal: [2, 3]}, b: {normal: [4]}}\nfunction: sum(A @ b)\n",
        "2:15: function: shapes (2, 3) and (4,) cannot be multiplied; the inner lengths are 3 and 4; `x.T` swaps the axes of a matrix",
    ),
    "non-scalar gradient": (
        x("x * x"),
        ("2:11: function: `gradient` needs a scalar output; the function gives shape (4,); take `jacobian` for all derivatives, "
        "`vjp` for a weighted sum of rows (with a cotangent of ones: `y.sum().backward()`)"),
    ),
    "a terabyte": (
        "inputs: {x: {normal: [1000000, 1000000]}}\nfunction: sum(x)\n",
        "1:13: inputs.x: an array of shape [1000000, 1000000] has 3.6 TiB; expected at most 1 GiB in all; `--max-bytes` (in Python `max_bytes`) sets the limit",
    ),
    "9**9**9": (x("sum(x) * 9**9**9"), "2:20: function: this cannot be computed: this whole number would have more than 4096 bits"),
    "9**9**9 as a length": (
        "inputs: {x: {normal: [9**9**9]}}\nfunction: sum(x)\n",
        "1:23: inputs.x.normal: found `9**9**9`; expected a shape such as `[2, 3]`: whole numbers, not negative",
    ),
    "attribute access": (
        x("x.__class__.__mro__"),
        "2:11: function: `__mro__` is not part of the little language; arrays have `T`, `shape`, `size` and `ndim`",
    ),
    "import": (
        "inputs: {x: 1}\nfunction: |\n  import os\n  return x\n",
        "3:3: function: `import` is not part of the little language; primitives are called by name: `dot(x, x)`",
    ),
    "import by name": (
        x("__import__('os').system('ls')"),
        "2:11: function: there is no primitive `__import__`; `gradcmp list --primitives` prints what there is",
    ),
    "an object": ("!!python/object/apply:os.system ['ls']\n", "1:1: the tag `!!python/object/apply:os.system` is refused; leave it out, or quote the text"),
    "deep nesting": ("a: " + "[" * 60 + "]" * 60, "1:53: more than 50 levels of nesting are refused"),
    "a deep expression": (x("(" * 5000 + "x" + ")" * 5000), "2:11: function: this is nested more than 100 deep; give parts of it names"),
    "a long chain": (x("+".join(["x"] * 5000)), "2:11: function: this is nested more than 100 deep; give parts of it names"),
    "10 MB in one line": (b"x" * 10_000_000, " the file has 10000000 bytes; expected at most 1 MiB"),
    "binary": (b"\x89PNG\r\n\x1a\n\0\0", "1:1: the byte 0x89 is no text in UTF-8; save the file as UTF-8"),
    # What an editor makes of a file.
    "Latin-1": ("# café\n".encode("latin-1") + SOUND.encode(), "1:6: the byte 0xe9 is no text in UTF-8; save the file as UTF-8"),
    "UTF-16": (SOUND.encode("utf-16"), " this is text in UTF-16; save the file as UTF-8"),
    "a tab": ("inputs:\n\tx: 1\n", "2:1: a tab cannot indent; use spaces"),
    "a tab in a block": ("inputs: {x: 1}\nfunction: |\n\treturn x\n", "3:1: a tab cannot indent; use spaces"),
    "lines ended as in Windows": ("inputs: {x: 1}\r\nfunction: |\r\n  y = x\r\n  return z\r\n", "4:10: function: `z` is not defined; expected one of `x`, `y`"),
    # YAML.
    "an unclosed brace": ("inputs: {x: {arange: 4}\nfunction: sum(x)\n", f"1:9: {NOT_YAML} `{{` is not closed; expected `}}`"),
    "an unclosed brace at the end": (SOUND + "expect: {gradient: 2 * x\n", f"3:9: {NOT_YAML} `{{` is not closed; expected `}}`"),
    "an unclosed bracket": ("inputs: {x: [1, 2\nfunction: sum(x)\n", f"1:13: {NOT_YAML} `[` is not closed; expected `]`"),
    "a brace too many": ("inputs: {x: 1}}\nfunction: x\n", f"1:15: {NOT_YAML} `}}` closes nothing; leave it out"),
    "the wrong bracket": ("inputs: {x: [1, 2}}\nfunction: x\n", f"1:18: {NOT_YAML} `[` is closed by `}}`; expected `]`"),
    "more than a quoted text": (
        "inputs: {x: 1}\nfunction: 'it's'\n",
        f"2:15: {NOT_YAML} more follows after a value; expected the end of the line; put the whole text in quotes of the other kind",
    ),
    "an unknown escape": (
        'inputs: {x: 1}\nfunction: "\\q"\n',
        f"2:12: {NOT_YAML} a `\\` in \"…\" begins no escape that there is; write `\\\\` for a backslash, or put the text in '…'",
    ),
    "indented too far": (
        "inputs:\n  x: 1\n   y: 2\nfunction: x\n",
        f"3:5: {NOT_YAML} the line is indented below one that has a value already; expected keys of one mapping to be equally indented",
    ),
    "indented too little": (
        "inputs:\n    x: 1\n  y: 2\nfunction: x\n",
        f"3:3: {NOT_YAML} the line does not fit those above it; expected `key: value`, indented as far as the keys that it belongs to",
    ),
    "the first line is indented": (
        " inputs: {x: 1}\nfunction: x\n",
        f"2:1: {NOT_YAML} the line does not belong to what stands above it; expected one mapping, its keys equally indented",
    ),
    "a block that is not indented": (
        "inputs: {x: 1}\nfunction: |\ny = x\nreturn y\n",
        f"3:1: {NOT_YAML} the line has no key; expected `key: value`; indent the lines of a text further than its key",
    ),
    "Markdown": ("* item\n* item\n", f"1:1: {NOT_YAML} `*` begins a name, and none follows; quote the text"),
    "an open end": ("inputs: {x: 1,\n\n", f"2:1: {NOT_YAML} the file ends inside {{…}} or […]; expected a closing bracket"),
    "a value that cannot begin so": (x("@x"), "2:11: a value cannot begin with `@`; quote the text"),
    "an anchor in itself": ("inputs: &a {x: *a}\nfunction: x\n", "1:16: the alias `*a` repeats the value that it stands in"),
    "an alias of nothing": (x("*x"), "2:11: the alias `*x` has no anchor `&x` before it; quote a text that begins with `*`"),
    "a key twice": ("inputs: {x: 1, x: 2}\nfunction: x\n", "1:16: the key `x` is written twice; the first one is on line 1"),
    # A beginner's slips.
    "a function without its bar": (
        "inputs: {x: 1}\nfunction:\n  y = x\n  return y\n",
        "3:9: function: this cannot be read: invalid syntax; YAML joins these lines to one: write `|` after the colon of the key",
    ),
    "outputs in braces": (
        x("{a: sum(x), b}"),
        (f"2:11: function: found a mapping, which `{{…}}` without quotes is in YAML, and its key `b` has no value; {TEXT}; "
        "a function that returns outputs by name is a text in quotes: `\"{'a': sum(x), 'b': x}\"`"),
    ),
    "the function below the inputs": (
        "inputs:\n  x: {ones: 4}\n  function: {arange: 3}\n",
        "1:1: `function` is missing; expected `function: sum(x * x)`; it stands below `inputs`: indent it as far as `inputs` itself",
    ),
    "two numbers for three": (
        "inputs: {x: {linspace: [0, 1]}}\nfunction: sum(x)\n",
        "1:24: inputs.x.linspace: found a list of 2 numbers; expected three: `[first, last, count]`, such as `[0, 1, 5]`",
    ),
    "two generators": (
        "inputs: {x: {normal: [2], zeros: [2]}}\nfunction: sum(x)\n",
        "1:13: inputs.x: found two generators, `normal` and `zeros`; expected one; leave one out",
    ),
    "not a number": ("inputs: {x: nan}\nfunction: x\n", "1:13: inputs.x: found `nan`; expected a number, or nested lists of numbers; did you mean `.nan`?"),
    "not a number in a function": (x("sum(x) * nan"), "2:20: function: `nan` is not defined; not-a-number is written `.nan`, in `inputs` and `expect` only"),
    "a number of 5000 digits": (x("sum(x) * " + "9" * 5000), "2:11: function: a whole number here has more than 4096 bits"),
    "a product without a sign": (x("2x"), "2:11: function: this cannot be read: invalid decimal literal; a product is written with `*`: `2 * x`"),
    "a minus of typography": (x("x − 1"), "2:13: function: this cannot be read: invalid character '−' (U+2212); write `-`"),
    "a space that is none": (x("x\u00a0* 2"), "2:12: function: this cannot be read: invalid non-printable character U+00A0; write a space"),
    "a letter from elsewhere": (x("х * 2"), "2:11: function: `х` is not defined; `х` is the character U+0445, not one of ASCII"),
    "a key with a letter from elsewhere": (
        SOUND + "operatоr: vjp\n", "3:1: operatоr: unknown key; `о` is the character U+043E, not one of ASCII; did you mean `operator`?"
    ),
    "a Greek input": ("inputs: {θ: 1}\nfunction: 2\n", f"1:10: inputs.θ: `θ` cannot be a name; {A_NAME}; `θ` is the character U+03B8, not one of ASCII"),
    "a word of Python's": ("inputs: {lambda: 1}\nfunction: '1'\n", "1:10: inputs.lambda: `lambda` is a word of Python's own; expected another name"),
    "no space after the colon": ("inputs: {x:1}\nfunction: '1'\n", f"1:10: inputs.x:1: `x:1` cannot be a name; {A_NAME}; write a space after the colon"),
    "an input that is swept": (SOUND + "sweep: {x: [1, 2]}\n", "1:10: inputs.x: `x` is a name of the sweep already; rename one of the two"),
    "100 000 inputs": (
        "inputs:\n" + "".join(f" x{i}: 1\n" for i in range(80_000)) + "function: x1\n",
        "2:2: inputs: found 80000 inputs; expected at most 10000; put them into one array",
    ),
    "an index by an array": (
        ROWS + "function: sum(x[:, y])\n",
        "4:20: function: an index is a whole number, a slice, `...` or `None`, not an array; write `take(x, indices, axis=1)`",
    ),
    "an index by two arrays": (
        ROWS + "function: sum(x[y, y])\n",
        ("4:17: function: an index is a whole number, a slice, `...` or `None`, not an array; one entry of each row is taken by a "
        "mask: `sum(where(y[:, None] == k, x, 0), axis=1)`, with `k: {arange: 10, dtype: int64}` among the inputs for rows of 10"),
    ),
    # Expectations are checked before anything runs.
    "an expected name that is not there": (SOUND + "expect: {gradient: 2 * y}\n", "3:24: expect.gradient: `y` is not defined; expected one of `x`, `result`"),
    "an expectation of another shape": (
        SOUND + "expect: {gradient: \"2 * x[1:]\"}\n",
        "3:20: expect.gradient: the expectation has shape [3]; expected shape [4], or one number for all elements",
    ),
    "an expectation of two arrays": (
        SOUND + "expect: {gradient: \"2 * x, x\"}\n",
        "3:20: expect.gradient: the expression gives several outputs, or one with a name; expected one array",
    ),
    "an expectation of truth values": (
        SOUND + "expect: {gradient: x > 0}\n",
        "3:20: expect.gradient: the expression is true or false; expected numbers",
    ),
    "an expectation of ones": (
        SOUND + "expect: {gradient: ones(4)}\n",
        ("3:20: expect.gradient: there is no primitive `ones`; write `ones_like(x)`, or make it an input (`{ones: 3}`); "
        "in `expect`, `1` holds for every element"),
    ),
    "an expectation of nothing": (
        SOUND + "expect: {gradient: }\n",
        "3:20: expect.gradient: found nothing; expected an expression, numbers, `{about: 0.3333}`, `none` or an outcome",
    ),
    "the result of two outputs": (
        x("sum(x), sum(x * x)") + "expect: {gradient: {'0': result, '1': 2 * x}}\n",
        "3:26: expect.gradient.0: `result` is not defined; expected `x`; `result` needs outputs with names: `return {'a': x, 'b': y}`",
    ),
    "a fault in the second dtype": (
        ("inputs: {x: 1.0, w: {literal: 2.0, dtype: float64}}\n"
        "function: |\n  if x > 0:\n    y = x\n  else:\n    y = w\n  return y\ndtype: [float64, float32]\n"),
        "3:3: function: for dtype float32: `y` differs: float32 one way, float64 the other; give it one type on every way",
    ),
}  # fmt: skip


def told(folder: Path, text: str | bytes) -> list[str]:
    (folder / "bad.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as caught:
        load(["bad.yaml"], folder=folder)
    return [str(complaint).partition("\n")[0] for complaint in caught.value.complaints]


@pytest.mark.parametrize("name", CASES)
def test_the_first_complaint(name: str, tmp_path: Path) -> None:
    text, expected = CASES[name]
    assert told(tmp_path, text)[0] == f"bad.yaml:{expected}"


def test_a_command_tells_all_of_them_at_once_and_runs_nothing(tmp_path: Path) -> None:
    for number, (text, _) in enumerate(CASES.values()):
        (tmp_path / f"bad{number}.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    for command in ("check", "run"):
        done = gradcmp(command, ".", cwd=tmp_path)
        assert done.returncode == 2
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        assert all(f"bad{number}.yaml:{expected}" in done.stderr for number, (_, expected) in enumerate(CASES.values()))


@pytest.mark.parametrize(
    "name", ["torch", "tf", "jnp", "np", "self", "_", "__class__", "lax", "f", "sum", "result", "math", "match", "pi"]
)
def test_an_input_may_be_called_so(name: str, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(f"inputs: {{{name}: 1.5}}\nfunction: 2 * {name}\nexpect: {{gradient: 2}}\n")
    assert [scenario.wrt for scenario in load(["good.yaml"], folder=tmp_path).scenarios] == [(name,)]


@pytest.mark.parametrize("text", [b"\xef\xbb\xbf" + SOUND.encode(), SOUND.replace("\n", "\r\n").encode()])
def test_marks_of_other_systems_are_no_fault(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_bytes(text)
    assert len(load(["good.yaml"], folder=tmp_path).scenarios) == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(SOUND)
    path.chmod(0)
    with pytest.raises(UsageError) as caught:
        load(["bad.yaml"], folder=tmp_path)
    assert str(caught.value) == "bad.yaml: the file cannot be read: Permission denied"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npy")
    (found,) = told(tmp_path, "inputs: {x: {npy: pipe.npy}}\nfunction: sum(x)\n")
    assert found == "bad.yaml:1:19: inputs.x.npy: `pipe.npy`: it is not a file"


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingSelectedError) as caught:
        load(["empty"], folder=tmp_path)
    assert str(caught.value) == "nothing was selected: there is no scenario file (*.yaml) in empty"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load(["nowhere/"], folder=tmp_path)
    assert str(caught.value) == "there is no file or folder `nowhere/`"


def test_one_id_twice(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SOUND)
    (tmp_path / "a.yml").write_text(SOUND)
    with pytest.raises(UsageError) as caught:
        load(["."], folder=tmp_path)
    assert str(caught.value) == "a.yml:1:1: two scenarios have the id `a`; the other is at a.yaml:1:1"


@pytest.mark.parametrize("argument", ["d2l/two-x-dot-x", "d2l", "d2l/two-x-dot-x[gradient-float32]"])
def test_a_shipped_scenario_is_found_by_its_option(argument: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load([argument], folder=tmp_path)
    assert str(caught.value) == (
        f"there is no scenario, file or folder `{argument}`; "
        "it is among the scenarios that come with gradcmp: add `--shipped` (in Python `shipped=True`)"
    )
    assert load([argument], folder=tmp_path, shipped=True).scenarios
