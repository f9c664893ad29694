"""What was named must be able to run: known before anything has started, or by the workers that start for it."""

import pytest

from gradcmp.backends.jax.descriptor import JAX
from gradcmp.backends.tensorflow.descriptor import TENSORFLOW
from gradcmp.backends.torch.descriptor import TORCH
from gradcmp.core.requests import WorkerKey
from gradcmp.core.targets import Target, TargetPattern
from gradcmp.registry import Registry
from gradcmp.session.demands import complaint_about, demands_of, extra_workers

REGISTRY = Registry(descriptors={d.name: d for d in (TORCH, TENSORFLOW, JAX)}, failed={"odd": "ImportError: no such"})
TORCH_CPU = WorkerKey(backend="torch")


def demands(*required: str, backends=(), devices=()):
    return demands_of(backends, devices, [TargetPattern(text=text) for text in required])


def extra(demanded, *planned: WorkerKey) -> list[tuple[str, str]]:
    keys = extra_workers(demanded, REGISTRY, lambda d: d.name != "tensorflow", planned)
    return [(key.backend, key.device) for key in keys]


@pytest.mark.parametrize(
    ("required", "complaint"),
    [
        ("tensroflow", "there is no backend `tensroflow`; expected one of jax, tensorflow, torch; did you mean `tensorflow`?"),
        ("tensorflow", "TensorFlow is not installed; pip install 'gradcmp[tensorflow]'"),
        ("odd-eager", "the backend `odd` cannot be loaded: ImportError: no such"),
        ("torch-eagre", "there is no execution `eagre`; expected one of compiled, eager; did you mean `eager`?"),
        ("", "there is no backend ``; expected one of jax, tensorflow, torch"),
    ],
)  # fmt: skip
def test_what_is_known_to_be_absent(required: str, complaint: str) -> None:
    (demand,) = demands(required)
    assert str(complaint_about(demand, REGISTRY, lambda d: d.name != "tensorflow")) == complaint


@pytest.mark.parametrize("required", ["torch", "t*", "jax-*", "torch-compiled-gpu", "*-*-cuda:1", "torch+old-eager"])
def test_what_only_the_workers_know(required: str) -> None:
    (demand,) = demands(required)
    assert complaint_about(demand, REGISTRY, lambda d: d.name != "tensorflow") is None


def test_nothing_is_installed() -> None:
    (demand,) = demands(devices=["cuda:0"])
    said = str(complaint_about(demand, REGISTRY, lambda d: d.name == "none"))
    assert (
        said
        == "`cuda:0` can run nowhere here: none of torch, tensorflow, jax is installed; `gradcmp backends` prints what to install"
    )


@pytest.mark.parametrize(
    ("demanded", "workers"),
    [
        (demands("torch"), []),
        (demands("jax"), [("jax", "cpu")]),
        (demands("jax-*-gpu"), [("jax", "cuda:0")]),
        (demands("torch-*-cuda:*"), [("torch", "all")]),
        (demands("*-*-cuda:1"), [("torch", "cuda:1"), ("jax", "cuda:1")]),
        (demands("tensorflow"), []),
        (demands("torch+old"), []),
        (demands(backends=["jax"], devices=["cpu"]), [("jax", "cpu")]),
        (demands(devices=["gpu"]), [("torch", "cuda:0"), ("jax", "cuda:0")]),
    ],
)
def test_workers_that_start_for_a_demand(demanded, workers) -> None:
    assert extra(demanded, TORCH_CPU) == workers


def test_a_worker_of_the_plan_does() -> None:
    planned = [WorkerKey(backend="torch", device="cuda:0")]
    assert extra(demands("torch-eager-gpu", devices=["gpu"], backends=["torch"]), *planned) == []


def test_a_device_is_no_pattern() -> None:
    (demand,) = demands(devices=["cu*"])
    assert not demand.pattern.matches(Target(backend="torch", device="cuda:0"))
    assert demand.name == "cu*"
