"""Importing TensorFlow without what it drags along and a worker does not need.

`import tensorflow` also imports JAX (for one annotation in TFLite) and all of Keras (to register optimizers), both
inside `except ImportError`; and it makes so many objects that the garbage collector goes over them again and again.
Without all that the import takes 2.7 instead of 4.4 seconds. Both packages stay importable: `tf.keras` is loaded when
it is first used.
"""

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

POSTPONED: tuple[str, ...] = ("jax", "keras", "tf_keras")


class _Later(Loader):
    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        del spec
        return None

    def exec_module(self, module: ModuleType) -> None:
        msg = f"{module.__name__} is not imported together with TensorFlow"
        raise ImportError(msg)


class _Postpone(MetaPathFinder):
    """Finds the packages where they are, because TensorFlow asks where Keras lies, but does not run them."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in POSTPONED:
            return None
        specification = PathFinder.find_spec(fullname, path, target)
        if specification is not None:
            specification.loader = _Later()
        return specification


@contextmanager
def _postponed() -> Iterator[None]:
    finder = _Postpone()
    collecting = gc.isenabled()
    sys.meta_path.insert(0, finder)
    gc.disable()
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        if collecting:
            gc.freeze()  # what the import made stays for good: later collections need not look at it
            gc.enable()


def import_tensorflow() -> Any:
    """The module `tensorflow`. Raises whatever its import raises."""
    with _postponed():
        import tensorflow
    return tensorflow
