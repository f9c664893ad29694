"""Reductions, and the cumulative sum."""

from collections.abc import Mapping

from gradcmp.backends.torch.spelling.operands import all_axes, kept_dtype, renamed, tensors
from gradcmp.program.spelling import Application, Spell, Spellings, call, rank

CORRECTION = {"ddof": "correction"}


def reduction(name: str, *, names: Mapping[str, str] | None = None, always: bool = False) -> Spell:
    """A reduction: `dim` is left out over all axes, unless the function demands it (`always`) or the axes are kept."""
    translated = {"axis": "dim", "keepdims": "keepdim", **(names or {})}

    def spell(application: Application) -> str:
        options = renamed(application, {"axis": None, "keepdims": False}, translated)
        if application.options["axis"] is None and (always or application.options["keepdims"]):
            options = {"dim": all_axes(application), **options}
            if options["dim"] in {"()", "(0,)"}:
                options["dim"] = "0"
        return call(name, *tensors(application), **options, **kept_dtype(application, name))

    return spell


def prod(application: Application) -> str:
    """`torch.prod` takes one axis at a time."""
    axis, keepdims = application.options["axis"], application.options["keepdims"]
    (operand,) = tensors(application)
    dtype = kept_dtype(application, "torch.prod")
    axes = rank(application.types[0])
    if axis is None and keepdims:
        shape = f"(1,) * {operand:atom}.ndim" if axes is None else repr((1,) * axes)
        return call("torch.reshape", call("torch.prod", operand, **dtype), shape)
    if axis is None:
        return call("torch.prod", operand, **dtype)
    one_by_one = (axis,) if isinstance(axis, int) else axis
    if axes is not None:
        one_by_one = tuple(sorted((a % axes for a in one_by_one), reverse=True))  # the last first: the others stay
    text = str(operand)
    for a in one_by_one:
        text = call("torch.prod", text, dim=a, **({"keepdim": True} if keepdims else {}), **dtype)
    return text


def logsumexp(application: Application) -> str:
    """`torch.logsumexp`, which has to be told all axes; of unknown rank the flat array's."""
    if rank(application.types[0]) is None and application.options["axis"] is None:
        (operand,) = tensors(application)
        if not application.options["keepdims"]:
            return call("torch.logsumexp", f"{operand:atom}.flatten()", dim=0)
    return reduction("torch.logsumexp", always=True)(application)


def cumsum(application: Application) -> str:
    """`torch.cumsum`, of the flat array where no axis is given."""
    (operand,) = tensors(application)
    axis, dtype = application.options["axis"], kept_dtype(application, "torch.cumsum")
    if axis is None:
        flat = operand if rank(application.types[0]) == 1 else f"{operand:atom}.flatten()"
        return call("torch.cumsum", flat, dim=0, **dtype)
    return call("torch.cumsum", operand, dim=axis, **dtype)


PRIMITIVES: Spellings = {
    "sum": reduction("torch.sum"), "mean": reduction("torch.mean"), "prod": prod,
    "max": reduction("torch.amax"), "min": reduction("torch.amin"),  # `torch.max(x, dim)` picks one of several ties
    "var": reduction("torch.var", names=CORRECTION), "std": reduction("torch.std", names=CORRECTION),
    "norm": reduction("torch.linalg.vector_norm"), "logsumexp": logsumexp,
    "any": reduction("torch.any"), "all": reduction("torch.all"),
    "cumsum": cumsum,
}  # fmt: skip
