"""Target patterns as keys, and the words that people write for operators and backends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gradcmp.core.operators import OPERATORS
from gradcmp.core.suggest import did_you_mean, nearest
from gradcmp.scenario.nodes import Scalar
from gradcmp.scenario.reading import Reader

if TYPE_CHECKING:
    from gradcmp.registry import Descriptor

BUILT_IN = ("torch", "tensorflow", "jax")
PATTERN = re.compile(r"[a-z*?\[\]][a-z0-9_*?\[\]]*(\+[a-z0-9_*?\[\]]+)?(-[a-z0-9_*?\[\]]+(-[a-z0-9_:*?\[\]]+)?)?")
OPERATORS_MEANT = {"grad": "gradient", "hess": "hessian", "jac": "jacobian", "pullback": "vjp", "pushforward": "jvp"}
BACKENDS_MEANT = {"pytorch": "torch", "tf": "tensorflow", "jnp": "jax", "keras": "tensorflow"}


def check_pattern(reader: Reader, key: Scalar, path: str, *, operators: bool = False, alone: bool = False) -> bool:
    """Is the key a target pattern, of a backend that there is or may be? `alone`: its value cannot be a target's."""
    backend = key.text.partition("-")[0].partition("+")[0]
    if backend in BUILT_IN or (PATTERN.fullmatch(key.text) and any(sign in backend for sign in "*?[")):
        return True
    known = (*BUILT_IN, *(OPERATORS if operators else ()))
    meant = BACKENDS_MEANT | (OPERATORS_MEANT if operators else {})
    example = "a target pattern, such as `torch` or `jax-compiled-*`"
    expected = f"expected an operator, such as `gradient`, or {example}" if operators else f"expected {example}"
    misspelt = backend.lower() in meant or nearest(backend, known, cutoff=0.7)
    if PATTERN.fullmatch(key.text) and not alone and (not misspelt or backend in installed()):
        return True
    reader.complain(key, path, "unknown key" if operators else f"`{key.text}` names no target", expected,
                    did_you_mean(backend, known, meant))  # fmt: skip
    return False


def installed() -> Mapping[str, Descriptor]:
    """Backends by name."""
    from gradcmp.registry import load_registry  # reads entry points: only for names that look wrong

    return load_registry().descriptors
