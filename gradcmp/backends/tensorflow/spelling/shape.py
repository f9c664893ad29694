"""Shape, arrays made in the shape of others, and a value as a constant."""

from gradcmp.backends.tensorflow.spelling.operands import cast, converted, function, static, write
from gradcmp.program.spelling import Application, Fragment, Spell, Spellings, call, is_array, rank


def transpose(application: Application) -> str:
    """`tf.transpose`, with `perm` where axes are given."""
    axes = application.options["axes"]
    return write("tf.transpose", application.operands[0], **({} if axes is None else {"perm": axes}))


def shaped(name: str) -> Spell:
    """A function of an array and a shape, an integer being a shape of one axis."""

    def spell(application: Application) -> str:
        shape = application.options["shape"]
        return write(name, *converted(application), static(shape if isinstance(shape, tuple) else (shape,)))

    return spell


def expand_dims(application: Application) -> str:
    """`tf.expand_dims` makes one axis at a time: from the left, each is where it stays."""
    (x,), axis = converted(application), application.options["axis"]
    axes = axis if isinstance(axis, tuple) else (axis,)
    if len(axes) > 1 and application.result.shape is not None:
        axes = tuple(sorted(a % len(application.result.shape) for a in axes))
    for each in axes:
        x = Fragment(write("tf.expand_dims", x, axis=each), atomic=True)
    return x.text


def squeeze(application: Application) -> str:
    """`tf.squeeze`, with `axis` where one is given."""
    axis = application.options["axis"]
    return write("tf.squeeze", application.operands[0], **({} if axis is None else {"axis": axis}))


def flip(application: Application) -> str:
    """`tf.reverse`, which has to be told all axes."""
    (x,), axis = converted(application), application.options["axis"]
    if axis is None:
        axes = rank(application.types[0])
        axis = f"tf.range(tf.rank({x}))" if axes is None else tuple(range(axes))
    return write("tf.reverse", x, axis=axis if isinstance(axis, tuple | str) else (axis,))


def take(application: Application) -> str:
    """`tf.gather`, of the flat array where no axis is given."""
    x, indices = application.operands
    kind, index_kind = application.types
    if is_array(index_kind) and index_kind.dtype in {"int8", "uint8"}:
        indices = cast(indices, "int32")  # `tf.gather` takes none narrower than 16 bits
    axis = application.options["axis"]
    if axis is None and rank(kind) != 1:
        x = Fragment(f"tf.reshape({x}, [-1])", atomic=True)
    return write("tf.gather", x, indices, **({"axis": axis} if axis else {}))


def diagonal(application: Application) -> str:
    """`tf.linalg.diag_part`, with `k` where it is not the main diagonal."""
    offset = application.options["offset"]
    return write("tf.linalg.diag_part", application.operands[0], **({"k": offset} if offset else {}))


def triangle(*, lower: bool) -> Spell:
    """`band_part` counts diagonals on either side of the main one, so it makes only triangles that hold that one."""

    def spell(application: Application) -> str:
        (x,), k = application.operands, application.options["k"]
        shape = application.types[0].shape
        beyond = k if lower else -k
        if beyond < 0 or (shape is not None and None not in shape[-2:] and beyond > min(shape[-2:])):
            name = "tril" if lower else "triu"
            return write(f"tf.experimental.numpy.{name}", x, k=k)
        return f"tf.linalg.band_part({x}, -1, {beyond})" if lower else f"tf.linalg.band_part({x}, {beyond}, -1)"

    return spell


PRIMITIVES: Spellings = {
    "transpose": transpose,
    "reshape": shaped("tf.reshape"),
    "broadcast_to": shaped("tf.broadcast_to"),
    "concatenate": lambda application: write("tf.concat", *converted(application), axis=application.options["axis"]),
    "stack": function("tf.stack", axis=0),
    "squeeze": squeeze,
    "expand_dims": expand_dims,
    "flip": flip,
    "take": take,
    "diagonal": diagonal,
    "tril": triangle(lower=True),
    "triu": triangle(lower=False),
    "zeros_like": lambda application: write("tf.zeros_like", *application.arrays),
    "ones_like": lambda application: write("tf.ones_like", *application.arrays),
    "stop_gradient": lambda application: call("tf.stop_gradient", *application.arrays),
}
