"""A problem's specifications → its tensors, cotangents, tangents and hashes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy

from gradcmp.core.formats import FLOAT_DTYPES
from gradcmp.core.problems import Problem
from gradcmp.core.specifications import DEFAULT_MAX_BYTES, Specification, beyond, readable_bytes
from gradcmp.core.tensors import Tensor
from gradcmp.errors import Complaint, UsageError
from gradcmp.materialise.files import ChangedFile, read_array
from gradcmp.materialise.generators import derived_seed, generate
from gradcmp.numbers.bfloat16 import to_bits
from gradcmp.numbers.rounding import round_array

FILES = ("npy", "npz", "safetensors")


@dataclass(frozen=True, slots=True, kw_only=True)
class Materialised:
    """Tensors by leaf path (inputs, tangents) and by output path (cotangents); None where seeds are ones.

    `hashes` are the inputs', by leaf path.
    """

    inputs: Mapping[str, Tensor]
    cotangents: Mapping[str, Tensor] | None = None
    tangents: Mapping[str, Tensor] | None = None
    hashes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One array to be made: the name its seed is derived from, its place in the scenario, and its dtype."""

    name: str
    path: str
    specification: Specification
    dtype: str


def materialise(problem: Problem, *, seed: int = 0, max_bytes: int = DEFAULT_MAX_BYTES) -> Materialised:
    """The arrays of a problem, rounded to its dtype; the same specification and `seed` always give the same.

    Floating numbers are drawn in float64 and rounded once. `seed` goes into the seeds of inputs that have none of their
    own. Raises UsageError where the arrays are larger than `max_bytes` in all (before anything is allocated), or a
    file is no longer what it was.
    """
    wanted = _wanted(problem)
    _check_size(wanted, max_bytes)
    inputs, cotangents, tangents = wanted
    tensors = _made(inputs, seed, max_bytes)
    return Materialised(
        inputs=tensors,
        cotangents=_made(cotangents, seed, max_bytes) or None,
        tangents=_made(tangents, seed, max_bytes) or None,
        hashes={path: hash_tensor(tensor) for path, tensor in tensors.items()},
    )


def check_size(problem: Problem, max_bytes: int) -> None:
    """Raise UsageError where the arrays of a problem are larger than `max_bytes` in all, as far as the shapes tell."""
    _check_size(_wanted(problem), max_bytes)


def _wanted(problem: Problem) -> tuple[dict[str, _Wanted], dict[str, _Wanted], dict[str, _Wanted]]:
    """Inputs, cotangents, tangents."""
    scenario, dtype, key = problem.scenario, problem.dtype, problem.operator.seed
    leaves = dict(scenario.inputs.leaves())
    inputs = {path: _Wanted(path, f"inputs.{path}", leaf, leaf.dtype_in(dtype)) for path, leaf in leaves.items()}
    cotangents = _seeds("cotangent", scenario.cotangent if key == "cotangent" else None, {}, dtype)
    tangents = {path or scenario.wrt[0]: leaf for path, leaf in (scenario.tangent or {}).items()}
    dtypes = {path: inputs[path].dtype for path in scenario.wrt}
    return inputs, cotangents, _seeds("tangent", tangents if key == "tangent" else None, dtypes, dtype)


def _seeds(
    key: str, seeds: Mapping[str, Specification] | None, dtypes: Mapping[str, str], dtype: str
) -> dict[str, _Wanted]:
    return {
        path: _Wanted(f"{key}:{path}", f"{key}.{path}" if path else key, leaf, leaf.dtype_in(dtypes.get(path, dtype)))
        for path, leaf in (seeds or {}).items()
    }


def _made(wanted: Mapping[str, _Wanted], seed: int, max_bytes: int) -> dict[str, Tensor]:
    return {path: _make(array, seed, max_bytes) for path, array in wanted.items()}


def _check_size(wanted: tuple[dict[str, _Wanted], ...], max_bytes: int) -> None:
    sizes = [(array.specification.size_bytes(array.dtype), array) for part in wanted for array in part.values()]
    total = sum(size for size, _ in sizes)
    if total <= max_bytes:
        return
    size, largest = max(sizes, key=lambda pair: pair[0])
    raise UsageError(
        Complaint(
            what=f"the inputs have {readable_bytes(total)} in all, `{largest.name}` alone {readable_bytes(size)}",
            where=largest.specification.location,
            path="inputs",
            expected=f"expected at most {readable_bytes(max_bytes)} in all",
            hint="`--max-bytes` (in Python `max_bytes`) sets the limit",
        )
    )


def _make(wanted: _Wanted, seed: int, max_bytes: int) -> Tensor:
    specification = wanted.specification
    try:
        if specification.generator in FILES:
            values = read_array(
                specification.generator, specification.arguments, specification.folder, specification.shape, max_bytes
            )
        else:
            shape = specification.shape or ()
            values = generate(specification.generator, specification.arguments, shape, derived_seed(wanted.name, seed))
        array = _converted(values, wanted.dtype)
        _refuse_infinities(values, array, wanted)
    except (ChangedFile, MemoryError) as error:
        what = str(error) if isinstance(error, ChangedFile) else "the array does not fit into the memory"
        raise UsageError(Complaint(what=what, where=specification.location, path=wanted.path)) from error
    array.setflags(write=False)
    return Tensor(dtype=wanted.dtype, array=array)


def _converted(values: numpy.ndarray, dtype: str) -> numpy.ndarray:
    """`values` in `dtype`, C order, native bytes, owned by nobody else."""
    if dtype in FLOAT_DTYPES:
        rounded = round_array(values.astype(numpy.float64), dtype)
        return numpy.array(rounded, order="C")
    return numpy.array(values, dtype=dtype, order="C")


def _refuse_infinities(values: numpy.ndarray, array: numpy.ndarray, wanted: _Wanted) -> None:
    """Raise UsageError where a finite number became infinite."""
    if wanted.dtype not in FLOAT_DTYPES or not numpy.isinf(array).any():
        return
    lost = numpy.asarray(values)[numpy.isinf(array) & numpy.isfinite(values)]
    if lost.size:
        what, expected, hint = beyond(float(lost[0]), wanted.dtype)
        where = wanted.specification.location
        raise UsageError(Complaint(what=what, where=where, path=wanted.path, expected=expected, hint=hint))


def hash_tensor(tensor: Tensor) -> str:
    """`sha256:` of dtype, shape and numbers: `float32[2, 3]`, a zero byte, little-endian bytes in C order.

    bfloat16 counts as its 16 bits.
    """
    array = tensor.array
    numbers = to_bits(array) if tensor.dtype == "bfloat16" else array.astype(array.dtype.newbyteorder("<"), copy=False)
    digest = hashlib.sha256(f"{tensor.dtype}{list(tensor.shape)}".encode() + b"\0")
    digest.update(numbers.tobytes())
    return f"sha256:{digest.hexdigest()}"
