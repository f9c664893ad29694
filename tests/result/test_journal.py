from __future__ import annotations

import errno
import json
import os
import subprocess
import sys

import pytest
from msgspec import structs

from gradcmp.errors import GradcmpError, UsageError
from gradcmp.result import journal
from gradcmp.result.document import Document
from gradcmp.result.journal import Journal
from gradcmp.result.reading import read_document, read_json
from tests.result.builders import everything, notebook

OPEN = []


@pytest.fixture(autouse=True)
def _close_what_is_left_open():
    yield
    while OPEN:
        OPEN.pop().close()


def write(path, book, *, problems=None):
    running = Journal(path, book.head())
    OPEN.append(running)
    for problem, cases, pairs in book.entries[:problems]:
        running.add_problem(problem, cases, pairs)
    return running


def test_the_document_is_what_was_appended(tmp_path):
    book = everything()
    path = write(tmp_path / "r.json", book).finish(exit_code=1)
    read = read_json(path)
    expected = book.document()
    assert read["run"].pop("finished") > "2026"
    expected["run"].pop("finished")
    assert read == expected
    assert list(read) == list(expected)
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.json"]


def test_a_record_stands_on_a_line(tmp_path):
    path = write(tmp_path / "r.json", notebook()).finish(exit_code=0)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert sum('"id":"d2l/sum-x[gradient-float32]@jax-eager-cpu"' in line for line in lines) == 1
    assert json.loads(lines[1].removeprefix('"format": ').rstrip(",")) == "gradcmp-result/0"


def test_a_run_in_progress_can_be_read(tmp_path):
    running = write(tmp_path / "r.json", notebook(), problems=2)
    for name in ("r.json", "r.json.partial"):
        read = read_json(tmp_path / name)
        assert len(read["cases"]) == 6
        assert read["summary"] == {"verdicts": {"exact": 6}, "levels": {"ok": 6}}
        assert read["run"]["complete"] is False
        assert len(read_document(tmp_path / name).cases) == 6
    running.finish(exit_code=0)


def test_before_anything_ran_there_is_a_document_too(tmp_path):
    running = Journal(tmp_path / "r.json", notebook().head())
    assert read_json(tmp_path / "r.json")["cases"] == []
    assert read_json(running.finish(exit_code=5))["problems"] == []


@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt(), 130), (SystemExit(143), 143), (ValueError("x"), 3), (UsageError("y"), 2)]
)
def test_an_interrupted_run_leaves_a_document_of_what_it_had(tmp_path, error, code):
    book = notebook()

    def run():
        with Journal(tmp_path / "r.json", book.head()) as running:
            running.add_problem(*book.entries[0])
            raise error

    with pytest.raises(type(error)):
        run()
    read = read_json(tmp_path / "r.json")
    assert len(read["cases"]) == 3
    assert (read["run"]["complete"], read["run"]["exit_code"]) == (False, code)
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.json"]


def test_a_process_that_is_killed_leaves_what_it_had(tmp_path):
    program = (
        "import os, sys; from pathlib import Path; from tests.result.test_journal import write, notebook\n"
        f"running = write(Path({str(tmp_path / 'r.json')!r}), notebook(), problems=3)\n"
        "os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    assert len(read_json(tmp_path / "r.json")["cases"]) == 9


@pytest.mark.parametrize("cut", range(1, 400, 13))
def test_a_last_line_that_was_cut_off_is_dropped(tmp_path, cut):
    write(tmp_path / "r.json", notebook())
    partial = tmp_path / "r.json.partial"
    content = partial.read_bytes()
    last = content.rstrip(b"\n").rfind(b"\n") + 1
    partial.write_bytes(content[: min(last + cut, len(content) - 2)])
    read = read_json(partial)
    assert len(read["cases"]) == 15
    assert len(read["pairs"]) == 14


def test_damage_in_the_middle_is_told_with_its_line(tmp_path):
    write(tmp_path / "r.json", notebook())
    partial = tmp_path / "r.json.partial"
    lines = partial.read_text(encoding="utf-8").splitlines(keepends=True)
    partial.write_text("".join([*lines[:3], lines[3][:50] + "\n", *lines[4:]]), encoding="utf-8")
    with pytest.raises(UsageError, match=r"r\.json\.partial:4: .*damaged"):
        read_json(partial)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"{", r"r\.json:1:2: .*it is not JSON"),
        (b"a,b\n1,2\n", r"r\.json:1:1: .*it is not JSON"),
        (b'{\n"format": "gradcmp-result/0",\n"run": {', r"r\.json:3:9: .*its end is missing"),
        (b'{\n"format": "gradcmp-result/0",\n"run": {,}\n}', r"r\.json:3:9: .*it is damaged"),
        (b"1" * 5000, "a number is too long"),
        (b"[]", "no result of gradcmp"),
        (b"3", "no result of gradcmp"),
        (b"{}", "no result of gradcmp"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
        (b'{"format": "gradcmp-result/9"}', "gradcmp-result/9"),
        (b'{"format": "gradcmp-result/0"}', "`run` is missing"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"kind":"run"', "damaged"),
        (b'{"kind":"run","record":3}', r":1: .*damaged"),
        (b'{"kind":"run","record":{}}\n{"kind":"case"}\n{"kind":"case"}', r":2: .*damaged"),
    ],
)
def test_what_is_no_result_is_refused_with_its_name(tmp_path, content, complaint):
    path = tmp_path / "r.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=complaint) as caught:
        read_json(path)
    assert "r.json" in str(caught.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UsageError, match="there is no such file"):
        read_json(tmp_path / "r.json")
    with pytest.raises(UsageError, match="cannot be read"):
        read_json(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["cases"][0].pop("verdict"),
        lambda d: d["cases"][0].update(level="splendid"),
        lambda d: d["cases"][0].update(errors=3),
        lambda d: d["cases"].append(None),
        lambda d: d["problems"][0].update(truth=[{}]),
        lambda d: d["targets"].append({"id": 1}),
        lambda d: d["cases"][0].update(timing={"first_call_s": "soon"}),
    ],
)
def test_records_of_another_shape_are_refused(change):
    document = notebook().document()
    change(document)
    with pytest.raises(UsageError, match="damaged"):
        Document.of(document, where="r.json")


def test_a_file_that_cannot_be_written_is_found_at_once(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    head = notebook().head()
    for name, reason in (
        ("missing/r.json", "there is no folder"),
        ("folder", "not a regular file"),
        ("file/r.json", "no folder|not a directory"),
    ):
        with pytest.raises(UsageError, match=f"(?i){reason}"):
            Journal(tmp_path / name, head)
    Journal(tmp_path / ".gradcmp" / "last.json", head, make_folder=True).finish(exit_code=0)


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = write(tmp_path / "r.json", notebook()).finish(exit_code=0)
    before = path.read_bytes()
    running = write(path, notebook(), problems=1)
    assert path.read_bytes() == before
    running.finish(exit_code=0)
    assert len(read_json(path)["cases"]) == 3


def test_two_runs_into_one_file_do_not_mix(tmp_path):
    first = write(tmp_path / "r.json", notebook(), problems=1)
    second = write(tmp_path / "r.json", notebook(), problems=2)
    first.add_problem(*notebook().entries[1])
    assert len(read_json(first.finish(exit_code=0))["cases"]) == 6
    second.add_problem(*notebook().entries[2])
    assert len(read_json(second.finish(exit_code=0))["cases"]) == 9


def test_large_arrays_go_beside_the_file_and_are_found_again(tmp_path):
    import numpy

    from gradcmp.result.arrays import read_array
    from tests.result.builders import Book, problem, same, true_leaf

    large = numpy.arange(2000, dtype=numpy.float32)
    running = write(tmp_path / "r.json", Book())
    book = Book()
    book.add(problem("big"), [true_leaf(large)], same(large), arrays=running.arrays)
    running.add_problem(*book.entries[0])
    for path in (tmp_path / "r.json.partial", tmp_path / "r.json"):
        if path.suffix == ".json":
            running.finish(exit_code=0)
        entry = read_document(path).cases[1].derivatives[0]
        assert numpy.array_equal(read_array(entry, path).array, large)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["r.json", "r.json.npz"]
    array = read_document(tmp_path / "r.json").cases[0].derivatives[0]
    assert array.norm == pytest.approx(float(numpy.linalg.norm(large.astype(float))))


def test_arrays_of_an_earlier_run_do_not_survive_one_without(tmp_path):
    import numpy

    from tests.result.builders import Book, problem, same, true_leaf

    large = numpy.arange(2000, dtype=numpy.float32)
    for _ in range(2):
        running = write(tmp_path / "last.json", Book())
        book = Book()
        book.add(problem("big"), [true_leaf(large)], same(large), arrays=running.arrays)
        running.add_problem(*book.entries[0])
        running.finish(exit_code=0)
        assert sorted(entry.name for entry in tmp_path.iterdir()) == ["last.json", "last.json.npz"]
    (tmp_path / "last.json.npz.partial").write_bytes(b"of a run that was killed")
    write(tmp_path / "last.json", notebook()).finish(exit_code=0)
    assert [entry.name for entry in tmp_path.iterdir()] == ["last.json"]


def test_a_disk_that_fills_up_is_told(tmp_path, monkeypatch):
    running = write(tmp_path / "r.json", notebook())

    def full(path, pieces):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(journal, "_replace", full)
    with pytest.raises(GradcmpError, match="No space left on device; free some space there") as caught:
        running.finish(exit_code=0)
    assert str(caught.value).startswith(str(tmp_path / "r.json"))
    assert len(read_json(tmp_path / "r.json")["cases"]) == 15


def test_assembling_holds_one_record_at_a_time(tmp_path, monkeypatch):
    """Pieces reach the disk one by one, and no record is parsed on the way."""
    running = write(tmp_path / "r.json", notebook())
    longest = max(len(line) for line in (tmp_path / "r.json.partial").read_text(encoding="utf-8").splitlines())
    sizes = []
    real = journal._replace

    def spying(path, pieces):
        def watched():
            for piece in pieces:
                sizes.append(len(piece))
                yield piece

        real(path, watched())

    monkeypatch.setattr(journal, "_replace", spying)
    monkeypatch.setattr(json, "loads", None)
    running.finish(exit_code=0)
    assert max(sizes) <= longest + 2
    assert len(sizes) > 15


def test_texts_that_are_not_unicode_survive(tmp_path):
    book = notebook()
    cases = book.entries[0][1]
    cases[0] = structs.replace(cases[0], output_tail="caf\udce9 \u2028 \r\n\x00")
    path = write(tmp_path / "r.json", book).finish(exit_code=0)
    assert read_json(path)["cases"][0]["output_tail"] == "caf\udce9 \u2028 \r\n\x00"


def test_heads_can_be_replaced_while_running(tmp_path):
    running = write(tmp_path / "r.json", notebook())
    running.update_head(targets=())
    assert read_json(tmp_path / "r.json")["targets"] == []
    assert read_json(running.finish(exit_code=0))["targets"] == []


def test_arrays_need_a_file_too(tmp_path):
    (tmp_path / "r.json.npz").mkdir()
    with pytest.raises(UsageError, match=r"r\.json\.npz: the file cannot be written: it is not a regular file"):
        write(tmp_path / "r.json", notebook())
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.json.npz"]
