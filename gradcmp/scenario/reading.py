"""How every reader takes a node: words, numbers, lists, with complaints that say where.

A reader returns None where it complained; the caller goes on, so that one pass finds everything.
"""

import math
import re
from collections.abc import Collection, Iterable, Iterator
from collections.abc import Mapping as AnyMapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from keyword import iskeyword

from gradcmp.core.leaves import Dimensions
from gradcmp.core.suggest import did_you_mean, foreign_letter
from gradcmp.errors import Complaint, Location
from gradcmp.scenario.arithmetic import NotArithmetic, evaluate
from gradcmp.scenario.nodes import Mapping, Node, Scalar, Sequence, describe

Number = int | float

MOST_COMPLAINTS = 200
"""Of one scenario; nobody reads more."""

LARGEST = 10**308

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(slots=True)
class Reader:
    """Collects complaints; knows the values of the sweep names. `count` counts repeated complaints too."""

    names: AnyMapping[str, Number | str] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)
    slips: list[Complaint] = field(default_factory=list)
    count: int = 0
    prefix: str = ""

    @contextmanager
    def about(self, prefix: str) -> Iterator[None]:
        """What is complained of inside begins with `prefix`."""
        self.prefix = prefix
        try:
            yield
        finally:
            self.prefix = ""

    def complain(self, where: Node | Location, path: str, what: str, expected: str = "", hint: str = "") -> None:
        """Note one complaint; a sweep repeats its complaints, which are noted once."""
        location = where if isinstance(where, Location) else where.location
        complaint = Complaint(what=what, where=location, path=path, expected=expected, hint=hint)
        self.adopt(complaint)

    def adopt(self, complaint: Complaint) -> None:
        self.count += 1
        complaint = replace(complaint, what=self.prefix + complaint.what) if self.prefix else complaint
        if len(self.complaints) < MOST_COMPLAINTS and complaint not in self.complaints:
            self.complaints.append(complaint)

    def wrong(self, node: Node, path: str, expected: str, hint: str = "") -> None:
        """Complain of what was found: expected is something else."""
        self.complain(node, path, f"found {describe(node)}", f"expected {expected}", hint)

    # Words and lists ---------------------------------------------------------------------------------------

    def substituted(self, node: Node) -> Node:
        """The node with a sweep name replaced by its value."""
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.text in self.names:
            value = self.names[node.text]
            return Scalar(value=value, text=str(value), style=node.style, location=node.location, content=node.content)
        return node

    def text(self, node: Node, path: str, expected: str = "a text") -> str | None:
        """One line of text; numbers and words are taken as they stand."""
        if not isinstance(node, Scalar) or node.is_empty:
            self.wrong(node, path, expected)
            return None
        return " ".join(node.text.split())

    def word(
        self, node: Node, path: str, expected: str, allowed: Collection[str] | re.Pattern[str],
        meant: AnyMapping[str, str] | None = None,
    ) -> str | None:  # fmt: skip
        """A word out of a list, or of a form."""
        node = self.substituted(node)
        if not isinstance(node, Scalar) or node.is_empty:
            self.wrong(node, path, expected)
            return None
        if allowed.fullmatch(node.text) if isinstance(allowed, re.Pattern) else node.text in allowed:
            return node.text
        known = () if isinstance(allowed, re.Pattern) else allowed
        self.wrong(node, path, expected, did_you_mean(node.text, known, meant))
        return None

    def listed(self, node: Node) -> tuple[Node, ...]:
        """Where a key takes a word, it takes a list of words too."""
        return node.items if isinstance(node, Sequence) else (node,)

    def words(
        self, node: Node, path: str, expected: str, allowed: Collection[str] | re.Pattern[str],
        meant: AnyMapping[str, str] | None = None,
    ) -> tuple[str, ...]:  # fmt: skip
        """A word or a list of words, each once."""
        words: list[str] = []
        if isinstance(node, Sequence) and not node.items:
            self.complain(node, path, "found an empty list", f"expected {expected}")
        for item in self.listed(node):
            word = self.word(item, path, expected, allowed, meant)
            if word is not None and word not in words:
                words.append(word)
        return tuple(words)

    def mapping(self, node: Node, path: str, expected: str, *, filled: bool = False) -> Mapping | None:
        """The node as a mapping, complained of where it is none, or is empty and should be `filled`."""
        if isinstance(node, Mapping):
            if filled and not node.entries:
                self.wrong(node, path, expected)
            return node
        empty = isinstance(node, Scalar) and node.is_empty
        self.wrong(node, path, expected, "indent what belongs to it" * empty)
        return None

    def known_keys(
        self, node: Mapping, path: str, known: Collection[str], meant: AnyMapping[str, str] | None = None
    ) -> None:
        """Complain about every key that is not known."""
        for name, entry in node.entries.items():
            if name not in known:
                self.unknown_key(entry.key, joined(path, name), known, meant)

    def unknown_key(
        self, key: Scalar, path: str, known: Collection[str], meant: AnyMapping[str, str] | None = None
    ) -> None:
        """Complain about a key, with the nearest or else all that are known."""
        if len(self.complaints) >= MOST_COMPLAINTS:  # the nearest takes its time, and nobody would be told
            return
        hint = did_you_mean(key.text, known, meant)
        hint = "; ".join(part for part in (foreign_letter(key.text), hint) if part)
        self.complain(key, path, "unknown key", "" if hint else f"expected {listing(known)}", hint)

    # Numbers -----------------------------------------------------------------------------------------------

    def number(self, node: Node, path: str, expected: str = "a number") -> Number | None:
        """A number, a sweep name, or small arithmetic over sweep names."""
        if isinstance(node, Scalar):
            if isinstance(node.value, int | float) and not isinstance(node.value, bool):
                return self._sized(node, node.value, path)
            if isinstance(node.value, str) and self.names:
                try:
                    return evaluate(node.value, self.names)
                except NotArithmetic as reason:
                    self.wrong(node, path, expected, str(reason))
                    return None
        words = {"nan": ".nan", "inf": ".inf", "infinity": ".inf", "-inf": "-.inf"}
        self.wrong(node, path, expected, did_you_mean(node.text, (), words) if isinstance(node, Scalar) else "")
        return None

    def _sized(self, node: Scalar, value: Number, path: str) -> Number | None:
        """Refuse a number that only overflows: `1e999` is not how infinity is written."""
        whole = isinstance(value, int)
        if abs(value) >= LARGEST if whole else math.isinf(value) and "inf" not in node.text.lower():
            self.complain(node, path, f"{describe(node)} is too large", "expected a number below 1e308")
            return None
        return value

    def finite(self, node: Node, path: str, expected: str, *, least: float = -math.inf) -> Number | None:
        """A finite number, not below `least`."""
        value = self.number(node, path, expected)
        if value is None or (math.isfinite(value) and value >= least):
            return value
        self.wrong(node, path, expected)
        return None

    def integer(
        self, node: Node, path: str, expected: str = "a whole number", *, least: int | None = None,
        most: int | None = None,
    ) -> int | None:  # fmt: skip
        """A whole number; `1e3` is one."""
        value = self.number(node, path, expected)
        if value is None:
            return None
        if isinstance(value, float):
            if not value.is_integer() or abs(value) > 2**53:
                self.wrong(node, path, expected)
                return None
            value = int(value)
        if (least is not None and value < least) or (most is not None and value > most):
            self.wrong(node, path, expected)
            return None
        return value

    def flag(self, node: Node, path: str) -> bool | None:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self.wrong(node, path, "`true` or `false`")
        return None

    def shape(self, node: Node, path: str, expected: str = "a shape such as `[2, 3]`") -> tuple[int, ...] | None:
        """A list of lengths; a lone length is a vector's."""
        numbers = [self.integer(item, path, f"{expected}: whole numbers, not negative", least=0)
                 for item in self.listed(node)]  # fmt: skip
        if len(numbers) > 32:
            self.complain(node, path, f"found {len(numbers)} dimensions", "expected at most 32")
            return None
        lengths = [length for length in numbers if length is not None]
        return tuple(lengths) if len(lengths) == len(numbers) else None


def is_name(text: str) -> bool:
    """May an input, or a name of a sweep, be called so?"""
    return bool(IDENTIFIER.fullmatch(text)) and not iskeyword(text)


def not_a_name(text: str) -> tuple[str, str, str]:
    """What, expected and hint of the complaint about a text that `is_name` refuses."""
    if iskeyword(text):
        return f"`{text}` is a word of Python's own", "expected another name", ""
    hint = foreign_letter(text) or "write a space after the colon" * (":" in text)
    return f"`{text}` cannot be a name", "expected letters from A to Z, digits and `_`, no digit first", hint


def joined(path: str, name: str) -> str:
    """A key path one level deeper."""
    return f"{path}.{name}" if path else name


def quoted(words: Iterable[str]) -> list[str]:
    """Words in backquotes."""
    return [f"`{word}`" for word in words]


def listing(words: Collection[str]) -> str:
    """Words in backquotes, with commas and an `or` before the last."""
    *others, last = quoted(words) or ["nothing"]
    return f"{', '.join(others)} or {last}" if others else last


def shown_shape(shape: Dimensions) -> str:
    """`[2, ?]`."""
    if shape is None:
        return "?"
    return "[" + ", ".join("?" if length is None else str(length) for length in shape) + "]"
