"""The keys of a scenario: which there are, which are of functions of one's own, what people write instead."""

from __future__ import annotations

SUPPORTED: tuple[str, ...] = (
    "description", "tags", "inputs", "wrt", "function", "operator", "mode", "cotangent", "tangent", "protocol",
    "expect", "backend", "execution", "device", "dtype", "sweep", "max_iterations", "tolerance", "timing", "timeout",
    "compile_timeout", "skip",
)  # fmt: skip

UNSUPPORTED: tuple[str, ...] = (
    "reference", "static", "convert", "layouts", "compute_dtype", "settings", "intermediates",
)  # fmt: skip
"""Keys of the format that this version refuses."""

KEYS: tuple[str, ...] = (*SUPPORTED, *UNSUPPORTED)

SUITE_KEYS: tuple[str, ...] = ("defaults", "scenarios")

CONFIGURATION_KEYS: tuple[str, ...] = ("scenarios", "baseline", "require", "environments")

MEANT: dict[str, str] = {
    "name": "description", "title": "description", "desc": "description", "args": "inputs", "arguments": "inputs",
    "params": "inputs", "parameters": "sweep", "parametrize": "sweep", "matrix": "sweep", "func": "function",
    "fn": "function", "expression": "function", "code": "function", "derivative": "operator", "seed": "cotangent",
    "expected": "expect", "expects": "expect", "framework": "backend", "frameworks": "backend", "type": "dtype",
    "xfail": "expect", "argnums": "wrt", "tol": "tolerance", "rtol": "tolerance", "atol": "tolerance",
    "scenario": "scenarios",
}  # fmt: skip
