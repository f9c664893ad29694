"""Source text → the function under test over flat arrays.

The text becomes a real file, because AutoGraph and tracebacks read one, and so does a small `call` around it that takes
flat arrays and names the inputs: written out rather than looped over, so that compilers see plain code. Every `call`
has a file, and with it a code object, of its own: `torch.compile` counts recompilations by code object and learns
dynamic shapes by file and line, and must not mix two cases up.

A `Function` is kept and given out again for a case with the same text, types, derivative and execution, so that what a
framework compiled for it is found again. A case that is timed gets a new one: its first call must compile.
"""

import importlib.util
import linecache
import sys
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from pathlib import Path
from types import ModuleType

from gradcmp.backends.base import Backend, Function
from gradcmp.core.requests import Request
from gradcmp.core.trees import nested

KEPT = 256
"""Functions that are kept; the least recently used goes first, with its file."""


class Loader:
    """The functions that one worker has loaded."""

    def __init__(self, backend: Backend, folder: Path) -> None:
        self._backend = backend
        self._folder = folder
        self._count = 0
        self._functions: OrderedDict[Hashable, tuple[Function, tuple[str, ...]]] = OrderedDict()

    def function(self, request: Request) -> Function:
        """The function of a request, new where the request is timed; whatever loading raises is the case's own."""
        key = _key(request)
        if request.timing_s == 0 and key in self._functions:
            self._functions.move_to_end(key)
            return self._functions[key][0]
        under_test = self._module("function", request.source)
        around = self._module("call", call_text(request))
        around.__dict__["function"] = self._backend.load(under_test, request.entry)
        function = Function(call=around.__dict__["call"], finished=request.finished)
        self._drop(self._functions.pop(key, None))
        self._functions[key] = function, (under_test.__name__, around.__name__)
        if len(self._functions) > KEPT:
            self._drop(self._functions.popitem(last=False)[1])
        return function

    def _module(self, stem: str, text: str) -> ModuleType:
        self._count += 1
        name = f"gradcmp_{stem}_{self._count}"
        path = self._folder / f"{name}.py"
        path.write_text(text, encoding="utf-8")
        specification = importlib.util.spec_from_file_location(name, path)
        assert specification is not None
        assert specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        sys.modules[name] = module  # `inspect` finds the module of a function here
        specification.loader.exec_module(module)
        return module

    def _drop(self, kept: tuple[Function, tuple[str, ...]] | None) -> None:
        for name in kept[1] if kept else ():
            sys.modules.pop(name, None)
            path = self._folder / f"{name}.py"
            linecache.cache.pop(str(path), None)
            path.unlink(missing_ok=True)


def call_text(request: Request) -> str:
    """The text of `call(differentiated, fixed)`: a call of `function` by the names of the inputs.

    >>> call_text(request)  # inputs x and p.k, differentiated by p.k, one output
    def call(differentiated, fixed):
        outputs = function(fixed[0], {"k": differentiated[0]})
        return (outputs,)
    """
    places = {path: f"differentiated[{index}]" for index, path in enumerate(request.wrt)}
    rest = (path for path in request.inputs if path not in places)
    places |= {path: f"fixed[{index}]" for index, path in enumerate(rest)}
    arguments = ", ".join(_display(child) for child in nested({path: places[path] for path in request.inputs}).values())
    outputs = _outputs(request.outputs)
    if request.finished:
        body = f"    outputs, finished = function({arguments})\n    return ({outputs} finished)\n"
    else:
        body = f"    outputs = function({arguments})\n    return ({outputs})\n"
    return f"def call(differentiated, fixed):\n{body}"


def _outputs(paths: tuple[str, ...]) -> str:
    if paths == ("",):
        return "outputs,"
    if paths == tuple(str(index) for index in range(len(paths))):
        return " ".join(f"outputs[{index}]," for index in range(len(paths)))
    return " ".join(f"outputs[{path!r}]," for path in paths)


Nested = Mapping[str, "str | Nested"]


def _display(child: str | Nested) -> str:
    if isinstance(child, str):
        return child
    return "{" + ", ".join(f"{name!r}: {_display(value)}" for name, value in child.items()) + "}"


def _key(request: Request) -> Hashable:
    types = tuple((path, tensor.dtype, tensor.shape) for path, tensor in request.inputs.items())
    return (
        request.source, request.entry, request.finished, types, request.wrt, request.outputs,
        request.operator, request.mode, request.protocol, request.execution,
    )  # fmt: skip
