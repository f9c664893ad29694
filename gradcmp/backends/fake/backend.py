"""A backend for tests, without any framework: right answers by complex steps, and every way to fail.

The execution names the behaviour (`descriptor.BEHAVIOURS`). The environment variable `GRADCMP_FAKE_IMPORT` makes
its construction `fail`, `die`, `hang` or take a while (`slow`).
"""

import os
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy

from gradcmp.backends.base import Backend, Job, NoSuchNotion, Prepared, Result, Settings, check_mode
from gradcmp.backends.fake.derivatives import Typed, evaluate, typed
from gradcmp.backends.fake.misdeeds import SPOILERS, altered, break_import, misbehave


class FakeBackend(Backend):
    """NumPy in the place of a framework."""

    name = "fake"
    modes: ClassVar = {
        "value": ("forward",),
        "gradient": ("reverse", "forward"),
        "vjp": ("reverse",),
        "jvp": ("forward",),
        "jacobian": ("reverse", "forward"),
    }

    def __init__(self, settings: Settings) -> None:
        break_import(os.environ.get("GRADCMP_FAKE_IMPORT", ""))
        self._threads = settings.threads
        self._draws = numpy.random.default_rng(0)

    def version(self) -> str:
        return numpy.__version__

    def devices(self) -> tuple[str, ...]:
        return ("cpu",)

    def settings(self) -> Mapping[str, Any]:
        return {"threads": self._threads, "x64": True}

    def to_device(self, array: numpy.ndarray, dtype: str, device: str) -> Typed:  # noqa: ARG002  # there is one
        return typed(array, dtype)

    def to_numpy(self, array: Typed) -> tuple[str, numpy.ndarray]:
        return array.dtype_name, numpy.asarray(array)

    def synchronize(self, result: Result, device: str) -> None:
        """Nothing runs behind our back."""

    def prepare(self, job: Job) -> Prepared:
        mode = check_mode(self, job)
        if job.execution in ("compiled", "hangs_compiling"):
            job.progress("compile")
            time.sleep(1e6 if job.execution == "hangs_compiling" else 0.01)
            job.progress("run")

        def run() -> Result:
            misbehave(job.execution)
            return self._spoilt(job.execution, evaluate(job))

        return Prepared(run=run, mode=mode, notes=lambda: {"complex_steps": sum(p.size for p in job.primals)})

    def protocol(self, job: Job) -> Result:
        """Two of them, to have some: what accumulates, and what raises."""
        match job.protocol:
            case "accumulate":
                return altered(evaluate(job), lambda array: 3 * array)
            case "zero_between":
                return evaluate(job)
            case "backward_twice":
                raise RuntimeError("the recording has been used up")
            case _:
                raise NoSuchNotion(f"the fake backend has no {job.protocol}")

    def _spoilt(self, execution: str, result: Result) -> Result:
        if execution == "noisy":
            factor = 1 + 1e-3 * self._draws.random()
            return altered(result, lambda array: array * array.dtype.type(factor))
        spoil = SPOILERS.get(execution)
        return result if spoil is None else altered(result, spoil)
