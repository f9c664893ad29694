"""What a worker's environment says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from gradcmp.backends.jax.descriptor import JAX
from gradcmp.backends.tensorflow.descriptor import TENSORFLOW
from gradcmp.backends.torch.descriptor import TORCH
from gradcmp.core.requests import WorkerKey
from gradcmp.execute import memory
from gradcmp.execute.settings import command_of, variables_of
from tests.execute.fakes import descriptor

FOLDER = Path("folder")


def test_threads_are_alike_for_every_library(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=x")
    for known in (TORCH, TENSORFLOW, JAX):
        key = WorkerKey(backend=known.name)
        one, two, free = (variables_of(known, key, threads=threads, folder=FOLDER) for threads in (1, 2, None))
        assert (one["OMP_NUM_THREADS"], two["MKL_NUM_THREADS"], "OMP_NUM_THREADS" in free) == ("1", "2", False)
        with_xla = known is not TORCH
        assert (one.get("XLA_FLAGS") == "--xla_dump_to=x --xla_cpu_multi_thread_eigen=false") is with_xla
        assert "XLA_FLAGS" not in {*two, *free}
        assert (one.get("TF_NUM_INTRAOP_THREADS"), "TF_NUM_INTRAOP_THREADS" in free) == (
            "1" if known is TENSORFLOW else None,
            False,
        )


def test_a_worker_for_the_cpu_sees_no_gpu():
    cpu = variables_of(JAX, WorkerKey(backend="jax"), threads=None, folder=FOLDER)
    assert (cpu["CUDA_VISIBLE_DEVICES"], cpu["JAX_PLATFORMS"], cpu["JAX_ENABLE_X64"]) == ("", "cpu", "1")
    gpu = variables_of(JAX, WorkerKey(backend="jax", device="cuda:0"), threads=None, folder=FOLDER)
    assert "CUDA_VISIBLE_DEVICES" not in gpu
    assert "JAX_PLATFORMS" not in gpu


def test_the_descriptor_has_the_last_word():
    own = variables_of(descriptor(OMP_NUM_THREADS="1", EXTRA="1"), WorkerKey(backend="fake"), threads=2, folder=FOLDER)
    assert (own["OMP_NUM_THREADS"], own["EXTRA"]) == ("1", "1")


def test_a_variable_may_name_the_folder_that_goes_with_the_run():
    own = variables_of(descriptor(TMPDIR="{folder}"), WorkerKey(backend="fake"), threads=None, folder=FOLDER)
    assert own["TMPDIR"] == "folder"
    torch, tensorflow = (
        variables_of(known, WorkerKey(backend=known.name), threads=None, folder=FOLDER) for known in (TORCH, TENSORFLOW)
    )
    assert (torch["TORCHINDUCTOR_CACHE_DIR"], tensorflow["TMPDIR"]) == ("folder", "folder")
    assert "TMPDIR" not in torch  # its precompiled headers are kept there


def test_nothing_beside_the_scenario_is_importable():
    command = command_of(sys.executable, descriptor(), WorkerKey(backend="fake"), threads=None, folder=FOLDER)
    assert command[:3] == [sys.executable, "-P", "-u"]
    assert Path(command[3]).is_file()
    assert json.loads(command[4])["implementation"] == "gradcmp.backends.fake.backend:FakeBackend"


def test_the_default_limit_is_below_the_container_and_the_machine(monkeypatch):
    whole = memory.psutil.virtual_memory().total
    assert 0 < memory.default_limit_bytes() <= 0.8 * whole
    monkeypatch.setattr(memory, "memory_bytes", lambda: 1000)
    assert memory.default_limit_bytes() == 800
