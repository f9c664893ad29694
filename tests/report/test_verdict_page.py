"""The page on verdicts has all of them, at their levels, and its examples load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradcmp.core.verdicts import Evidence, Verdict
from gradcmp.scenario.load import load

PAGE = (Path(__file__).parents[2] / "docs" / "verdicts.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```yaml\n# (\w+\.yaml)\n(.*?)```", PAGE, re.DOTALL))


def test_every_verdict_stands_in_the_table_at_its_level():
    rows = re.findall(r"^\| \[(`.*?`)\]\(#(.*?)\) \| (\w+) \|", PAGE, re.MULTILINE)
    found = {verdict: level for names, _, level in rows for verdict in re.findall(r"`(.*?)`", names)}
    assert list(found.items()) == [(verdict, verdict.level) for verdict in Verdict]


def test_every_link_of_the_table_leads_to_a_section():
    sections = {re.sub(r"[^\w -]", "", line).strip().replace(" ", "-").lower() for line in re.findall(r"^##? (.*)", PAGE, re.MULTILINE)}  # fmt: skip
    assert set(re.findall(r"\]\(#(.*?)\)", PAGE)) <= sections


def test_every_grade_of_evidence_is_explained():
    assert re.findall(r"^\| `(\w+)` \| (?!\w+ \|)", PAGE, re.MULTILINE) == list(reversed(Evidence))


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_loads_and_has_its_output(name, tmp_path):
    (tmp_path / name).write_text(EXAMPLES[name], encoding="utf-8")
    assert load([name], folder=tmp_path).scenarios
    assert f"$ gradcmp run {name}" in PAGE


def test_no_verdict_lacks_an_example_but_the_one_that_is_not_given_yet():
    shown = set(
        re.findall(r"\b([a-z]+(?:-[a-z]+)?)\b", " ".join(re.findall(r"```\n\$ gradcmp run.*?```", PAGE, re.DOTALL)))
    )
    unnamed = {"exact", "rounding", "high"}  # their marks stand in the tables
    assert set(Verdict) - shown - unnamed == {"nondeterministic"}
    assert {f"{name}.yaml" for name in unnamed} <= set(EXAMPLES)
