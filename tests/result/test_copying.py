from __future__ import annotations

import numpy
import pytest

from gradcmp.result.arrays import read_array
from gradcmp.result.copying import copy_result
from gradcmp.result.journal import Journal
from gradcmp.result.reading import read_document
from tests.result.builders import Book, notebook, problem, same, true_leaf


def write(path, book):
    running = Journal(path, book.head())
    for entry in book.entries:
        running.add_problem(*entry)
    return running


def large(path):
    array = numpy.arange(2000, dtype=numpy.float32)
    running = write(path, Book())
    book = Book()
    book.add(problem("large"), [true_leaf(array)], same(array), arrays=running.arrays)
    running.add_problem(*book.entries[0])
    running.finish(exit_code=0)
    return array


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_a_copy_stands_on_its_own(tmp_path):
    array = large(tmp_path / "result.json")
    other = tmp_path / "other"
    other.mkdir()
    copy_result(tmp_path / "result.json", other / "last.json")
    (tmp_path / "result.json.npz").unlink()
    assert names(other) == ["last.json", "last.json.npz"]
    (entry,) = read_document(other / "last.json").cases[0].derivatives
    assert entry.data.npz == "last.json.npz"
    assert numpy.array_equal(read_array(entry, other / "last.json").array, array)


def test_a_copy_replaces_an_older_one_with_its_arrays(tmp_path):
    large(tmp_path / "last.json")
    write(tmp_path / "result.json", notebook()).finish(exit_code=0)
    copy_result(tmp_path / "result.json", tmp_path / "last.json")
    assert names(tmp_path) == ["last.json", "result.json"]
    assert (tmp_path / "last.json").read_bytes() == (tmp_path / "result.json").read_bytes()


def test_a_copy_that_cannot_be_made_leaves_nothing(tmp_path):
    large(tmp_path / "result.json")
    (tmp_path / "last.json").mkdir()
    with pytest.raises(OSError, match="last"):
        copy_result(tmp_path / "result.json", tmp_path / "last.json")
    assert names(tmp_path) == ["last.json", "result.json", "result.json.npz"]
