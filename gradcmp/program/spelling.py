"""What a spelling table is made of: its values, and what every table asks of types and writes as calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of source text. In a template, `{0}` gives it bare (safe between commas and parentheses), `{0:atom}`
    puts it in parentheses unless it is a name, a number without sign, a call or an index."""

    text: str
    atomic: bool

    def __format__(self, specification: str) -> str:
        return f"({self.text})" if specification == "atom" and not self.atomic else self.text

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A primitive being spelled.

    `operands` are bare fragments, numbers included; `arrays` the same with numbers wrapped as arrays of the problem's
    dtype, for functions that take only arrays. A sequence operand is one fragment, a list display.
    `types` are the operands' types (an item of `program.ir.Type`), `result` that of the result.
    """

    primitive: str
    operands: tuple[Fragment, ...]
    arrays: tuple[Fragment, ...]
    options: Mapping[str, Any]
    types: tuple[Any, ...]
    result: Any
    dtype: str


Template = str
Spell = Callable[[Application], str]
Spellings = dict[str, Template | Spell]
"""Primitive → how it is spelled."""

GROUPS = ("arithmetic", "comparison", "elementary", "neural_network", "reduction", "linear_algebra", "shape")
"""The modules of the catalogue, which are those of a spelling package and of the reference's compositions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """Everything that turns a checked program into one framework's source text.

    primitives
        Primitive → template over `operands` (`"torch.dot({0}, {1})"`), or a function of the `Application`.
        The infix operators `+ - * / // % ** @ < <= > >= == != -x` are Python's own unless they are listed here.
    absent
        Primitive → why the framework does not have it.
    imports
        Lines at the top of the text.
    dtypes
        Dtype name → its spelling. A dtype that is not listed is not supported.
    number
        Template that makes an array of a number: `"torch.tensor({value}, dtype={dtype})"`.
    prelude
        Definitions that some spellings call, by the name they call: emitted only where used.
    loop_bound
        Template of a line at the head of a `while` body that hands it `max_iterations`, or None.
    cast
        Template over `value` and `dtype` for a plain number that a `while` or an `if` may have turned into an array of
        another dtype, as AutoGraph does (`"tf.cast({value}, {dtype})"`); None where numbers stay numbers.
    """

    primitives: Mapping[str, Template | Spell]
    absent: Mapping[str, str] = field(default_factory=dict)
    imports: tuple[str, ...]
    dtypes: Mapping[str, str]
    number: Template
    prelude: Mapping[str, str] = field(default_factory=dict)
    loop_bound: Template | None = None
    cast: Template | None = None


def spellings_in(package: str) -> Spellings:
    """The tables `PRIMITIVES` of a spelling package, one in the module of each group."""
    modules = [import_module(f"{package}.{group}") for group in GROUPS]
    return {name: spell for module in modules for name, spell in module.PRIMITIVES.items()}


def is_array(operand: Any, kind: str | None = None) -> bool:
    """Is this type (`program.ir.Type`) an array's, of this kind where one is named?"""
    return hasattr(operand, "shape") and (kind is None or operand.kind == kind)


def leaves(operand: Any) -> list[Any]:
    """The types in a sequence, or the type itself."""
    return [leaf for item in operand.items for leaf in leaves(item)] if hasattr(operand, "items") else [operand]


def rank(operand: Any) -> int | None:
    """The number of axes of an array's type (a number has none), None where it depends on the run."""
    if not is_array(operand):
        return 0
    return len(operand.shape) if operand.shape is not None else None


def has_floats(application: Application) -> bool:
    """Is there a floating array among the operands, whose dtype the others will follow?"""
    return any(is_array(leaf, "float") for operand in application.types for leaf in leaves(operand))


def changed(application: Application, defaults: Mapping[str, object]) -> dict[str, Any]:
    """The options that differ from the framework's own `defaults`."""
    return {name: value for name, value in application.options.items() if value != defaults.get(name, ...)}


def call(function: str, *operands: object, **options: object) -> str:
    """The text of a call."""
    return f"{function}({', '.join([*map(str, operands), *(f'{name}={value}' for name, value in options.items())])})"
