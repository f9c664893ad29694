"""Real frameworks in real processes, side by side."""

from __future__ import annotations

import tempfile

import numpy
import pytest

from gradcmp.core.executors import Ready
from gradcmp.core.outcomes import Computed
from gradcmp.core.requests import WorkerKey
from gradcmp.execute.pool import Pool
from gradcmp.registry import load_registry
from tests.execute.fakes import GRADIENT, answers, ask

SOURCES = {
    "torch": "import torch\n\n\ndef f(x):\n    return 2 * torch.dot(x, x)\n",
    "tensorflow": "import tensorflow as tf\n\n\ndef f(x):\n    return 2 * tf.tensordot(x, x, axes=1)\n",
    "jax": "import jax.numpy as jnp\n\n\ndef f(x):\n    return 2 * jnp.dot(x, x)\n",
}


@pytest.mark.frameworks
def test_all_frameworks_answer_the_same_question(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    registry = load_registry()
    keys = [WorkerKey(backend=name) for name in SOURCES]
    with Pool(registry, keys, threads=1) as pool:
        ready = pool.wait_until_ready()
        there = [key for key in keys if isinstance(ready[key], Ready)]
        requests = [
            ask(execution, case=f"{key.backend} {execution}", worker=key, source=SOURCES[key.backend], timeout_s=120.0)
            for key in there
            for execution in ("eager", "compiled")
            if (key.backend, execution) != ("torch", "compiled")  # its compiler takes too long for a test of processes
        ]
        found = answers(pool, requests)
    if not there:
        pytest.skip("no framework is installed")
    assert len(found) == len(requests)
    for case, outcome in found.items():
        assert isinstance(outcome, Computed), (case, outcome)
        leaf = outcome.derivatives[0]
        assert leaf.tensor.dtype == "float32", case
        numpy.testing.assert_array_equal(leaf.tensor.array, GRADIENT, err_msg=case, strict=False)
    assert {ready[key].settings["threads"] for key in there if "threads" in ready[key].settings} <= {1}
    assert not list(tmp_path.iterdir()), "something was left behind in the folder for temporary files"
