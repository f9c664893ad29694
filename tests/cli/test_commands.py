"""What the commands print."""

import json
import os
from pathlib import Path

import pytest

from gradcmp.scenario.keys import SCENARIO
from tests.cli.run import PLAIN, SQUARE, gradcmp, gradcmp_bytes, gradcmp_process, write

TAGGED = SQUARE + "tags: [smooth]\ndescription: A square.\n"


def test_list_shows_ids_and_executes_nothing(tmp_path: Path) -> None:
    write(tmp_path, "d/square.yaml", TAGGED)
    rows = json.loads(gradcmp("list", "--json", cwd=tmp_path).stdout)
    assert rows == [
        {"id": "d/square", "operators": ["gradient"], "dtypes": ["float32"], "tags": ["smooth"], "description": "A square."}
    ]  # fmt: skip
    assert "d/square" in gradcmp("list", cwd=tmp_path).stdout
    assert not (tmp_path / ".gradcmp").exists()


def test_list_shows_what_a_sweep_is_over(tmp_path: Path) -> None:
    swept = (
        "sweep: {o: [gradient, value], d: [float32, float64]}\ninputs: {x: 2}\nfunction: x * x\noperator: o\ndtype: d\n"
    )
    write(tmp_path, "swept.yaml", swept)
    (row,) = json.loads(gradcmp("list", "--json", cwd=tmp_path).stdout)
    assert row["operators"] == ["gradient", "value"]
    assert row["dtypes"] == ["float32", "float64"]


def test_list_obeys_the_width_and_never_cuts_an_id(tmp_path: Path) -> None:
    name = "a-folder/a-scenario-whose-name-is-longer-than-a-narrow-terminal-has-columns"
    write(tmp_path, f"{name}.yaml", SQUARE + f"description: {'word ' * 30}\n")
    wide = gradcmp("list", cwd=tmp_path).stdout.splitlines()
    assert len(wide) == 2
    for narrow in (
        gradcmp("list", cwd=tmp_path, COLUMNS="60").stdout,
        gradcmp("list", "--width", "60", cwd=tmp_path, COLUMNS="200").stdout,
    ):
        first, *others = narrow.splitlines()
        assert first == name
        assert max(map(len, others)) <= 60
        assert narrow.count("word") == 30


def test_report_refuses_what_is_no_result_without_a_traceback(tmp_path: Path) -> None:
    for content, reason in (
        (b"", "it is empty"),
        (b"{}", "it is JSON, but no result of gradcmp"),
        (b"\x89PNG\r\n", "it is not text in UTF-8"),
        (b"name,value\n", "it is not JSON"),
    ):
        (tmp_path / "r.json").write_bytes(content)
        for option in ((), ("--csv",), ("--markdown",), ("--junit",)):
            done = gradcmp("report", "r.json", *option, cwd=tmp_path)
            assert (done.returncode, done.stdout) == (2, "")
            assert done.stderr.startswith("error: r.json:")
            assert reason in done.stderr


def test_every_error_begins_alike(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "inputs: {x: 1.0}\nfunction: x * y\nbogus: 1\n")
    write(tmp_path, "b.yaml", "inputs: {x: 1.0}\nfunction: import os\n")
    lines = gradcmp("check", cwd=tmp_path).stderr.splitlines()
    located = [line for line in lines if ".yaml:" in line]
    assert len(located) >= 2
    assert all(line.startswith("error: ") for line in located)


def test_list_tells_primitives_and_protocols(tmp_path: Path) -> None:
    primitives = json.loads(gradcmp("list", "--primitives", "--json", cwd=tmp_path).stdout)
    conventions = {row["primitive"]: row["convention"] for row in primitives}
    assert "the exact one" in conventions["gelu(x)"]
    assert "x @ y" in conventions
    protocols = gradcmp("list", "--protocols", cwd=tmp_path).stdout
    assert "backward_twice_retained" in protocols
    assert "retain_graph=True" in protocols


def test_check_counts(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", SQUARE)
    write(tmp_path, "b.yaml", SQUARE)
    assert gradcmp("check", cwd=tmp_path).stdout == "2 scenarios in 2 files: no errors\n"


def test_show_prints_the_code_that_is_run(tmp_path: Path) -> None:
    write(tmp_path, "dot.yaml", "inputs: {x: {arange: 4}}\nfunction: 2 * dot(x, x)\n")
    shown = {name: gradcmp("show", "dot", "--as", name, cwd=tmp_path).stdout for name in ("torch", "tensorflow", "jax")}
    assert shown["torch"] == "import torch\n\n\ndef f(x):\n    return 2 * torch.dot(x, x)\n"
    assert "return 2 * tf.tensordot(x, x, axes=1)" in shown["tensorflow"]
    assert "return 2 * jnp.dot(x, x)" in shown["jax"]
    understood = gradcmp("show", "dot", cwd=tmp_path).stdout
    assert "x: float32 [4] from {arange: " in understood


def test_show_says_which_of_several_scenarios_it_shows(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path, f"pair/{name}.yaml", SQUARE)
    done = gradcmp("show", "pair", "--as", "torch", cwd=tmp_path)
    assert "torch.sum(x * x)" in done.stdout
    assert done.stderr == "the first of 2 scenarios, pair/a; `gradcmp list pair` has the others\n"
    assert gradcmp("show", "pair/b", cwd=tmp_path).stderr == ""


def test_show_tells_what_the_scenario_says_and_nothing_that_it_does_not(tmp_path: Path) -> None:
    text = """
inputs: {x: {arange: 2}, w: 3.0}
function: w * x
operator: vjp
cotangent: [1, 2]
tolerance: {rtol: 1e-3}
timeout: 7
skip: {jax: too slow}
expect:
  vjp: {x: [3, 6], w: {about: 2.0}}
  torch: {raises: RuntimeError, match: second time}
  tensorflow: {verdict: convention}
  strict: true
"""
    write(tmp_path, "told.yaml", text)
    lines = gradcmp("show", "told", cwd=tmp_path).stdout.splitlines()
    assert "cotangent: float32 [2] from {literal: (1, 2)}" in lines
    assert "tolerance: rtol 0.001" in lines
    assert "timeout: 7 s" in lines
    assert "skip: jax: too slow" in lines
    assert "strict: true" in lines
    assert lines[lines.index("expect:") + 1 :] == [
        "  vjp: x: [3, 6]",
        "  vjp: w: about 2.0",
        "  torch: raises RuntimeError, matching second time",
        "  tensorflow: the verdict convention",
    ]
    write(tmp_path, "bare.yaml", "inputs: {x: 1}\nfunction: x * x\n")
    bare = gradcmp("show", "bare", cwd=tmp_path).stdout
    assert not {"cotangent", "tolerance", "timeout", "skip", "strict", "expect"} & {
        line.partition(":")[0] for line in bare.splitlines()
    }


EVERY_KEY = """
description: everything
tags: all
inputs: {x: {arange: 2}, w: [3.0]}
wrt: x
function: n * w * x
operator: [vjp, jvp]
mode: forward
cotangent: [1, 2]
tangent: [1, 2]
expect: {vjp: 6}
backend: torch
execution: eager
device: cpu
dtype: float64
sweep: {n: [2]}
max_iterations: 4
tolerance: {ulps: 4}
timing: quick
timeout: 7
compile_timeout: 8
skip: {jax: too slow}
"""


def test_show_tells_every_key(tmp_path: Path) -> None:
    written = {line.partition(":")[0] for line in EVERY_KEY.strip().splitlines()}
    assert written == {name for name, key in SCENARIO.items() if key.supported} - {"protocol"}
    write(tmp_path, "all.yaml", EVERY_KEY)
    lines = gradcmp("show", "all", cwd=tmp_path).stdout.splitlines()
    assert written - {"sweep"} | {"id", "file", "parameters"} == {
        line.partition(":")[0] for line in lines if not line.startswith(" ")
    }
    write(tmp_path, "protocol.yaml", "inputs: {x: 1}\nfunction: x * x\nprotocol: accumulate\n")
    assert "protocol: accumulate" in gradcmp("show", "protocol", cwd=tmp_path).stdout.splitlines()


@pytest.mark.parametrize("words", [("show", "square"), ("list",), ("run", "nope"), ("report",)])
def test_colour_is_what_the_environment_says(tmp_path: Path, words: tuple[str, ...]) -> None:
    write(tmp_path, "square.yaml", PLAIN)
    gradcmp("run", "--no-reference", cwd=tmp_path)

    def coloured(**variables: str) -> bool:
        done = gradcmp(*words, cwd=tmp_path, **variables)
        return "\x1b[" in done.stdout + done.stderr

    assert not coloured()
    assert coloured(FORCE_COLOR="1")
    assert not coloured(FORCE_COLOR="1", NO_COLOR="1")


def test_a_suites_description_is_listed_where_a_member_has_none_and_always_shown(tmp_path: Path) -> None:
    members = "scenarios:\n  a: {function: x}\n  b: {function: x, description: of b}\n"
    write(tmp_path, "all.yaml", "description: of all\ndefaults: {inputs: {x: 1.0}}\n" + members)
    rows = json.loads(gradcmp("list", "--json", cwd=tmp_path).stdout)
    assert {row["id"]: row["description"] for row in rows} == {"all::a": "of all", "all::b": "of b"}
    shown = gradcmp("show", "all::b", cwd=tmp_path).stdout
    assert "suite: of all\ndescription: of b\n" in shown


def test_show_as_an_unknown_backend(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", SQUARE)
    done = gradcmp("show", "square", "--as", "troch", cwd=tmp_path)
    assert done.returncode == 4
    assert "did you mean `torch`" in done.stderr


def test_init_writes_a_scenario_that_passes(tmp_path: Path) -> None:
    assert gradcmp("init", cwd=tmp_path).returncode == 0
    assert gradcmp("check", cwd=tmp_path).returncode == 0
    done = gradcmp("run", "--backend", "fake", "--execution", "right", "--timing", "off", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    again = gradcmp("init", cwd=tmp_path)
    assert again.returncode == 2
    assert "there is a file already" in again.stderr


def test_the_result_of_a_run_can_be_reported_again(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", SQUARE)
    ran = gradcmp("run", cwd=tmp_path)
    assert gradcmp("report", cwd=tmp_path).stdout == ran.stdout
    assert "| square |" in gradcmp("report", "--markdown", cwd=tmp_path).stdout
    assert "<testsuite" in gradcmp("report", "--junit", cwd=tmp_path).stdout
    assert "square[gradient-float32]@fake-right-cpu" in gradcmp("report", "--csv", cwd=tmp_path).stdout
    assert gradcmp("report", "--csv", "--junit", cwd=tmp_path).returncode == 2


def test_a_run_with_a_file_of_its_own_is_the_last_run_too(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", PLAIN)
    write(tmp_path, "large.yaml", PLAIN.replace("arange: 4", "ones: [1500]"))
    gradcmp("run", "--no-reference", "square", cwd=tmp_path)
    ran = gradcmp("run", "--no-reference", "-o", "result.json", cwd=tmp_path)
    assert gradcmp("report", cwd=tmp_path).stdout == ran.stdout
    kept = {path.name for path in (tmp_path / ".gradcmp").iterdir()}
    assert kept == {".gitignore", "last.json", "last.json.npz"}
    gradcmp("run", "--no-reference", "square", "-o", "other.json", "--no-cache", cwd=tmp_path)
    assert gradcmp("report", cwd=tmp_path).stdout == ran.stdout


def test_a_last_run_that_cannot_be_kept_is_a_warning(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", PLAIN)
    (tmp_path / ".gradcmp").write_text("in the way")
    done = gradcmp("run", "--no-reference", "-o", "result.json", cwd=tmp_path)
    assert done.returncode == 0
    assert "warning: .gradcmp/last.json: not kept as the last run" in done.stderr
    assert (tmp_path / "result.json").exists()


def test_the_json_document_is_the_only_thing_on_stdout(tmp_path: Path) -> None:
    write(tmp_path, "square.yaml", SQUARE)
    done = gradcmp("run", "--execution", "floods", "--json", "-", "--no-cache", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert document["format"] == "gradcmp-result/0"
    assert document["cases"][0]["derivatives"][0]["data"] == [0.0, 2.0, 4.0, 6.0]
    assert not (tmp_path / ".gradcmp").exists()


def test_last_failed_runs_only_the_failures(tmp_path: Path) -> None:
    write(tmp_path, "good.yaml", SQUARE)
    write(tmp_path, "bad.yaml", SQUARE.replace("execution: right", "execution: wrong"))
    gradcmp("run", cwd=tmp_path)
    document = json.loads(gradcmp("run", "--last-failed", "--json", "-", cwd=tmp_path).stdout)
    assert [case["scenario"] for case in document["cases"]] == ["bad"]


def test_the_first_failure_ends_the_run(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path, f"{name}.yaml", SQUARE.replace("execution: right", "execution: wrong"))
    document = json.loads(gradcmp("run", "-x", "--json", "-", cwd=tmp_path).stdout)
    assert [case["scenario"] for case in document["cases"]] == ["a"]
    assert document["run"]["complete"] is False


def test_a_first_failure_that_is_the_last_problem_leaves_nothing_out(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", SQUARE)
    write(tmp_path, "b.yaml", SQUARE.replace("execution: right", "execution: wrong"))
    document = json.loads(gradcmp("run", "-x", "--json", "-", cwd=tmp_path).stdout)
    assert [case["level"] for case in document["cases"]] == ["ok", "fail"]
    assert document["run"]["complete"] is True


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("list", "--primitives"),
        ("check",),
        ("run", "--no-reference"),
        ("show", "square"),
        ("--help",),
        ("run", "-h"),
    ],
)
def test_any_encoding_of_the_terminal_will_do(tmp_path: Path, encoding: str, words: tuple[str, ...]) -> None:
    write(tmp_path, "square.yaml", PLAIN + "description: x ↦ x² ≈ 0\n")
    done = gradcmp_bytes(*words, cwd=tmp_path, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode("utf-8" if encoding == "ascii" else encoding)  # click takes ASCII for a mistake
    assert b"error" not in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("words", [("list", "--json"), ("run", "--no-reference", "--json", "-"), ("report", "--junit")])
def test_documents_can_be_read_whatever_the_terminals_encoding(
    tmp_path: Path, encoding: str, words: tuple[str, ...]
) -> None:
    write(tmp_path, "square.yaml", PLAIN + "skip: {fake: x² ≈ 0}\ndescription: x² ≈ 0\n")
    gradcmp("run", "--no-reference", cwd=tmp_path)
    done = gradcmp_bytes(*words, cwd=tmp_path, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode("utf-8")
    assert "x² ≈ 0" in (text if words[0] == "report" else json.dumps(json.loads(text), ensure_ascii=False))


def test_the_help_shows_how_json_is_asked_for(tmp_path: Path) -> None:
    printed = gradcmp("run", "--help", cwd=tmp_path).stdout
    assert "--json - " in printed


def test_modes_are_listed_with_each_backends_call(tmp_path: Path) -> None:
    rows = json.loads(gradcmp("list", "--modes", "--json", cwd=tmp_path).stdout)
    call = {
        "operator": "hessian",
        "mode": "forward-over-reverse",
        "backend": "torch",
        "call": "torch.func.hessian(f)(x)",
    }
    assert call in rows
    assert [row["backend"] for row in rows if row["operator"] == "jvp"] == ["jax", "tensorflow", "torch"] * 2


def test_a_broken_spelling_is_a_row_of_the_protocols(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text(
        "from dataclasses import replace\n"
        "from gradcmp.backends.fake.descriptor import FAKE\n"
        'ODD = replace(FAKE, name="odd", title="Odd", spelling="no.such.module:SPELLING")\n'
    )
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    variables = {"GRADCMP_BACKENDS": "odd:ODD", "PYTHONPATH": path}
    rows = json.loads(gradcmp_process("list", "--protocols", "--json", cwd=tmp_path, **variables).stdout)
    broken = "the idioms of Odd cannot be loaded: ModuleNotFoundError: No module named 'no'"
    assert {"protocol": "", "backend": "odd", "idiom": broken} in rows
    assert any(row["backend"] == "torch" for row in rows)
    modes = json.loads(gradcmp_process("list", "--modes", "--json", cwd=tmp_path, **variables).stdout)
    assert {"operator": "", "mode": "", "backend": "odd", "call": broken.replace("idioms", "modes")} in modes
    write(tmp_path, "square.yaml", SQUARE.replace("backend: fake", "backend: odd"))
    done = gradcmp_process("show", "square", "--as", "odd", "--execution", "right", cwd=tmp_path, **variables)
    assert done.returncode == 1
    assert "the spelling of Odd cannot be loaded" in done.stderr


@pytest.mark.parametrize("selector", ["square", "square[gradient-float32]", "square[gradient-float32]@fake-right-cpu", "scenarios/square.yaml:2"])  # fmt: skip
def test_ids_and_lines_select(tmp_path: Path, selector: str) -> None:
    write(tmp_path, "square.yaml", PLAIN)
    write(tmp_path, "other.yaml", PLAIN)
    document = json.loads(gradcmp("run", selector, "--no-reference", "--json", "-", cwd=tmp_path).stdout)
    assert [case["scenario"] for case in document["cases"]] == ["square"]


def test_in_a_pipe_no_id_is_cut(tmp_path: Path) -> None:
    name = "a" * 60
    write(tmp_path, f"{name}.yaml", SQUARE.replace("execution: right", "execution: [right, zero, wrong]"))
    printed = gradcmp("run", cwd=tmp_path).stdout
    assert f"{name}[gradient-float32]@fake-wrong-cpu" in printed
    assert "…" not in printed


@pytest.mark.frameworks
def test_backends_tells_what_failed_to_load(tmp_path: Path) -> None:
    done = gradcmp("backends", "--json", cwd=tmp_path, GRADCMP_BACKENDS="no.such.module:X,gradcmp.errors:UsageError")
    rows = {row["backend"]: row for row in json.loads(done.stdout)}
    assert "No module named 'no'" in rows["no.such.module:X"]["failed"]
    assert "expected a gradcmp.registry.Descriptor" in rows["gradcmp.errors:UsageError"]["failed"]


def test_the_schema_is_a_schema(tmp_path: Path) -> None:
    schema = json.loads(gradcmp("schema", cwd=tmp_path).stdout)
    assert schema["$schema"].startswith("http://json-schema.org/draft-07")
    of_results = json.loads(gradcmp("schema", "--result", cwd=tmp_path).stdout)
    assert of_results["$defs"]["CaseRecord"]["required"]
