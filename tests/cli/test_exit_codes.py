"""One test a code of the contract's table."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy
import pytest

from tests.cli.run import FAKE, PLAIN, SQUARE, gradcmp, write


def test_0_all_is_well(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", SQUARE)
    done = gradcmp("run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "[0, 2, 4, 6]" in done.stdout


FINDINGS = ("zero", "wrong", "sign", "nan", "misshapen", "missing", "wrong_dtype", "raises")


@pytest.mark.parametrize("execution", FINDINGS)
def test_1_a_finding(tmp_path: Path, execution: str) -> None:
    write(tmp_path, "square.yaml", SQUARE)
    done = gradcmp("run", "--execution", execution, cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr


def test_0_no_finding_counts_where_nothing_fails_a_run(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", SQUARE)
    executions = [word for name in FINDINGS for word in ("--execution", name)]
    done = gradcmp("run", *executions, "--fail-on", "never", "--json", "-", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [case["level"] for case in json.loads(done.stdout)["cases"]] == ["fail"] * len(FINDINGS)


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
        (["run", "--param", "n=8,"], "`n=8,` has the value ``"),
        (["run", "--param", "n=nan"], "finite numbers"),
        (["run", "--param", "n=1e999"], "finite numbers"),
        (["run", "--param", f"n={'9' * 5000}"], "finite numbers"),
        (["run", "--param", f"n={10**400}"], "finite numbers"),
        (["run", "--param", "n=a b"], "words of letters"),
        (["run", "--param", "n=\udcff"], "words of letters"),
        (["run", "--timeout", "nan"], "`nan` is not a number of seconds above 0"),
        (["run", "--timeout", "inf"], "is not a number of seconds"),
        (["run", "--timeout", "-1"], "is not a number of seconds"),
        (["run", "--compile-timeout", "0"], "is not a number of seconds"),
        (["run", "--compile-timeout", "soon"], "is not a number of seconds"),
        (["run", "scenarios/square.yaml:1"], "no scenario is at line 1; expected a line from 2 to 7"),
        (["run", "scenarios/square.yaml:99"], "no scenario is at line 99; expected a line from 2 to 7"),
        (["run", "no/such/\udcff.yaml"], "there is no file or folder"),
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
    write(tmp_path, "square.yaml", PLAIN)
    assert gradcmp("run", "--no-reference", "--backend", "theano", cwd=tmp_path).returncode == 4
    assert gradcmp("run", "--no-reference", "--require", "fake-right-cuda:7", cwd=tmp_path).returncode == 4
    assert gradcmp("run", "--no-reference", "--device", "cuda:7", cwd=tmp_path).returncode == 4
    assert gradcmp("run", "--no-reference", "--require", "fake-right-cpu", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(("required", "code"), [("fake", 0), ("fake-right", 0), ("fake-*-cpu", 0), ("fake-eager", 4)])
def test_4_a_target_that_the_configuration_requires(tmp_path: Path, required: str, code: int) -> None:
    write(tmp_path, "square.yaml", PLAIN)
    (tmp_path / "gradcmp.toml").write_text(f'require = ["{required}"]\n')
    done = gradcmp("run", "--no-reference", cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert gradcmp("run", "--no-reference", "--require", required, cwd=tmp_path).returncode == code


@pytest.mark.parametrize("how", ["fail", "die"])
@pytest.mark.parametrize("words", [["--backend", "fake"], ["--require", "fake"], ["--require", "fake-right-cpu"]])
def test_4_a_backend_that_was_named_does_not_start(tmp_path: Path, how: str, words: list[str]) -> None:
    write(tmp_path, "square.yaml", PLAIN)
    done = gradcmp("run", "--no-reference", *words, cwd=tmp_path, GRADCMP_FAKE_IMPORT=how)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "can run nowhere here; Fake does not start" in done.stderr
    assert not (tmp_path / ".gradcmp").exists()


def test_1_a_backend_that_only_the_scenario_names_does_not_start(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", PLAIN)
    assert gradcmp("run", "--no-reference", cwd=tmp_path, GRADCMP_FAKE_IMPORT="fail").returncode == 1


def test_4_a_required_target_is_looked_for_where_no_case_needs_it(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", PLAIN.replace("backend: fake", "backend: nothing"))
    assert gradcmp("run", "--no-reference", "--require", "fake", cwd=tmp_path).returncode == 0
    assert (
        gradcmp("run", "--no-reference", "--require", "fake", cwd=tmp_path, GRADCMP_FAKE_IMPORT="fail").returncode == 4
    )
    assert gradcmp("run", "--no-reference", "--require", "fake-*-gpu", cwd=tmp_path).returncode == 4
    misspelt = gradcmp("run", "--no-reference", "--require", "tensroflow", cwd=tmp_path)
    assert misspelt.returncode == 4
    assert "did you mean `tensorflow`?" in misspelt.stderr


def test_4_leaves_the_last_result_alone(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", PLAIN)
    gradcmp("run", "--no-reference", cwd=tmp_path)
    before = (tmp_path / ".gradcmp" / "last.json").read_bytes()
    assert gradcmp("run", "--no-reference", "--device", "cuda:7", cwd=tmp_path).returncode == 4
    assert (tmp_path / ".gradcmp" / "last.json").read_bytes() == before


def test_a_device_that_only_a_scenario_names_is_skipped(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", SQUARE + "device: [cpu, cuda:7]\n")
    done = gradcmp("run", "--json", "-", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    verdicts = {case["target"]: case["verdict"] for case in json.loads(done.stdout)["cases"]}
    assert verdicts == {"fake-right-cpu": "exact", "fake-right-cuda:7": "skipped"}


@pytest.mark.parametrize(("words", "code"), [(["run", "not-there.yaml"], 2), (["run", "--device", "cuda:7"], 4)])
def test_debug_shows_the_traceback_and_keeps_the_code(tmp_path: Path, words: list[str], code: int) -> None:
    write(tmp_path, "square.yaml", PLAIN)
    done = gradcmp(*words, "--debug", cwd=tmp_path)
    assert done.returncode == code
    assert "Traceback" in done.stderr


def test_5_nothing_was_selected(tmp_path: Path) -> None:
    assert gradcmp("run", cwd=tmp_path).returncode == 5
    write(tmp_path, "square.yaml", SQUARE)
    done = gradcmp("run", "-k", "cube", cwd=tmp_path)
    assert done.returncode == 5
    assert "nothing was selected" in done.stderr


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("square[gradeint-float32]", "no problem `square[gradeint-float32]`; did you mean `square[gradient-float32]`?"),
        ("square[gradient-float32]@fake-wrnog-cpu", "no case `square[gradient-float32]@fake-wrnog-cpu`; did you mean `square[gradient-float32]@fake-right-cpu`?"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("beside", [[], ["other"]])
def test_5_an_id_of_nothing(tmp_path: Path, named: str, said: str, beside: list[str]) -> None:
    write(tmp_path, "square.yaml", SQUARE)
    write(tmp_path, "other.yaml", SQUARE)
    done = gradcmp("run", named, *beside, cwd=tmp_path)
    assert done.returncode == 5, done.stderr
    assert said in done.stderr


def test_5_show_names_the_nearest_problem(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", SQUARE)
    done = gradcmp("show", "square[gradeint-float32]", cwd=tmp_path)
    assert done.returncode == 5
    assert "did you mean `square[gradient-float32]`?" in done.stderr


def test_5_nothing_failed_in_the_last_run(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", PLAIN)
    gradcmp("run", "--no-reference", cwd=tmp_path)
    done = gradcmp("run", "--no-reference", "--last-failed", cwd=tmp_path)
    assert done.returncode == 5
    assert "nothing failed in the last run" in done.stderr


def test_a_data_file_that_vanishes_in_a_run_is_one_row(tmp_path: Path) -> None:
    slow = SQUARE.replace("execution: right", "execution: slow")
    for number in range(80):  # 16 more than are looked ahead; while those run, the file goes
        write(tmp_path, f"a/s{number:02}.yaml", slow if number < 20 else SQUARE)
    numpy.save(tmp_path / "scenarios" / "x.npy", numpy.arange(4.0))
    write(tmp_path, "b.yaml", SQUARE.replace("{arange: 4}", "{npy: x.npy}"))
    write(tmp_path, "c.yaml", SQUARE)
    process = subprocess.Popen(
        [sys.executable, "-m", "gradcmp", "run", "--jobs", "1", "-o", "result.json", "-q"],
        cwd=tmp_path,
        env=os.environ | {"GRADCMP_BACKENDS": FAKE},
        stderr=subprocess.PIPE,
        text=True,
    )
    partial = tmp_path / "result.json.partial"
    while not (partial.exists() and '"kind":"case"' in partial.read_text()) and process.poll() is None:
        time.sleep(0.01)
    (tmp_path / "scenarios" / "x.npy").unlink()
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 1, stderr
    document = json.loads((tmp_path / "result.json").read_text())
    verdicts = {case["scenario"]: (case["verdict"], case["level"]) for case in document["cases"]}
    assert (verdicts["b"], verdicts["c"]) == (("raised", "fail"), ("exact", "ok"))
    assert document["run"]["complete"] is True


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    "words", [["list"], ["run", "--no-reference"], ["schema"], ["run", "--no-reference", "--json", "-"]]
)
def test_a_full_disk_behind_stdout_is_told(tmp_path: Path, words: list[str]) -> None:
    write(tmp_path, "square.yaml", PLAIN)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gradcmp", *words],
            cwd=tmp_path,
            env=os.environ | {"GRADCMP_BACKENDS": FAKE},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == "error: the system says: [Errno 28] No space left on device"


@pytest.mark.parametrize("option", ["-o", "--junit", "--markdown"])
def test_results_do_not_go_over_scenarios(tmp_path: Path, option: str) -> None:
    path = write(tmp_path, "square.yaml", SQUARE)
    done = gradcmp("run", option, "scenarios/square.yaml", cwd=tmp_path)
    assert (done.returncode, path.read_text()) == (2, SQUARE)
    assert done.stderr == (
        "error: scenarios/square.yaml: this names a scenario; expected a file for results, such as `result.json`\n"
    )


def test_a_result_file_of_ones_own(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", PLAIN)
    done = gradcmp(
        "run", "--no-reference", "-o", "result.json", "--junit", "junit.xml", "--markdown", "tables.md", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "result.json").read_text())["run"]["complete"] is True
    assert "<testsuite" in (tmp_path / "junit.xml").read_text()
    assert "| square |" in (tmp_path / "tables.md").read_text()


def test_a_misspelt_backend_of_a_scenario_is_skipped_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", PLAIN.replace("backend: fake", "backend: [fake, trch]"))
    done = gradcmp("run", "--no-reference", "--json", "-", cwd=tmp_path)
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
    heads = [line["record"] for line in map(json.loads, partial.read_text().splitlines()) if line["kind"] == "run"]
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == code, stderr
    document = json.loads((tmp_path / "result.json").read_text())
    assert [case["id"] for case in document["cases"]] == ["a[gradient-float32]@fake-right-cpu"]
    # who reads the journal of a run that goes on sees the targets too: without them a table has no columns
    assert [target["id"] for target in heads[-1]["targets"]] == ["fake-right-cpu", "fake-hangs-cpu"]
    assert document["run"]["complete"] is False
    assert document["run"]["exit_code"] == code
    assert "did not come to its end" in stdout


@pytest.mark.parametrize("words", [(), ("-o", "own.json"), ("--json", "-", "--junit", "own.xml")])
def test_an_interruption_before_any_case_leaves_the_last_run_as_it_is(tmp_path: Path, words: tuple[str, ...]) -> None:
    write(tmp_path, "a.yaml", PLAIN)
    assert gradcmp("run", "--no-reference", cwd=tmp_path).returncode == 0
    last = tmp_path / ".gradcmp" / "last.json"
    before = last.read_text()
    write(tmp_path, "a.yaml", PLAIN.replace("execution: right", "execution: hangs"))
    process = subprocess.Popen(
        [sys.executable, "-m", "gradcmp", "run", "--no-reference", *words],
        cwd=tmp_path,
        env=os.environ | {"GRADCMP_BACKENDS": FAKE},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    partial = tmp_path / "own.json.partial" if "-o" in words else last.with_name("last.json.partial")
    for _ in range(600):
        if partial.exists():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    if "--json" in words:
        assert json.loads(stdout)["run"]["complete"] is False
        assert "<testsuite" in (tmp_path / "own.xml").read_text()
    else:
        assert "did not come to its end" in stdout
    assert last.read_text() == before
    assert sorted(path.name for path in last.parent.iterdir()) == [".gitignore", "last.json"]


@pytest.mark.parametrize("words", [["list"], ["list", "--json"], ["run", "s1"], ["show", "s1"], ["--help"]])
def test_a_closed_stdout_is_no_error(tmp_path: Path, words: list[str]) -> None:
    for number in range(50):
        write(tmp_path, f"s{number}.yaml", PLAIN)
    process = subprocess.Popen(
        [sys.executable, "-m", "gradcmp", *words],
        cwd=tmp_path,
        env=os.environ | {"GRADCMP_BACKENDS": FAKE},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    stderr = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 0
    assert stderr == b""


@pytest.mark.parametrize(
    ("words", "file"),
    [
        (["-o", "r.json", "--markdown", "r.json.npz"], "r.json.npz"),
        (["-o", "r.json", "--junit", "r.json.partial"], "r.json.partial"),
        (["-o", "r.json", "--junit", "R.JSON.NPZ.PARTIAL"], "R.JSON.NPZ.PARTIAL"),
        (["-o", "r.json", "--markdown", "./scenarios/../R.json"], "R.json"),
        (["--markdown", ".gradcmp/last.json"], ".gradcmp/last.json"),
        (["--markdown", ".gradcmp/last.json.npz"], ".gradcmp/last.json.npz"),
        (["-o", "r.json", "--markdown", ".gradcmp/last.json"], ".gradcmp/last.json"),
        (["-o", ".gradcmp/last.json.npz"], ".gradcmp/last.json.npz"),
        (["--markdown", "hard", "--junit", "link"], "hard"),
        (["--markdown", "soft", "--junit", "hard"], "soft"),
        (["--markdown", "soft.json"], "soft.json"),
    ],
)
def test_2_an_output_where_another_one_goes(tmp_path: Path, words: list[str], file: str) -> None:
    write(tmp_path, "square.yaml", PLAIN)
    (tmp_path / ".gradcmp").mkdir()
    (tmp_path / "hard").write_text("of a run before")
    (tmp_path / "link").hardlink_to(tmp_path / "hard")
    (tmp_path / "soft").symlink_to("hard")
    (tmp_path / "soft.json").symlink_to(".gradcmp/last.json")
    done = gradcmp("run", "--no-reference", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert f"{file}` is given for two outputs, " in done.stderr
    assert (tmp_path / "hard").read_text() == "of a run before"


@pytest.mark.parametrize("words", [["-o", ".gradcmp/last.json"], ["--no-cache", "--markdown", ".gradcmp/last.json"]])
def test_the_file_of_the_last_run_is_free_where_that_is_what_is_meant(tmp_path: Path, words: list[str]) -> None:
    write(tmp_path, "square.yaml", PLAIN)
    (tmp_path / ".gradcmp").mkdir()
    assert gradcmp("run", "--no-reference", *words, cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("option", ["-o", "--markdown", "--junit"])
@pytest.mark.parametrize("name", ["a", "a/r.json"])
def test_2_a_loop_of_symbolic_links(tmp_path: Path, option: str, name: str) -> None:
    write(tmp_path, "square.yaml", PLAIN)
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    done = gradcmp("run", "--no-reference", option, name, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert f"{name}: the file cannot be written: Too many levels of symbolic links" in done.stderr


@pytest.mark.parametrize("words", [[], ["-o", "r.json"]])
def test_a_last_run_that_is_a_loop(tmp_path: Path, words: list[str]) -> None:
    write(tmp_path, "square.yaml", PLAIN)
    (tmp_path / ".gradcmp").symlink_to(".gradcmp")
    done = gradcmp("run", "--no-reference", *words, cwd=tmp_path)
    assert done.returncode == (0 if words else 2), done.stderr
    assert "not kept as the last run" in done.stderr if words else "cannot be written" in done.stderr
