"""The JSON Schema takes every scenario that there is, and no slip of the pen."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from gradcmp.scenario.first import FIRST_SCENARIO
from gradcmp.scenario.generators import OPTIONS
from gradcmp.scenario.keys import SCENARIO, SUITE
from gradcmp.scenario.schema import json_schema
from tests.scenario.test_documentation import EXAMPLES

SCENARIOS = Path(__file__).parents[2] / "scenarios"
FILES = sorted(SCENARIOS.rglob("*.yaml"))
VALIDATOR = jsonschema.Draft7Validator(json_schema())
SOUND = {"inputs": {"x": {"arange": 4}}, "function": "sum(x)"}


def plain(text):
    return yaml.safe_load(text.replace("1e-5", "1.0e-5"))


def test_it_is_a_schema_of_draft_7():
    jsonschema.Draft7Validator.check_schema(json_schema())


@pytest.mark.parametrize("text", [*EXAMPLES, FIRST_SCENARIO])
def test_every_example_fits(text):
    VALIDATOR.validate(plain(text))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SCENARIOS)))
def test_every_shipped_scenario_fits(path):
    VALIDATOR.validate(plain(path.read_text(encoding="utf-8")))


def test_it_has_every_key_and_every_generator():
    definitions = json_schema()["definitions"]
    assert set(definitions["scenario"]["properties"]) == {name for name, key in SCENARIO.items() if key.supported}
    assert definitions["scenario"]["required"] == ["inputs", "function"]
    assert set(definitions["suite"]["properties"]) == set(SUITE)
    assert {name.removeprefix("generator_") for name in definitions if name.startswith("generator_")} == set(OPTIONS)


def test_a_suite_may_have_a_description():
    VALIDATOR.validate({"description": "all of it", "scenarios": {"a": SOUND}})
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({"description": ["x"], "scenarios": {"a": SOUND}})


@pytest.mark.parametrize("name", [name for name, key in SCENARIO.items() if key.supported])
def test_the_examples_of_a_key_fit(name):
    for example in SCENARIO[name].examples:
        VALIDATOR.validate(SOUND | {name: example})


@pytest.mark.parametrize(
    "mistake",
    [
        {},
        {"functon": "x"},
        {"reference": "x"},
        {"inputs": [1, 2]},
        {"function": ["x"]},
        {"operator": 3},
        {"operator": [["gradient"]]},
        {"wrt": {"x": 1}},
        {"tolerance": {"ulp": 3}},
        {"tolerance": 3},
        {"timeout": [1]},
        {"timeout": True},
        {"skip": {"jax": 3}},
        {"skip": "jax"},
        {"sweep": {"n": 3}},
        {"sweep": {"n": [[3]]}},
        {"expect": ["x"]},
        {"description": ["x"]},
        {"scenarios": {}},
        {"inputs": None},
    ],
    ids=str,
)
def test_a_planted_mistake_does_not(mistake):
    assert VALIDATOR.is_valid(SOUND)
    document = SOUND | mistake if mistake else {"inputs": SOUND["inputs"]}
    assert not VALIDATOR.is_valid(document)


@pytest.mark.parametrize(
    "mistake",
    [{"defaults": SOUND}, {"scenarios": {"a": {"functon": "x"}}}, {"scenarios": {"a": SOUND}, "default": {}}],
    ids=str,
)
def test_a_mistake_in_a_suite_does_not(mistake):
    assert VALIDATOR.is_valid({"defaults": {"operator": "vjp"}, "scenarios": {"a": SOUND}})
    assert not VALIDATOR.is_valid(mistake)
