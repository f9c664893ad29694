"""The type of a row: what a primitive takes and gives, and the convention that makes a text mean the same everywhere.

A signature names operands (arrays or numbers) before `*` and static options after it; `[arrays]` is a sequence.
Options may also be given by position, as in NumPy. `shape` is the rule for the result's shape.
"""

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

from gradcmp.program.shapes import Rule

ANY_KIND = ("float", "int", "bool")


@dataclass(frozen=True)
class Primitive:
    """One step of the little language.

    `kinds` are the kinds of operand that it takes; `result` is the kind of its result: `same` as the joined operands,
    `float` (integers become floats of the problem's dtype), `bool` or `int`; a `pair` has two results of one type.
    """

    name: str
    _: KW_ONLY
    signature: str
    shape: Rule
    group: str
    result: str = "float"
    kinds: tuple[str, ...] = ("float", "int")
    method: bool = False
    infix: str | None = None
    pair: bool = False
    convention: str = ""

    @cached_property
    def operands(self) -> tuple[str, ...]:
        return _parts(self.signature.partition("*")[0])

    @cached_property
    def options(self) -> dict[str, str | None]:
        """Static option → default as written; None where the option is demanded."""
        pairs = (part.partition("=") for part in _parts(self.signature.partition("*")[2]))
        return {name: default if equals else None for name, equals, default in pairs}


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
