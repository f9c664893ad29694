"""What every row shares, said once above the tables; settings that differ, target by target."""

from collections.abc import Iterator, Mapping
from typing import Any

from gradcmp.report.grids import Labels, used_targets
from gradcmp.result.document import Document
from gradcmp.result.records import TargetRecord
from gradcmp.words.lists import plural


def header_lines(document: Document, *, settings: bool = True) -> Iterator[str]:
    """Versions; execution, device, operator and dtype where there is one for all; what each backend is set to."""
    targets = used_targets(document)
    versions = dict.fromkeys(f"{target.name} {target.version or 'not installed'}" for target in targets)
    yield " · ".join([f"gradcmp {document.run.gradcmp}".strip(), *versions])
    places = (tuple(dict.fromkeys(t.execution for t in targets)), tuple(dict.fromkeys(t.device for t in targets)))
    shared, own = split_settings(targets)
    common = [
        *(place[0] for place in places if len(place) == 1),
        *Labels(document.problems).shared(),
        *setting_words(shared),
    ]
    if common:
        yield " · ".join(common)
    for name, values in own.items() if settings else ():
        if words := setting_words(values):
            yield f"{name}: {' · '.join(words)}"


def machine_line(document: Document) -> str:
    """`AMD EPYC 7B13 · 2 cores · NVIDIA H100`."""
    machine = document.machine
    words = [machine.cpu, plural(machine.cores, "core") if machine.cores else "", *machine.gpus]
    return " · ".join(word for word in words if word)


def split_settings(targets: tuple[TargetRecord, ...]) -> tuple[Mapping[str, Any], Mapping[str, Mapping[str, Any]]]:
    """The settings that all targets have alike, and the rest by target, or by backend where that says enough."""
    if not targets:
        return {}, {}
    first = targets[0].settings
    shared = {
        key: value
        for key, value in first.items()
        if all(key in target.settings and target.settings[key] == value for target in targets)
    }
    own: dict[str, dict[str, Any]] = {}
    for target in targets:
        rest = {key: value for key, value in target.settings.items() if key not in shared}
        alike = all(other.settings == target.settings for other in targets if other.name == target.name)
        if rest:
            own[target.name if alike else target.id] = rest
    return shared, own


def setting_words(settings: Mapping[str, Any]) -> list[str]:
    """`threads 2`, `x64 on`, and at the end what is off in one go: `off: tf32, jit`. What is empty is left out."""
    said = {name.replace("_", " "): value for name, value in settings.items() if value is not None and value != ""}
    words = [f"{name} {'on' if value is True else value}" for name, value in said.items() if value is not False]
    off = [name for name, value in said.items() if value is False]
    return [*words, f"off: {', '.join(off)}"] if off else words
