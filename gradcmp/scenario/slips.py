"""What is no error and probably a slip: names of backends and executions that nobody knows, expectations that no case
is held against. A run skips them; `gradcmp check` tells them."""

from gradcmp.core.operators import OPERATORS
from gradcmp.core.suggest import did_you_mean
from gradcmp.errors import Complaint
from gradcmp.scenario.nodes import Mapping, Scalar
from gradcmp.scenario.patterns import BACKENDS_MEANT, installed
from gradcmp.scenario.reading import Reader, joined, listing
from gradcmp.scenario.suites import Draft

ALWAYS = frozenset({"torch", "tensorflow", "jax", "eager", "compiled", "all"})
"""Names for which the registry need not be read."""

_NO_TARGET = "the pattern matches no target"


def slips(reader: Reader, draft: Draft, operators: tuple[str, ...], protocols: tuple[str, ...]) -> list[Complaint]:
    """The probable slips of a scenario that is free of errors. `reader` knows the values of the sweep names."""
    node = draft.node
    complaints: list[Complaint] = []
    for key in ("backend", "execution"):
        for item in reader.listed(node[key]) if key in node else ():
            word = reader.substituted(item)
            if isinstance(word, Scalar):
                complaints += _unknown(word, key, key, word.text, "its cases are skipped")
    for key in ("expect", "skip"):
        patterns = node.get(key)
        for name, entry in patterns.entries.items() if isinstance(patterns, Mapping) else ():
            if name not in (*OPERATORS, "strict", "verdict", "raises", "match"):
                backend, execution, *_ = f"{name}--".split("-")
                path = joined(key, name)
                complaints += _unknown(entry.key, path, "backend", backend.partition("+")[0], _NO_TARGET)
                complaints += _unknown(entry.key, path, "execution", execution, _NO_TARGET)
    taken = ("gradient",) if protocols else operators
    expect = node.get("expect")
    if isinstance(expect, Mapping) and "expect" in draft.written:  # defaults may be for other members
        complaints += _unheld(expect, "expect", taken)
        for name, entry in expect.entries.items():
            if isinstance(entry.value, Mapping) and name not in OPERATORS:
                complaints += _unheld(entry.value, joined("expect", name), taken)
    return complaints


def _unheld(expect: Mapping, path: str, taken: tuple[str, ...]) -> list[Complaint]:
    """Expectations for operators that the scenario does not take."""
    return [
        Complaint(
            what=f"nothing is held against this: the scenario takes {listing(taken)}",
            where=entry.key.location,
            path=joined(path, name),
            hint=f"add `{name}` to `operator`",
        )
        for name, entry in expect.entries.items()
        if name in OPERATORS and name not in taken
    ]


def _unknown(word: Scalar, path: str, kind: str, name: str, effect: str) -> list[Complaint]:
    if not name or name in ALWAYS or any(sign in name for sign in "*?["):
        return []
    descriptors = installed()
    executions = {execution.name for descriptor in descriptors.values() for execution in descriptor.executions}
    known = sorted(descriptors) if kind == "backend" else sorted(executions)
    if name in known:
        return []
    hint = did_you_mean(name, known, BACKENDS_MEANT if kind == "backend" else None)
    expected = "" if hint else f"expected {listing(known)}"
    what = f"there is no {kind} `{name}` here: {effect}"
    return [Complaint(what=what, where=word.location, path=path, expected=expected, hint=hint)]
