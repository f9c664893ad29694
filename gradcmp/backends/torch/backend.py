"""PyTorch: eager by recordings, compiled by `torch.compile`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy

from gradcmp.backends.base import A, Backend, Job, Prepared, Result, Settings, check_mode

UNSUPPORTED = re.compile(
    r"not implemented for '|is not implemented|not yet implemented|that does not support it"
    r"|[Ll]ow precision dtypes not supported|doesn't handle types other than|does not currently support double backward"
    r"|some kind of data-dependent control flow|some data-dependent control flow"
    r"|vmap: .* (not supported|not possible)|does not have vmap support|Batching rule not implemented"
    r"|calling \.item\(\) on a Tensor"
)
"""Words by which PyTorch says `I do not have that` in a plain RuntimeError."""

UNSUPPORTED_TYPES = frozenset({"InvalidCxxCompiler", "TritonMissing", "GPUTooOldForTriton"})
"""Exceptions of the compiler's own that mean the same; named, because naming them must not import the compiler."""

BY_ROWS = frozenset({"jacobian", "hessian"})
"""Operators that eager execution computes a row at a time where PyTorch has no batched way to them."""


class TorchBackend(Backend):
    """PyTorch on any device.

    `jacrev` and `jacfwd` batch (co)tangents but never primals, so that branches on data work under all modes, eagerly.
    """

    name = "torch"

    def __init__(self, settings: Settings) -> None:
        import torch  # a framework is imported when its backend is constructed, never before

        from gradcmp.backends.torch import derivatives, protocols  # likewise

        self._torch = torch
        self._derivatives = derivatives
        self._protocols = protocols
        if settings.threads is not None:
            torch.set_num_threads(settings.threads)
        torch.set_float32_matmul_precision("highest")
        torch.set_flush_denormal(False)
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
        torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False

    def version(self) -> str:
        return str(self._torch.__version__)

    def devices(self) -> tuple[str, ...]:
        cuda = self._torch.cuda
        return ("cpu", *(f"cuda:{i}" for i in range(cuda.device_count() if cuda.is_available() else 0)))

    def settings(self) -> Mapping[str, Any]:
        torch = self._torch
        cuda, cudnn, onednn = torch.backends.cuda.matmul, torch.backends.cudnn, torch.backends.mkldnn
        halved = torch.tensor(2.0**-1022, dtype=torch.float64) * 0.5  # there is no way to ask
        return {
            "threads": torch.get_num_threads(),
            "inter_op_threads": torch.get_num_interop_threads(),
            "default_dtype": str(torch.get_default_dtype()).removeprefix("torch."),
            "matmul_precision": torch.get_float32_matmul_precision(),
            "tf32": bool(cuda.allow_tf32 or cudnn.allow_tf32),
            "float16_reduced_precision": cuda.allow_fp16_reduced_precision_reduction,
            "bfloat16_reduced_precision": cuda.allow_bf16_reduced_precision_reduction,
            "deterministic": torch.are_deterministic_algorithms_enabled(),
            "cudnn_benchmark": cudnn.benchmark,
            "flush_denormals": bool(halved == 0),
            "onednn": bool(onednn.is_available() and getattr(onednn, "enabled", True)),
        }

    def to_device(self, array: numpy.ndarray, dtype: str, device: str) -> A:
        torch = self._torch
        # A copy: NumPy's memory may be read-only, or a view of a message that is thrown away.
        host = torch.from_numpy(numpy.array(array, order="C", copy=True))
        return host.to(device=device, dtype=getattr(torch, dtype))

    def to_numpy(self, array: A) -> tuple[str, numpy.ndarray]:
        torch = self._torch
        dense = array.detach()
        if dense.layout != torch.strided:
            dense = dense.to_dense()
        dtype = str(dense.dtype).removeprefix("torch.")
        if dense.dtype == torch.bfloat16:
            dense = dense.to(torch.float32)
        return dtype, dense.numpy(force=True)

    def synchronize(self, result: Result, device: str) -> None:  # noqa: ARG002  # the device is enough
        if device.startswith("cuda"):
            self._torch.cuda.synchronize(device)

    def preferred(self, operator: str, execution: str) -> tuple[str, ...]:
        # Compiled, all rows would be one graph, which takes long to compile.
        by_rows = ("loop",) if execution == "eager" and operator in BY_ROWS else ()
        return (*super().preferred(operator, execution), *by_rows)

    def prepare(self, job: Job) -> Prepared:
        mode = check_mode(self, job)
        if job.execution == "compiled":
            compiled = self._start_compiler(job.progress)
            counted = compiled.Counted(self._derivatives.compiled(job, mode, compiled))
            return Prepared(run=counted.run, mode=mode, notes=counted.notes)
        return Prepared(run=self._derivatives.eager(job, mode), mode=mode)

    def _start_compiler(self, progress: Callable[[str], None]) -> Any:
        from gradcmp.backends.torch import compiled  # seconds that eager cases need not pay

        compiled.begin(progress)
        return compiled

    def protocol(self, job: Job) -> Result:
        if job.execution != "compiled":
            return self._protocols.use(job, job.function.call)
        compiled = self._start_compiler(lambda phase: None)  # noqa: ARG005  # a protocol has no phases to tell
        result = self._protocols.use(job, compiled.whole_or_in_parts(job.function.call))
        compiled.count().notes()
        return result

    def is_unsupported(self, error: BaseException) -> bool:
        """The exception itself, what it was raised from, or what the compiler wrapped."""
        seen: set[int] = set()
        current: BaseException | None = error
        while current is not None and id(current) not in seen:
            seen.add(id(current))
            if super().is_unsupported(current) or type(current).__name__ in UNSUPPORTED_TYPES:
                return True
            if isinstance(current, RuntimeError) and UNSUPPORTED.search(str(current)):
                return True
            current = getattr(current, "inner_exception", None) or current.__cause__
        return False
