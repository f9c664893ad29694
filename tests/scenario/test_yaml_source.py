"""YAML → nodes, with the fast parser and without it; and nothing that a file can hold gets past UsageError."""

import json

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradcmp.errors import UsageError
from gradcmp.scenario import yaml_source
from gradcmp.scenario.arithmetic import NotArithmetic, evaluate
from gradcmp.scenario.generators import OPTIONS
from gradcmp.scenario.keys import SCENARIO as KEYS
from gradcmp.scenario.load import load
from gradcmp.scenario.nodes import Mapping, Scalar, Sequence
from gradcmp.scenario.yaml_source import read_text, resolve_plain
from tests.work import at_most


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def loader(request, monkeypatch):
    monkeypatch.setattr(yaml_source, "LOADER", getattr(yaml, request.param))


def bare(node):
    if isinstance(node, Mapping):
        return {name: bare(value) for name, value in node.items()}
    if isinstance(node, Sequence):
        return [bare(item) for item in node.items]
    return node.value


TEXT = """\
# a comment
a: {b: [1, 2.5, "x", 'y', no, ~], "1e-5": 1e-5}
é: |
  first
    second

  third
f: >-
  folded
  text
g: &anchor [1]
h: *anchor
"""


@pytest.mark.usefixtures("loader")
def test_values_and_places():
    root = read_text(TEXT, "f.yaml")
    assert bare(root) == {
        "a": {"b": [1, 2.5, "x", "y", "no", None], "1e-5": 1e-5},
        "é": "first\n  second\n\nthird\n",
        "f": "folded text",
        "g": [1],
        "h": [1],
    }
    assert str(root.location) == "f.yaml:2:1"
    assert str(root["a"]["b"].items[1].location) == "f.yaml:2:12"
    assert str(root["a"]["b"].items[2].content) == "f.yaml:2:18"
    block = root["é"]
    assert (str(block.location), str(block.content), block.indent) == ("f.yaml:3:4", "f.yaml:4:3", 2)


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    ("text", "place", "value"),
    [
        ("f: |\n\n  x\n", "2:3", "\nx\n"),
        ("a:\n  f: |2\n      x\n", "3:5", "  x\n"),
        ("f: |-\n        x", "2:9", "x"),
        ("f: | # why\n  x\n", "2:3", "x\n"),
        ("f: |\n", "2:1", ""),
    ],
)
def test_where_a_block_begins(text, place, value):
    node = read_text(text, "f")
    while isinstance(node, Mapping):
        node = next(iter(node.entries.values())).value
    assert node.text == value
    assert str(node.content) == f"f:{place}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0o17", 15), ("0x1f", 31), ("017", 17), ("+1", 1), ("1_000", "1_000"), ("0b1", "0b1"), ("1:30", "1:30"),
        ("1e3", 1000.0), ("1.", 1.0), (".5", 0.5), ("1e-5", 1e-5), ("-.inf", float("-inf")), (".", "."), ("-", "-"),
        ("yes", "yes"), ("TRUE", True), ("tRUE", "tRUE"), ("null", None), ("", None), ("2020-01-01", "2020-01-01"),
        ("9" * 500, "9" * 500),
    ],
)  # fmt: skip
def test_the_core_schema(text, value):
    found = resolve_plain(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "value"), [("2*n", 16), ("n//3 + 1", 3), ("-(n - 1)", -7), ("2**n", 256), ("n / 16", 0.5), ("1e1", 10.0)]
)
def test_arithmetic(text, value):
    assert evaluate(text, {"n": 8}) == value


@pytest.mark.parametrize(
    "text",
    ["", "m", "n.real", "f(n)", "n if n else 1", "9**9**9**9", "2**64", "1/0", "(" * 199, "[n]", "'a'*9", "n\n", "w*2",
     "(-8) ** 0.5", "1e300*1e300*1e300**2", "True", "__import__('os')", "n" * 500],
)  # fmt: skip
def test_what_is_no_arithmetic(text):
    try:
        value = evaluate(text, {"n": 8, "w": "word"})
    except NotArithmetic:
        return
    assert isinstance(value, int | float)
    assert text in ("n\n", "1e300*1e300*1e300**2")


# Nothing that a file can hold is a crash --------------------------------------------------------------------

NAMES = "x n seed key zip geometric defaults scenarios raises about torch value strict none died off nan".split()  # noqa: SIM905
ODD = ["<<", "", "a b", "sum(x)", "2 * x", "def f(x):\n  return x", "{", "0x", "1e999", ".nan"]
WORDS = st.sampled_from([*KEYS, *OPTIONS, *NAMES, *ODD])
LEAVES = st.one_of(
    WORDS, st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from([0, 1, 2, 8, -1])
)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5), max_leaves=8
)
SOUND = {"inputs": {"x": {"arange": 3}, "n": {"normal": [2]}}, "function": "sum(x) * sum(n)"}
SCENARIOS = st.dictionaries(st.sampled_from(list(KEYS)), TREES, max_size=2).map(lambda own: SOUND | own)
BOUNDED = settings(
    derandomize=True, max_examples=100, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


def survives(folder, data):
    """Load the bytes; anything but a complaint or a sound scenario fails the test, and so does taking long."""
    (folder / "f.yaml").write_bytes(data)
    with at_most(2_000_000):
        try:
            load(["f.yaml"], folder=folder)
        except UsageError as error:
            shown = str(error)
        else:
            shown = "sound"
    assert shown


@BOUNDED
@given(data=st.binary(max_size=200))
def test_random_bytes(tmp_path, data):
    survives(tmp_path, data)


@BOUNDED
@given(text=st.text(alphabet=st.sampled_from("ab:-?[]{}&*!|>'\"%@`# \n\t,0.é(+)~"), max_size=60))
def test_random_text(tmp_path, text):
    survives(tmp_path, text.encode())


@BOUNDED
@given(tree=TREES)
def test_random_trees(tmp_path, tree):
    survives(tmp_path, yaml.safe_dump(tree).encode())


@BOUNDED
@given(tree=SCENARIOS)
def test_random_scenarios(tmp_path, tree):
    survives(tmp_path, json.dumps(tree).encode())


@BOUNDED
@given(members=st.dictionaries(WORDS, SCENARIOS, max_size=2), defaults=TREES)
def test_random_suites(tmp_path, members, defaults):
    survives(tmp_path, json.dumps({"defaults": defaults, "scenarios": members}).encode())


@pytest.mark.parametrize(
    "text",
    ["- " * 20_000, "[" * 20_000, "{a: " * 20_000, "a: " * 5, "? " * 20_000, "&a " * 1000, "'" + "x" * 500_000,
     "x: " + "[1, " * 30 + "]" * 30, "k: v\n" * 100_000, "a: [" + "1, " * 100_000 + "]",
     "inputs: {x: [" + "1, " * 100_000 + "]}\nfunction: sum(x)\n"],
)  # fmt: skip
def test_large_and_odd_files(tmp_path, text):
    (tmp_path / "f.yaml").write_text(text)
    try:
        load(["f.yaml"], folder=tmp_path)
    except UsageError as error:
        count = len(error.complaints)
    else:
        count = 0
    assert count <= 200


def test_a_scalar_describes_itself():
    node = read_text("x", "f")
    assert isinstance(node, Scalar)
    assert not node.is_empty
