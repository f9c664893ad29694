"""A worker in an interpreter that has next to nothing."""

from __future__ import annotations

import pytest

from gradcmp.backends.fake.descriptor import FAKE
from gradcmp.core.executors import Failed, Ready
from gradcmp.core.outcomes import Computed, Died
from gradcmp.execute.pool import Pool
from tests.execute.fakes import KEY, answers, ask, descriptor, registry

BLOCKER = """
import sys

print("noise before the protocol")


class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name in {blocked!r}.split():
            raise ModuleNotFoundError(f"{{name}} is blocked", name=name)
        return None


sys.meta_path.insert(0, Blocker())
"""

PARENT_ONLY = "click rich msgspec yaml psutil flint torch tensorflow jax"


@pytest.fixture
def blocked(tmp_path):
    """A pool whose workers cannot import the modules named; their start-up writes to stdout besides."""

    def open_pool(names: str) -> Pool:
        (tmp_path / "sitecustomize.py").write_text(BLOCKER.format(blocked=names))
        return Pool(registry(descriptor(PYTHONPATH=str(tmp_path))), [KEY])

    return open_pool


def test_a_worker_needs_nothing_of_the_parents_and_no_installed_gradcmp(blocked):
    with blocked(f"{PARENT_ONLY} gradcmp") as pool:
        assert isinstance(pool.wait_until_ready()[KEY], Ready)
        outcome = answers(pool, [ask(source="import click\n", case="blocked"), ask()])
    assert outcome["blocked"].message == "ModuleNotFoundError: click is blocked"
    assert isinstance(outcome["right"], Computed)


def test_an_interpreter_without_numpy_says_so(blocked):
    with blocked("numpy") as pool:
        assert pool.wait_until_ready()[KEY] == Failed(
            message="ModuleNotFoundError: numpy is blocked", output_tail="noise before the protocol", final=True
        )
        assert isinstance(answers(pool, [ask()])["right"], Died)


def test_what_a_case_prints_or_reads_does_not_touch_the_protocol():
    source = (
        "import os, sys\n"
        "\n"
        "def f(x):\n"
        "    print('to stdout')\n"
        "    os.write(1, b'to the descriptor\\n')\n"
        "    os.system('echo from a shell')\n"
        "    print('read', repr(sys.stdin.read()))\n"
        "    raise ValueError('now')\n"
    )
    with Pool(registry(FAKE), [KEY]) as pool:
        found = answers(pool, [ask(source=source, case="talks"), ask()])
    lines = found["talks"].output_tail.splitlines()
    assert lines == ["to stdout", "to the descriptor", "from a shell", "read ''"]
    assert isinstance(found["right"], Computed)


def test_messages_do_not_name_the_folder_of_the_run():
    with Pool(registry(FAKE), [KEY]) as pool:
        outcome = answers(pool, [ask(source="def f(x):\n    raise ValueError('in', __file__)\n")])["right"]
    assert outcome.message == "ValueError: ('in', 'gradcmp_function_1.py')"


def test_a_case_may_close_its_output():
    source = (
        "import contextlib, os, sys\n"
        "\n"
        "def f(x):\n"
        "    sys.stdout.close()\n"
        "    with contextlib.suppress(OSError):\n"
        "        os.close(2)\n"
        "    return x.sum()\n"
    )
    with Pool(registry(FAKE), [KEY]) as pool:
        found = answers(pool, [ask(source=source, case="closes"), ask()])
    assert {type(outcome) for outcome in found.values()} == {Computed}
