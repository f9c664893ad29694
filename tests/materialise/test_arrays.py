"""Specifications → arrays: the numbers, the files, the limits, the hashes."""

import hashlib
import json
import struct

import numpy
import pytest

from gradcmp.core.formats import FORMATS
from gradcmp.core.operators import Operator
from gradcmp.core.problems import Problem
from gradcmp.core.tensors import Tensor
from gradcmp.errors import UsageError
from gradcmp.materialise.arrays import hash_tensor, materialise
from gradcmp.materialise.generators import derived_seed
from gradcmp.scenario.load import load


@pytest.fixture
def made(tmp_path):
    def made(inputs, more="function: y\n", *, dtype="float32", operator=Operator.GRADIENT, **options):
        (tmp_path / "s.yaml").write_text(f"inputs: {{y: 1.0, {inputs}}}\n{more}")
        (scenario,) = load(["s.yaml"], folder=tmp_path).scenarios
        return materialise(Problem(scenario=scenario, operator=operator, dtype=dtype), **options)

    return made


def draw(seed):
    return numpy.random.RandomState(seed)


@pytest.mark.parametrize(
    ("text", "dtype", "numbers"),
    [
        ("3", "float32", 3),
        ("[[1, 2], [3, 4.5]]", "float32", [[1, 2], [3, 4.5]]),
        ("[]", "float32", []),
        ("[true, false]", "bool", [True, False]),
        (".nan", "float32", float("nan")),
        ("[1, -.inf]", "float32", [1, float("-inf")]),
        ("0.1", "float32", 0.10000000149011612),
        ("{literal: [0, 9007199254740993], dtype: int64}", "int64", [0, 2**53 + 1]),
        ("{literal: 0.1, dtype: float64}", "float64", 0.1),
        ("{arange: 4}", "float32", [0, 1, 2, 3]),
        ("{arange: [0, 1, 0.1], dtype: float64}", "float64", [i * 0.1 for i in range(10)]),
        ("{arange: [5, 1, -2], dtype: int32}", "int32", [5, 3]),
        ("{linspace: [-2, 2, 5]}", "float32", [-2, -1, 0, 1, 2]),
        ("{linspace: [3, 4, 1]}", "float32", [3]),
        ("{zeros: [2]}", "float32", [0, 0]),
        ("{ones: [2], dtype: bool}", "bool", [True, True]),
        ("{full: [2], fill: 0.5}", "float32", [0.5, 0.5]),
        ("{full: [2], fill: true}", "bool", [True, True]),
        ("{eye: [2, 3]}", "float32", [[1, 0, 0], [0, 1, 0]]),
        ("{tril: [2, 3]}", "bool", [[True, False, False], [True, True, False]]),
        ("{normal: [2, 2], seed: 7, dtype: float64}", "float64", draw(7).standard_normal((2, 2)).tolist()),
        ("{uniform: [3], low: -1, seed: 3, dtype: float64}", "float64", draw(3).uniform(-1, 1, 3).tolist()),
        ("{integers: [5], low: 2, high: 10, seed: 0}", "int64", draw(0).randint(2, 10, 5, dtype="int64").tolist()),
        ("{integers: [3], high: 10, seed: 0, dtype: uint8}", "uint8", [5, 0, 3]),
        ("{bernoulli: [5], p: 0.25, seed: 1}", "bool", (draw(1).random_sample(5) < 0.25).tolist()),
        ("{permutation: 6, seed: 0}", "int64", [5, 2, 1, 3, 0, 4]),
    ],
)
def test_numbers(made, text, dtype, numbers):
    tensor = made(f"x: {text}").inputs["x"]
    assert tensor.dtype == dtype
    assert str(tensor.array.dtype) == dtype
    numpy.testing.assert_array_equal(tensor.array, numpy.array(numbers))
    assert not tensor.array.flags.writeable


def test_the_streams_are_frozen(made):
    """Numbers written down once: a change here would change every result file."""
    found = made("x: {normal: [3], seed: 7}, z: {normal: [2]}", dtype="float64").inputs
    assert found["x"].array.tolist() == [1.690525703800356, -0.4659373705408328, 0.0328201636785844]
    assert derived_seed("z", 0) == int(hashlib.sha256(b"0:z").hexdigest()[:8], 16)
    assert found["z"].array.tolist() == draw(derived_seed("z", 0)).standard_normal(2).tolist()


def test_seeds(made):
    text = "a: {normal: [4]}, b: {normal: [4]}, c: {normal: [4], seed: 3}"
    first, again, other = made(text), made(text), made(text, seed=1)
    assert first.hashes == again.hashes
    assert first.hashes["a"] != first.hashes["b"]
    assert first.hashes["a"] != other.hashes["a"]
    assert first.hashes["c"] == other.hashes["c"]


@pytest.mark.parametrize("dtype", FORMATS)
def test_random_numbers_are_those_of_float64_rounded_once(made, dtype):
    tensor = made("x: {normal: [100], seed: 0}", dtype=dtype).inputs["x"]
    exact = draw(0).standard_normal(100)
    assert tensor.dtype == dtype
    assert tensor.array.tolist() == [FORMATS[dtype].round(value) for value in exact.tolist()]


def test_trees_are_flat(made):
    found = made("params: {dense: {kernel: {normal: [3, 4]}, bias: {zeros: [4]}}}")
    assert list(found.inputs) == list(found.hashes) == ["y", "params.dense.kernel", "params.dense.bias"]


# Seeds of derivatives ---------------------------------------------------------------------------------------


def test_cotangents_and_tangents_belong_to_their_operators(made):
    more = "function: x * y\noperator: [vjp, jvp]\nwrt: x\ncotangent: [1, 2]\ntangent: {normal: [2]}\n"
    vjp, jvp = (
        made("x: {ones: [2]}", more, operator=operator, dtype="bfloat16") for operator in (Operator.VJP, Operator.JVP)
    )
    assert vjp.tangents is jvp.cotangents is None
    assert vjp.cotangents[""].array.tolist() == [1, 2]
    assert vjp.cotangents[""].dtype == "bfloat16"
    assert list(jvp.tangents) == ["x"]
    assert jvp.tangents["x"].array.tolist() != made("x: {normal: [2]}").inputs["x"].array.tolist()
    assert made("x: 1", operator=Operator.VJP).cotangents is None


def test_a_tangent_has_the_dtype_of_its_input(made):
    more = "function: x * y\noperator: jvp\ntangent: {x: 0.1, y: 0.1}\n"
    tangents = made("x: {literal: 1, dtype: float64}", more, operator=Operator.JVP).tangents
    assert {path: tensor.dtype for path, tensor in tangents.items()} == {"x": "float64", "y": "float32"}


# Files ------------------------------------------------------------------------------------------------------


def write_safetensors(path, arrays):
    header, data = {"__metadata__": {"a": "b"}}, b""
    for name, (dtype, array) in arrays.items():
        header[name] = {
            "dtype": dtype,
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + array.nbytes],
        }
        data += array.tobytes()
    encoded = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(encoded)) + encoded + data)


def test_npy(made, tmp_path):
    numpy.save(tmp_path / "x.npy", numpy.asfortranarray(numpy.array([[0.1, 2], [3, 4]], dtype=">f8")))
    tensor = made("x: {npy: x.npy}").inputs["x"]
    assert tensor.dtype == "float32"
    assert tensor.array.tolist() == numpy.array([[0.1, 2], [3, 4]], dtype="f4").tolist()
    assert tensor.array.flags.c_contiguous


def test_npz_by_key_and_as_a_tree(made, tmp_path):
    arrays = {"X": numpy.arange(6.0).reshape(2, 3), "dense.bias": numpy.array([1, 2], dtype="i4"),
              "dense.mask": numpy.array([True])}  # fmt: skip
    numpy.savez_compressed(tmp_path / "d.npz", **arrays)
    found = made("x: {npz: d.npz, key: X}, t: {npz: d.npz}, f: {npz: d.npz, key: dense.bias, dtype: float16}").inputs
    assert {path: tensor.dtype for path, tensor in found.items()} == {
        "y": "float32", "x": "float32", "f": "float16",
        "t.X": "float32", "t.dense.bias": "int32", "t.dense.mask": "bool",
    }  # fmt: skip
    assert found["t.dense.bias"].array.tolist() == [1, 2]
    assert found["x"].array.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_safetensors(made, tmp_path):
    bits = numpy.array([0x3F80, 0xC000, 0x3DCD], dtype="<u2")  # 1, -2 and about 0.1 in bfloat16
    write_safetensors(tmp_path / "m.safetensors", {
        "a.b": ("BF16", bits), "h": ("F16", numpy.array([[1.5]], dtype="f2")), "i": ("I64", numpy.array(3, dtype="i8")),
    })  # fmt: skip
    found = made("x: {safetensors: m.safetensors}", dtype="float64").inputs
    assert found["x.a.b"].array.tolist() == [1, -2, 0.10009765625]
    assert found["x.h"].array.tolist() == [[1.5]]
    assert (found["x.i"].dtype, found["x.i"].array.item()) == ("int64", 3)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: numpy.savez(path, X=numpy.zeros(3)), "held [2] when it was checked"),
        (lambda path: path.unlink(), "`d.npz` cannot be read"),
        (lambda path: path.write_bytes(b"nonsense"), "`d.npz` is damaged"),
        (lambda path: numpy.savez(path, Z=numpy.zeros(2)), "`d.npz` cannot be read"),
        (lambda path: numpy.savez(path, X=numpy.array([None, None])), "`d.npz` cannot be read"),
    ],
)
def test_a_file_that_changed_since_it_was_checked(tmp_path, damage, message):
    numpy.savez(tmp_path / "d.npz", X=numpy.zeros(2))
    (tmp_path / "s.yaml").write_text("inputs: {x: {npz: d.npz, key: X}}\nfunction: sum(x)\n")
    (scenario,) = load(["s.yaml"], folder=tmp_path).scenarios
    damage(tmp_path / "d.npz")
    with pytest.raises(UsageError) as caught:
        materialise(Problem(scenario=scenario, operator=Operator.GRADIENT, dtype="float32"))
    assert str(caught.value).startswith("s.yaml:1:13: inputs.x: ")
    assert message in str(caught.value)


def test_safetensors_that_lie(made, tmp_path):
    array = numpy.zeros(4, dtype="f4")
    write_safetensors(tmp_path / "m.safetensors", {"x": ("F32", array)})
    path = tmp_path / "m.safetensors"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(UsageError, match="cut short"):
        made("x: {safetensors: m.safetensors, key: x}")
    write_safetensors(path, {"x": ("F64", array)})
    with pytest.raises(UsageError, match="offsets"):
        made("x: {safetensors: m.safetensors, key: x}")


# Limits and hashes ------------------------------------------------------------------------------------------


def test_a_limit_holds_before_anything_is_allocated(made):
    with pytest.raises(UsageError) as caught:
        made("x: {zeros: [1024]}, z: {zeros: [10]}", max_bytes=4000)
    assert str(caught.value) == (
        "s.yaml:1:21: inputs: the inputs have 4 KiB in all, `x` alone 4 KiB; expected at most 3.9 KiB in all; "
        "`--max-bytes` (in Python `max_bytes`) sets the limit"
    )


def test_the_limit_counts_the_dtype(made):
    assert made("x: {zeros: [100]}", dtype="float16", max_bytes=210)
    with pytest.raises(UsageError):
        made("x: {zeros: [100]}", dtype="float64", max_bytes=210)


def tensor(dtype, values, carrier=None):
    return Tensor(dtype=dtype, array=numpy.array(values, dtype=carrier or dtype))


def test_a_hash_is_of_dtype_shape_and_numbers():
    expected = hashlib.sha256(b"float32[2]\0" + struct.pack("<2f", 1, 2)).hexdigest()
    assert hash_tensor(tensor("float32", [1, 2])) == f"sha256:{expected}"
    assert hash_tensor(tensor("float32", [1, 2], ">f4")) == f"sha256:{expected}"
    others = [tensor("float32", [[1, 2]]), tensor("float32", [1, 3]), tensor("float64", [1, 2]),
              tensor("bfloat16", [1, 2], "float32"), tensor("float32", [1, -2])]  # fmt: skip
    assert len({hash_tensor(other) for other in others} | {f"sha256:{expected}"}) == 6
    bits = hashlib.sha256(b"bfloat16[2]\0" + struct.pack("<2H", 0x3F80, 0x4000)).hexdigest()
    assert hash_tensor(others[3]) == f"sha256:{bits}"


@pytest.mark.parametrize(
    ("stored", "dtype", "shown"),
    [
        ([1.0, 7e4, numpy.inf], "float16", "70000 is beyond the largest float16, 65504"),
        ([1.0, -1e39], "float32", "-1e+39 is beyond the largest float32"),
        ([1.0, 3.4e38], "bfloat16", "3.4e+38 is beyond the largest bfloat16"),
    ],
)
@pytest.mark.parametrize("name", ["npy", "npz"])
def test_a_number_of_a_file_beyond_the_dtype_is_another_point(made, tmp_path, stored, dtype, shown, name):
    array = numpy.array(stored)
    numpy.save(tmp_path / "m.npy", array)
    numpy.savez(tmp_path / "m.npz", x=array)
    text = "x: {npy: m.npy}" if name == "npy" else "x: {npz: m.npz, key: x}"
    with pytest.raises(UsageError) as caught:
        made(text, dtype=dtype)
    assert str(caught.value).startswith(f"s.yaml:1:21: inputs.x: {shown}")
    assert numpy.array_equal(made(text, dtype="float64").inputs["x"].array, array)


def test_infinities_of_a_file_stand(made, tmp_path):
    numpy.save(tmp_path / "m.npy", numpy.array([numpy.inf, -numpy.inf, numpy.nan, 65519.0]))
    made_of = made("x: {npy: m.npy}", dtype="float16").inputs["x"].array
    assert numpy.array_equal(made_of, numpy.array([numpy.inf, -numpy.inf, numpy.nan, 65504.0]), equal_nan=True)


def test_a_number_beyond_the_dtype_of_the_command_line(made):
    assert float(made("x: 70000.0").inputs["x"].array) == 70000.0
    with pytest.raises(UsageError, match=r"s\.yaml:1:21: inputs\.x: 70000 is beyond the largest float16"):
        made("x: 70000.0", dtype="float16")
