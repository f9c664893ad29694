"""The format's documentation: its examples are loaded, its table of keys is that of the program."""

import json
import re
from pathlib import Path

import pytest

from gradcmp.errors import UsageError
from gradcmp.scenario.first import SCHEMA_NAME, schema_text, write_first
from gradcmp.scenario.keys import KEYS, SCENARIO
from gradcmp.scenario.load import load

PAGE = Path(__file__).parents[2] / "docs" / "scenario-format.md"
EXAMPLES = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
            if "function:" in text]  # fmt: skip


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_loads(number, tmp_path):
    (tmp_path / "example.yaml").write_text(EXAMPLES[number], encoding="utf-8")
    selection = load(["example.yaml"], folder=tmp_path)
    assert all(scenario.id.partition("::")[0] == "example" for scenario in selection.scenarios)


def test_there_are_examples():
    assert len(EXAMPLES) >= 10


def test_the_table_of_keys_is_that_of_the_program():
    rows = re.findall(r"^\| `(\w+)` \| .+ \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(rows) == {name: key.default for name, key in SCENARIO.items() if key.supported}


def test_every_key_is_documented():
    page = PAGE.read_text(encoding="utf-8")
    written = ("`{}`", "{}:", "{} =")
    assert [key.name for key in KEYS if not any(form.format(key.name) in page for form in written)] == []


def test_the_first_scenario_is_written_once_and_loads(tmp_path):
    scenario, schema = write_first(tmp_path)
    assert scenario.read_text(encoding="utf-8").startswith(f"# yaml-language-server: $schema={SCHEMA_NAME}\n")
    assert (scenario.parent / SCHEMA_NAME) == schema
    assert json.loads(schema.read_text(encoding="utf-8")) == json.loads(schema_text())
    assert [found.id for found in load([], folder=tmp_path).scenarios] == ["first"]
    with pytest.raises(UsageError, match="there is a file already"):
        write_first(tmp_path)
