"""One test a code of the contract's table."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.run import FAKE, SQUARE, gradcmp, write


def test_0_all_is_well(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", SQUARE)
    done = gradcmp("run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "[0, 2, 4, 6]" in done.stdout


@pytest.mark.parametrize("execution", ["zero", "wrong", "sign", "nan", "misshapen", "missing", "wrong_dtype", "raises"])
def test_1_a_finding(tmp_path: Path, execution: str) -> None:
    write(tmp_path, "square.yaml", SQUARE)
    done = gradcmp("run", "--execution", execution, cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert gradcmp("run", "--execution", execution, "--fail-on", "never", cwd=tmp_path).returncode == 0


def test_1_a_death_is_one_row_and_the_rest_goes_on(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", SQUARE)
    done = gradcmp("run", "--execution", "segfaults", "--execution", "right", "--json", "-", cwd=tmp_path)
    assert done.returncode == 1
    verdicts = {case["target"]: case["verdict"] for case in json.loads(done.stdout)["cases"]}
    assert verdicts == {"fake-segfaults-cpu": "died", "fake-right-cpu": "exact"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "not-there.yaml"], "not-there.yaml"),
        (["run", "--exection", "eager"], "No such option"),
        (["run", "--execution", "lazy"], "no execution `lazy`"),
        (["run", "--dtype", "float33"], "no dtype `float33`"),
        (["run", "--timing", "never"], "is not `off`, `quick`"),
        (["run", "--shard", "3/2"], "is not I/N"),
        (["run", "-k", "a and"], "cannot be read"),
        (["run", "--param", "n"], "NAME=VALUE"),
        (["run", "-o", "no/such/folder/result.json"], "no/such/folder"),
        (["run", "--junit", "no/such/folder/junit.xml"], "no/such/folder"),
        (["run", "-o", "both.json", "--junit", "both.json"], "given for two outputs"),
        (["report", "not-there.json"], "not-there.json"),
        (["show", "square", "--as", "fake", "--execution", "lazy"], "no execution `lazy`"),
        (["frobnicate"], "No such command"),
    ],
)
def test_2_wrong_usage_before_anything_runs(tmp_path: Path, words: list[str], message: str) -> None:
    write(tmp_path, "square.yaml", SQUARE)
    done = gradcmp(*words, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_2_a_broken_scenario_names_its_place(tmp_path: Path) -> None:
    write(tmp_path, "broken.yaml", "inputs: {x: {arange: 4}}\nfunktion: sum(x)\n")
    done = gradcmp("check", cwd=tmp_path)
    assert done.returncode == 2
    assert "scenarios/broken.yaml:2:1" in done.stderr
    assert "did you mean `function`" in done.stderr


def test_4_a_backend_that_was_named_can_run_nowhere(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", SQUARE)
    assert gradcmp("run", "--backend", "theano", cwd=tmp_path).returncode == 4
    assert gradcmp("run", "--require", "fake-right-cuda:7", cwd=tmp_path).returncode == 4
    assert gradcmp("run", "--device", "cuda:7", cwd=tmp_path).returncode == 4
    assert gradcmp("run", "--require", "fake-right-cpu", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(("required", "code"), [("fake", 0), ("fake-right", 0), ("fake-*-cpu", 0), ("fake-eager", 4)])
def test_4_a_target_that_the_configuration_requires(tmp_path: Path, required: str, code: int) -> None:
    write(tmp_path, "square.yaml", SQUARE)
    (tmp_path / "gradcmp.toml").write_text(f'require = ["{required}"]\n')
    done = gradcmp("run", cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert gradcmp("run", "--require", required, cwd=tmp_path).returncode == code


def test_4_leaves_the_last_result_alone(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", SQUARE)
    gradcmp("run", cwd=tmp_path)
    before = (tmp_path / ".gradcmp" / "last.json").read_bytes()
    assert gradcmp("run", "--device", "cuda:7", cwd=tmp_path).returncode == 4
    assert (tmp_path / ".gradcmp" / "last.json").read_bytes() == before


def test_a_device_that_only_a_scenario_names_is_skipped(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", SQUARE + "device: [cpu, cuda:7]\n")
    done = gradcmp("run", "--json", "-", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    verdicts = {case["target"]: case["verdict"] for case in json.loads(done.stdout)["cases"]}
    assert verdicts == {"fake-right-cpu": "exact", "fake-right-cuda:7": "skipped"}


@pytest.mark.parametrize(("words", "code"), [(["run", "not-there.yaml"], 2), (["run", "--device", "cuda:7"], 4)])
def test_debug_shows_the_traceback_and_keeps_the_code(tmp_path: Path, words: list[str], code: int) -> None:
    write(tmp_path, "square.yaml", SQUARE)
    done = gradcmp(*words, "--debug", cwd=tmp_path)
    assert done.returncode == code
    assert "Traceback" in done.stderr


def test_5_nothing_was_selected(tmp_path: Path) -> None:
    assert gradcmp("run", cwd=tmp_path).returncode == 5
    write(tmp_path, "square.yaml", SQUARE)
    done = gradcmp("run", "-k", "cube", cwd=tmp_path)
    assert done.returncode == 5
    assert "nothing was selected" in done.stderr


def test_a_result_file_of_ones_own(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", SQUARE)
    done = gradcmp("run", "-o", "result.json", "--junit", "junit.xml", "--markdown", "tables.md", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "result.json").read_text())["run"]["complete"] is True
    assert "<testsuite" in (tmp_path / "junit.xml").read_text()
    assert "| square |" in (tmp_path / "tables.md").read_text()


def test_a_misspelt_backend_of_a_scenario_is_skipped_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", SQUARE.replace("backend: fake", "backend: [fake, trch]"))
    done = gradcmp("run", "--json", "-", cwd=tmp_path)
    reasons = {case["target"]: case["message"] for case in json.loads(done.stdout)["cases"] if case["message"]}
    assert "did you mean `torch`" in reasons["trch-eager-cpu"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_130_and_143_keep_what_was_done(tmp_path: Path, number: int, code: int) -> None:
    write(tmp_path, "a.yaml", SQUARE)
    write(tmp_path, "b.yaml", SQUARE.replace("execution: right", "execution: hangs"))
    process = subprocess.Popen(
        [sys.executable, "-m", "gradcmp", "run", "-o", "result.json", "--jobs", "1"],
        cwd=tmp_path,
        env=os.environ | {"GRADCMP_BACKENDS": FAKE},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    partial = tmp_path / "result.json.partial"
    for _ in range(600):
        if partial.exists() and '"kind":"case"' in partial.read_text():
            break
        time.sleep(0.05)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == code, stderr
    document = json.loads((tmp_path / "result.json").read_text())
    assert [case["id"] for case in document["cases"]] == ["a[gradient-float32]@fake-right-cpu"]
    assert document["run"]["complete"] is False
    assert document["run"]["exit_code"] == code
    assert "did not come to its end" in stdout


def test_a_closed_stdout_is_no_error(tmp_path: Path) -> None:
    for number in range(50):
        write(tmp_path, f"s{number}.yaml", SQUARE)
    process = subprocess.Popen(
        [sys.executable, "-m", "gradcmp", "list"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    stderr = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 0
    assert stderr == b""
