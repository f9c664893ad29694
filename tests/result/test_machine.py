from __future__ import annotations

import subprocess

import pytest

from gradcmp.result import machine
from gradcmp.result.machine import gpu_names, machine_record
from gradcmp.result.values import to_json

INFORMATION = """Model: 		 NVIDIA H100 80GB HBM3
IRQ:   		 56
GPU UUID: 	 GPU-0
"""


def nvidia_smi(folder, monkeypatch, script):
    """A program of that name, the only one."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_the_machine_tells_what_there_is():
    record = machine_record()
    assert record.cores >= 1
    assert record.cpu
    to_json(record)


def test_the_driver_names_the_gpus(tmp_path, monkeypatch):
    for bus in ("0000:01:00.0", "0000:02:00.0"):
        (tmp_path / bus).mkdir()
        (tmp_path / bus / "information").write_text(INFORMATION)
    nvidia_smi(tmp_path, monkeypatch, "echo another")
    monkeypatch.setattr(machine, "_DRIVER", tmp_path)
    assert machine_record().gpus == ("NVIDIA H100 80GB HBM3",) * 2


def test_else_nvidia_smi_names_them(tmp_path, monkeypatch):
    nvidia_smi(
        tmp_path, monkeypatch, '[ "$1 $2" = "--query-gpu=name --format=csv,noheader" ] && echo "NVIDIA A100" && echo'
    )
    assert gpu_names(tmp_path) == ("NVIDIA A100",)


@pytest.mark.parametrize("script", ["echo 'no devices were found'; exit 6", "printf '\\377'", "exit 0"])
def test_where_it_has_none_there_are_none(tmp_path, monkeypatch, script):
    nvidia_smi(tmp_path, monkeypatch, script)
    assert gpu_names(tmp_path) == ()


def test_a_driver_that_hangs_is_not_waited_for(tmp_path, monkeypatch):
    nvidia_smi(tmp_path, monkeypatch, "exit 0")

    def hanging(*words, timeout, **_):
        raise subprocess.TimeoutExpired(words, timeout)

    monkeypatch.setattr(subprocess, "run", hanging)
    assert gpu_names(tmp_path) == ()


def test_without_either_there_are_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu_names(tmp_path) == ()
