"""Plans over the fake backend, and over one that does not start."""

from dataclasses import replace
from pathlib import Path

from gradcmp.backends.fake.descriptor import FAKE
from gradcmp.registry import Registry
from gradcmp.scenario.load import load
from gradcmp.session.plan import Plan, make_plan
from gradcmp.session.request import RunRequest

BROKEN = replace(FAKE, name="broken", title="Broken", variables={"GRADCMP_FAKE_IMPORT": "fail"})
REGISTRY = Registry(descriptors={"fake": FAKE, "broken": BROKEN}, failed={})
TEXT = "inputs: {x: {arange: 4}}\nfunction: sum(x * x)\nbackend: fake\nexecution: right\ntiming: off\n"


def plan_of(folder: Path, *names: str, text: str = TEXT, **request) -> Plan:
    for name in names:
        (folder / f"{name}.yaml").write_text(text)
    selection = load([f"{name}.yaml" for name in names], folder=folder)
    return make_plan(selection, REGISTRY, lambda descriptor: descriptor.name != "absent", RunRequest(**request))
