# a table
"""Every TensorFlow spelling, run eagerly and in a graph against NumPy."""

import math
import runpy
from typing import Any

import numpy
import pytest

from gradcmp.backends.tensorflow.importing import import_tensorflow
from gradcmp.backends.tensorflow.spelling import SPELLING
from gradcmp.core.formats import DTYPES, FLOAT_DTYPES
from gradcmp.errors import Location
from gradcmp.program.check import check
from gradcmp.program.ir import ArrayType, NumberType, TupleType
from gradcmp.program.lower import lower
from gradcmp.program.parse import parse
from gradcmp.program.primitives import PRIMITIVES
from gradcmp.program.spelling import Application, Fragment

tf: Any = None  # TensorFlow, once a test runs

pytestmark = pytest.mark.frameworks


@pytest.fixture(scope="module", autouse=True)
def _tensorflow():
    """TensorFlow, under the name that this module uses; imported when a test runs, not when pytest collects."""
    try:
        globals()["tf"] = import_tensorflow()
    except ImportError:
        pytest.skip("TensorFlow is not installed")


X = numpy.array([0.5, -0.25, 0.75])
Y = numpy.array([0.125, 0.5, -0.5])
P = numpy.array([1.5, 2.25, 3.0])
M = numpy.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]])
R = numpy.arange(12.0).reshape(3, 4) / 4 - 1
S = numpy.stack([M, M + 1])
I32 = numpy.array([1, 2, 3], "int32")
I64 = numpy.array([3, 1, 2])
U8 = numpy.array([2, 0], "uint8")
B = numpy.array([True, False, True])
C = numpy.array([True, True, False])

# primitive, operands (arrays or numbers), options, NumPy's answer
MM = numpy.stack([M, 2 * M])
SKEW = numpy.array([[0.0, 0.5, -1.0], [-0.5, 0.0, 0.25], [1.0, -0.25, 0.0]])
SYSTEMS = [(MM, MM), (MM, M), (M, MM), (MM[:1], MM), (MM[:, None], MM), (numpy.stack([M, M, 2 * M]), M)]
"""Matrices and columns, some shared; the last as many matrices as columns."""

ROWS = [
    *((name, (X, Y), {}, f(X, Y)) for name, f in {
        "add": numpy.add, "subtract": numpy.subtract, "multiply": numpy.multiply, "divide": numpy.divide,
        "floor_divide": numpy.floor_divide, "remainder": numpy.remainder, "less": numpy.less,
        "less_equal": numpy.less_equal, "greater": numpy.greater, "greater_equal": numpy.greater_equal,
        "equal": numpy.equal, "not_equal": numpy.not_equal, "maximum": numpy.maximum, "minimum": numpy.minimum,
        "arctan2": numpy.arctan2, "dot": numpy.dot, "outer": numpy.outer, "matmul": numpy.matmul,
    }.items()),
    *((name, (X,), {}, f(X)) for name, f in {
        "abs": numpy.abs, "sign": numpy.sign, "exp": numpy.exp, "expm1": numpy.expm1, "log1p": numpy.log1p,
        "square": numpy.square, "reciprocal": numpy.reciprocal, "sin": numpy.sin, "cos": numpy.cos, "tan": numpy.tan,
        "arcsin": numpy.arcsin, "arccos": numpy.arccos, "arctan": numpy.arctan, "sinh": numpy.sinh, "cosh": numpy.cosh,
        "tanh": numpy.tanh, "arcsinh": numpy.arcsinh, "arctanh": numpy.arctanh,
        "erf": numpy.vectorize(math.erf), "sigmoid": lambda x: 1 / (1 + numpy.exp(-x)),
        "softplus": lambda x: numpy.log1p(numpy.exp(x)), "relu": lambda x: numpy.maximum(x, 0),
        "gelu": lambda x: x * (1 + numpy.vectorize(math.erf)(x / math.sqrt(2))) / 2,
        "silu": lambda x: x / (1 + numpy.exp(-x)), "stop_gradient": lambda x: x,
        "zeros_like": numpy.zeros_like, "ones_like": numpy.ones_like,
    }.items()),
    *((name, (P,), {}, f(P)) for name, f in {
        "log": numpy.log, "log2": numpy.log2, "sqrt": numpy.sqrt, "rsqrt": lambda x: 1 / numpy.sqrt(x),
        "arccosh": numpy.arccosh, "lgamma": numpy.vectorize(math.lgamma),
    }.items()),
    ("digamma", (numpy.array([1.0, 2.0]),), {}, numpy.array([-0.5772156649015329, 0.42278433509846714])),
    *((name, (a,), {"axis": axis, "keepdims": keep}, f(a, axis=axis, keepdims=keep))
      for name, f in [("sum", numpy.sum), ("mean", numpy.mean), ("prod", numpy.prod), ("max", numpy.max), ("min", numpy.min)]
      for a, axis, keep in [(X, None, False), (R, 1, False), (R, (0, 1), True), (S, (0, -1), False)]),
    *((name, (a,), {"axis": axis, "ddof": ddof, "keepdims": keep}, f(a, axis=axis, ddof=ddof, keepdims=keep))
      for name, f in {"var": numpy.var, "std": numpy.std}.items()
      for a, axis, ddof, keep in [(X, None, 0, False), (R, 1, 1, True), (S, (0, -1), 2, False), (R, None, 0.5, False)]),
    *(("norm", (a,), {"axis": axis, "keepdims": keep}, numpy.sqrt(numpy.sum(a * a, axis=axis, keepdims=keep)))
      for a, axis, keep in [
          (X, None, False), (R, None, False), (R, 1, True), (R, (0,), False), (S, (0, 1), False), (S, (0, 1, 2), False),
          (numpy.float64(-3.0), None, False)]),
    *(("logsumexp", (R,), {"axis": axis, "keepdims": False}, numpy.log(numpy.sum(numpy.exp(R), axis=axis)))
      for axis in (None, 0)),
    ("any", (B,), {"axis": None, "keepdims": False}, True),
    ("all", (B[None],), {"axis": 1, "keepdims": True}, [[False]]),
    ("logical_and", (B, C), {}, B & C), ("logical_or", (B, C), {}, B | C),
    ("logical_not", (B,), {}, ~B),
    ("equal", (B, C), {}, B == C),
    # numbers on either side
    *((name, (n, X), {}, f(n, X)) for name, f in {
        "add": numpy.add, "subtract": numpy.subtract, "multiply": numpy.multiply, "divide": numpy.divide,
        "floor_divide": numpy.floor_divide, "remainder": numpy.remainder, "power": numpy.power, "less": numpy.less,
        "equal": numpy.equal, "maximum": numpy.maximum, "minimum": numpy.minimum, "arctan2": numpy.arctan2,
    }.items() for n in (2, 0.25)),
    *((name, (X, n), {}, f(X, n)) for name, f in {
        "multiply": numpy.multiply, "divide": numpy.divide, "remainder": numpy.remainder, "power": numpy.power,
        "greater": numpy.greater, "not_equal": numpy.not_equal, "maximum": numpy.maximum, "arctan2": numpy.arctan2,
    }.items() for n in (2, 3.0)),
    # integer arrays beside floating ones, beside numbers, alone
    *((name, (a, b), {}, f(a, b)) for name, f in {
        "add": numpy.add, "multiply": numpy.multiply, "divide": numpy.divide, "power": numpy.power,
        "less": numpy.less, "equal": numpy.equal, "maximum": numpy.maximum, "remainder": numpy.remainder,
    }.items() for a, b in [(I32, P), (P, I64), (I64, 0.5), (2.5, I32), (I32, I64), (I64, 2)]),
    ("dot", (I64, X), {}, I64 @ X), ("outer", (X, I32), {}, numpy.outer(X, I32)), ("matmul", (M, I64), {}, M @ I64),
    ("exp", (I64,), {}, numpy.exp(I64)), ("sqrt", (I32,), {}, numpy.sqrt(I32)), ("square", (I32,), {}, I32**2),
    ("mean", (I64,), {"axis": None, "keepdims": False}, 2.0), ("sum", (I32,), {"axis": None, "keepdims": False}, 6),
    ("exp", (2,), {}, math.exp(2)), ("zeros_like", (2.5,), {}, 0.0),
    ("where", (B, X, Y), {}, numpy.where(B, X, Y)), ("where", (B, 0, X), {}, numpy.where(B, 0, X)),
    ("where", (B, X, 0.5), {}, numpy.where(B, X, 0.5)), ("where", (B, I64, X), {}, numpy.where(B, I64, X)),
    ("where", (B, 1.0, 2.0), {}, numpy.where(B, 1.0, 2.0)), ("where", (B, B, C), {}, numpy.where(B, B, C)),
    ("clip", (X, -0.1, 0.6), {}, numpy.clip(X, -0.1, 0.6)), ("clip", (X, 0, P), {}, numpy.clip(X, 0, P)),
    ("clip", (X, -1.0, P[:, None]), {}, numpy.clip(X, -1.0, P[:, None])), ("clip", (I64, 1.5, 2.5), {}, [2.5, 1.5, 2]),
    ("clip", (0.5, X, 2.0), {}, numpy.clip(0.5, X, 2.0)),
    ("leaky_relu", (X,), {"negative_slope": 0.25}, numpy.where(X > 0, X, 0.25 * X)),
    ("elu", (X,), {"alpha": 1.0}, numpy.where(X > 0, X, numpy.expm1(X))),
    ("elu", (800 * X,), {"alpha": 0.5}, numpy.where(X > 0, 800 * X, -0.5)),
    *((name, (R,), {"axis": axis}, f(numpy.exp(R) / numpy.exp(R).sum(axis, keepdims=True)))
      for name, f in {"softmax": lambda p: p, "log_softmax": numpy.log}.items() for axis in (-1, 0)),
    *(("cumsum", (a,), {"axis": axis}, numpy.cumsum(a, axis)) for a, axis in [(X, None), (R, None), (R, 0), (R, 1)]),
    *(("matmul", (a, b), {}, a @ b) for a, b in [(M, R), (M, X), (X, R), (S, R), (S, X), (X, S), (S, S), (I64, I64)]),
    ("trace", (M,), {}, 9.0), ("trace", (S,), {}, numpy.trace(S, axis1=1, axis2=2)),
    ("transpose", (R,), {"axes": None}, R.T), ("transpose", (S,), {"axes": (1, 0, 2)}, S.transpose(1, 0, 2)),
    ("transpose", (X,), {"axes": None}, X),
    ("reshape", (R,), {"shape": (2, -1)}, R.reshape(2, 6)), ("reshape", (R,), {"shape": 12}, R.reshape(12)),
    ("reshape", (X[:1],), {"shape": ()}, X[0]),
    ("broadcast_to", (X,), {"shape": (2, 3)}, numpy.broadcast_to(X, (2, 3))),
    ("concatenate", ([X, P],), {"axis": 0}, numpy.concatenate([X, P])),
    ("concatenate", ([M, R],), {"axis": 1}, numpy.concatenate([M, R], 1)),
    ("concatenate", ([I64, X],), {"axis": 0}, numpy.concatenate([I64, X])),
    ("stack", ([X, P],), {"axis": 0}, numpy.stack([X, P])), ("stack", ([X, P],), {"axis": -1}, numpy.stack([X, P], -1)),
    ("stack", ([1, numpy.float64(2.5), 0.5],), {"axis": 0}, [1, 2.5, 0.5]),
    ("stack", ([1, 2.5],), {"axis": 0}, [1, 2.5]),
    ("stack", ([numpy.int32(2), 0.5],), {"axis": 0}, [2, 0.5]),
    ("squeeze", (X[None, :, None],), {"axis": None}, X), ("squeeze", (X[None, :, None],), {"axis": 0}, X[:, None]),
    ("squeeze", (X[None, :, None],), {"axis": (0, 2)}, X),
    ("expand_dims", (X,), {"axis": 1}, X[:, None]), ("expand_dims", (X,), {"axis": (-1, 0)}, X[None, :, None]),
    ("flip", (R,), {"axis": None}, R[::-1, ::-1]), ("flip", (R,), {"axis": 1}, R[:, ::-1]), ("flip", (R,), {"axis": (0,)}, R[::-1]),
    ("take", (X, I64 - 1), {"axis": None}, X[I64 - 1]), ("take", (R, U8), {"axis": None}, R.ravel()[U8]),
    ("take", (R, U8), {"axis": 0}, R[U8]), ("take", (R, U8), {"axis": 1}, R[:, U8]), ("take", (X, 2), {"axis": None}, X[2]),
    ("take", (X, [0, 2]), {"axis": None}, X[[0, 2]]),
    *(("diagonal", (a,), {"offset": k}, numpy.diagonal(a, k, -2, -1)) for a in (R, S) for k in (0, 1, -1)),
    *((name, (a,), {"k": k}, f(a, k)) for name, f in {"tril": numpy.tril, "triu": numpy.triu}.items()
      for a in (R, S) for k in (0, 1, -1, 5, -5)),
    ("det", (M,), {}, numpy.linalg.det(M)), ("det", (S,), {}, numpy.linalg.det(S)), ("inv", (M,), {}, numpy.linalg.inv(M)),
    ("slogdet", (-M,), {}, tuple(numpy.linalg.slogdet(-M))), ("cholesky", (M,), {}, numpy.linalg.cholesky(M)),
    ("solve", (M, X), {}, numpy.linalg.solve(M, X)), ("solve", (M, R), {}, numpy.linalg.solve(M, R)),
    ("solve", (M, I64), {}, numpy.linalg.solve(M, I64)),
    *(("solve", (a, b), {}, numpy.linalg.solve(a, b)) for a, b in SYSTEMS),
    *(("solve", (a, X), {}, numpy.linalg.solve(a, X[:, None])[..., 0]) for a in (MM, MM[:, None])),
    *(("cholesky", (a + skew,), {}, numpy.linalg.cholesky(a)) for a in (M, MM) for skew in (0 * M, SKEW)),
]  # fmt: skip

ACCURACY = {"gelu": 1e-8}  # TensorFlow's constant 1 / sqrt(2) has passed through float32


def kind_of(dtype):
    return "float" if dtype in FLOAT_DTYPES else "bool" if dtype == "bool" else "int"


def type_of(value):
    if isinstance(value, numpy.ndarray | numpy.generic):
        return ArrayType(kind=kind_of(value.dtype.name), dtype=value.dtype.name, shape=value.shape)
    if isinstance(value, list):
        return TupleType(items=tuple(map(type_of, value)))
    return NumberType(kind=type(value).__name__)


def result_of(primitive, types, expected):
    """The type that `check` gives the result: joined dtypes, floats where the catalogue says so."""
    if isinstance(expected, tuple):
        return TupleType(items=tuple(result_of(primitive, types, part) for part in expected))
    shape = numpy.shape(expected)
    rule = PRIMITIVES[primitive].result
    if rule == "bool":
        return ArrayType(kind="bool", dtype="bool", shape=shape)
    flat = [leaf for kind in types for leaf in (kind.items if isinstance(kind, TupleType) else (kind,))]
    flat = flat[1:] if primitive == "where" else flat[:1] if primitive == "take" else flat
    dtypes = [kind.dtype for kind in flat if isinstance(kind, ArrayType)]
    floating = rule == "float" or any(kind.kind == "float" for kind in flat)
    dtype = "float64" if floating else numpy.result_type(*dtypes).name if dtypes else "int64"
    return ArrayType(kind=kind_of(dtype), dtype=dtype, shape=shape)


def text_and_arguments(values):
    """Operands as text, wrapped and bare, and the arrays that the text reads."""
    bare, wrapped, arrays = [], [], {}

    def written(value, *, wrap):
        if isinstance(value, list):
            return f"[{', '.join(written(item, wrap=wrap) for item in value)}]"
        if isinstance(value, numpy.ndarray | numpy.generic):
            name = next((n for n, a in arrays.items() if a is value), f"a{len(arrays)}")
            arrays[name] = value
            return name
        return SPELLING.number.format(value=value, dtype=SPELLING.dtypes["float64"]) if wrap else repr(value)

    for value in values:
        bare.append(Fragment(written(value, wrap=False), atomic=True))
        wrapped.append(Fragment(written(value, wrap=True), atomic=True))
    return tuple(bare), tuple(wrapped), arrays


def spelled(primitive, values, options, expected):
    bare, wrapped, arrays = text_and_arguments(values)
    types = tuple(map(type_of, values))
    application = Application(
        primitive=primitive, operands=bare, arrays=wrapped, options=options, types=types,
        result=result_of(primitive, types, expected), dtype="float64",
    )  # fmt: skip
    spelling = SPELLING.primitives[primitive]
    text = spelling.format(*bare) if isinstance(spelling, str) else spelling(application)
    return text, arrays, application.result


@pytest.mark.parametrize(("primitive", "values", "options", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_spelling(primitive, values, options, expected):
    text, arrays, result = spelled(primitive, values, options, expected)
    namespace = {}
    exec(f"{SPELLING.imports[0]}\ndef f({', '.join(arrays)}): return {text}", namespace)
    for function in (namespace["f"], tf.function(namespace["f"], autograph=False)):
        answer = function(*map(tf.constant, arrays.values()))
        if isinstance(expected, tuple):
            for part, wanted in zip(answer, expected, strict=True):
                numpy.testing.assert_allclose(part.numpy(), wanted, rtol=1e-13)
            continue
        assert answer.dtype.name == result.dtype, text
        assert tuple(answer.shape) == numpy.shape(expected), text
        accuracy = ACCURACY.get(primitive, 1e-13)
        numpy.testing.assert_allclose(answer.numpy(), expected, rtol=accuracy, atol=1e-15, err_msg=text)


def test_every_primitive_is_spelled_and_tested():
    here = set(SPELLING.primitives) | set(SPELLING.absent)
    assert here == set(PRIMITIVES) - {"negative"}
    assert {row[0] for row in ROWS} == set(SPELLING.primitives)
    assert set(SPELLING.dtypes) == set(DTYPES)


def spell(primitive, *texts, result="float64", types=None, **options):
    """The text for operands that are float64 vectors unless `types` says otherwise."""
    array = ArrayType(kind="float", dtype="float64", shape=(3,))
    fragments = tuple(Fragment(text, atomic=text.isidentifier()) for text in texts)
    spelling = SPELLING.primitives[primitive]
    application = Application(
        primitive=primitive, operands=fragments, arrays=fragments, options=options, types=types or (array,) * len(texts),
        result=ArrayType(kind=kind_of(result), dtype=result, shape=(3,)), dtype="float64",
    )  # fmt: skip
    return spelling(application)


def test_texts_look_hand_written():
    assert spell("add", "a * b", "c + d") == "a * b + (c + d)"
    assert spell("subtract", "a + b", "c") == "a + b - c"
    assert spell("multiply", "a + b", "-c") == "(a + b) * -c"
    assert spell("power", "-a", "b") == "(-a) ** b"
    assert spell("power", "a ** b", "-c") == "(a ** b) ** -c"
    assert spell("less", "a + b", "c", result="bool") == "a + b < c"
    assert spell("less", "a < b", "c", result="bool") == "(a < b) < c"
    assert spell("sum", "x", axis=None, keepdims=False) == "tf.reduce_sum(x)"
    assert spell("sum", "x", axis=(0, 1), keepdims=True) == "tf.reduce_sum(x, axis=[0, 1], keepdims=True)"
    assert spell("dot", "x", "y") == "tf.tensordot(x, y, axes=1)"
    integers = ArrayType(kind="int", dtype="int64", shape=(3,))
    floats = ArrayType(kind="float", dtype="float64", shape=(3,))
    assert spell("multiply", "i", "x", types=(integers, floats)) == "tf.cast(i, tf.float64) * x"
    assert spell("multiply", "i", "2", types=(integers, NumberType(kind="int")), result="int64") == "i * 2"


def test_the_tests_would_notice_a_wrong_spelling(monkeypatch):
    monkeypatch.setitem(
        SPELLING.primitives, "tril", lambda application: f"tf.linalg.band_part({application.operands[0]}, 0, -1)"
    )
    with pytest.raises(AssertionError):
        test_spelling("tril", (R,), {"k": 0}, numpy.tril(R))


@pytest.mark.parametrize("shape", [(None,), None])
def test_variance_of_unknown_length(shape):
    text = SPELLING.primitives["var"](Application(
        primitive="var", operands=(Fragment("x", atomic=True),), arrays=(), options={"axis": None, "ddof": 1, "keepdims": False},
        types=(ArrayType(kind="float", dtype="float64", shape=shape),),
        result=ArrayType(kind="float", dtype="float64", shape=()), dtype="float64",
    ))  # fmt: skip
    numpy.testing.assert_allclose(eval(text, {"tf": tf, "x": tf.constant(P)}), numpy.var(P, ddof=1))


def test_variance_without_freedom_is_not_a_number():
    text = spell(
        "var", "x[:1]", types=(ArrayType(kind="float", dtype="float64", shape=(1,)),), axis=None, ddof=1, keepdims=False
    )
    assert numpy.isnan(eval(text, {"tf": tf, "x": tf.constant(P)}))


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
def test_the_number_template(dtype):
    text = SPELLING.number.format(value="0.5", dtype=SPELLING.dtypes[dtype])
    assert eval(text, {"tf": tf}).dtype.name == dtype


def test_float64_constants_that_pass_through_float32():
    """Why `ACCURACY` has an entry; where TensorFlow mends it, the entry goes."""
    x = tf.constant([-1.0], tf.float64)
    assert 1e-9 < abs(tf.nn.leaky_relu(x, alpha=0.1)[0] + 0.1) < 1e-8
    assert 1e-10 < abs(tf.nn.gelu(x)[0] + (1 + math.erf(-1 / math.sqrt(2))) / 2) < 1e-8


PROGRAMS = {
    "k = 0\nwhile norm(x) > 0.1 and k < 10:\n  x = x / 2\n  k = k + 1\nreturn x * k": X / 16 * 4,
    "k = 2\nif sum(x) > 0:\n  k = 3\nreturn x ** k + k": X**3 + 3,
    "t = 1.0\nwhile sum(x) * t < 3:\n  t = t * 2\nreturn t * x": 4 * X,
    "2 * x + (x - 1) ** 2 / 3 - log2(x + 2)": 2 * X + (X - 1) ** 2 / 3 - numpy.log2(X + 2),
}


@pytest.mark.parametrize(("program", "expected"), PROGRAMS.items())
@pytest.mark.parametrize("bound", [None, 20])
def test_lowered_programs_mean_the_same_in_a_graph(tmp_path, program, expected, bound):
    leaves = {"x": ArrayType(kind="float", dtype="float64", shape=(3,))}
    checked = check(parse(program, location=Location(file="test.yaml")), leaves, dtype="float64")
    lowered = lower(checked, SPELLING, lowering="python", max_iterations=bound)
    path = tmp_path / "lowered.py"
    path.write_text(lowered.source, encoding="utf-8")
    namespace = runpy.run_path(str(path))
    for function in (namespace[lowered.entry], tf.function(namespace[lowered.entry])):
        answer = function(tf.constant(X))
        if lowered.finished:
            answer, finished = answer
            assert finished
        numpy.testing.assert_allclose(answer.numpy(), expected, rtol=1e-14)
