"""Every example of the format's documentation that has a function is loaded; so is the first scenario."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from gradcmp.errors import UsageError
from gradcmp.scenario.first import SCHEMA_NAME, first_scenario, schema_text, write_first
from gradcmp.scenario.keys import SUITE_KEYS, SUPPORTED, UNSUPPORTED
from gradcmp.scenario.load import load
from gradcmp.scenario.schema import FILE, KEYS, json_schema

PAGE = Path(__file__).parents[2] / "docs" / "scenario-format.md"
EXAMPLES = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
            if "function:" in text]  # fmt: skip


def plain(text):
    import yaml

    return yaml.safe_load(text.replace("1e-5", "1.0e-5"))


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_loads(number, tmp_path):
    (tmp_path / "example.yaml").write_text(EXAMPLES[number], encoding="utf-8")
    selection = load(["example.yaml"], folder=tmp_path)
    assert all(scenario.id.partition("::")[0] == "example" for scenario in selection.scenarios)


def test_there_are_examples():
    assert len(EXAMPLES) >= 10


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_fits_the_schema(number):
    document = plain(EXAMPLES[number])
    FILE.validate_python(document)
    jsonschema.Draft7Validator(json_schema()).validate(document)


def test_every_key_is_documented_and_in_the_schema():
    page = PAGE.read_text(encoding="utf-8")
    assert set(KEYS) == set(SUPPORTED)
    assert set(json_schema()["definitions"]["suite"]["properties"]) == set(SUITE_KEYS)
    for key in (*SUPPORTED, *UNSUPPORTED, *SUITE_KEYS):
        assert f"`{key}`" in page or f"{key}:" in page


def test_the_schema_is_draft_7_and_refuses_unknown_keys():
    schema = json_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    assert validator.is_valid({"inputs": {"x": 1}, "function": "x"})
    assert not validator.is_valid({"inputs": {"x": 1}, "functon": "x"})
    assert not validator.is_valid({"inputs": {"x": 1}, "function": "x", "tolerance": {"ulp": 3}})


def test_the_first_scenario_is_written_once_and_loads(tmp_path):
    scenario, schema = write_first(tmp_path)
    assert scenario.read_text(encoding="utf-8").startswith(f"# yaml-language-server: $schema={SCHEMA_NAME}\n")
    assert (scenario.parent / SCHEMA_NAME) == schema
    assert json.loads(schema.read_text(encoding="utf-8")) == json.loads(schema_text())
    assert [found.id for found in load([], folder=tmp_path).scenarios] == ["first"]
    FILE.validate_python(plain(first_scenario()))
    with pytest.raises(UsageError, match="there is a file already"):
        write_first(tmp_path)
