"""Every way to fail is one outcome, and the case after it is answered."""

from __future__ import annotations

import dataclasses
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy
import psutil
import pytest

from gradcmp.core.executors import Failed, Ready
from gradcmp.core.outcomes import Computed, Died, Outcome, Raised, Skipped, TimedOut, Unsupported
from gradcmp.core.requests import Request, WorkerKey
from gradcmp.execute.pool import LOOK_AHEAD, Pool
from gradcmp.execute.process import MARK
from tests.execute.fakes import GRADIENT, KEY, answers, ask, descriptor, open_pool, registry, tensor


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with open_pool(threads=1) as opened:
        yield opened


def outcome_and_next(pool: Pool, request: Request) -> Outcome:
    """The outcome of `request`; the case after it must be right."""
    found = answers(pool, [request, ask(case="the next one")])
    following = found["the next one"]
    assert isinstance(following, Computed), following
    assert following.derivatives[0].tensor.array.tolist() == GRADIENT
    return found[request.case]


def derivative(outcome: Outcome) -> numpy.ndarray:
    assert isinstance(outcome, Computed), outcome
    return outcome.derivatives[0].tensor.array


def test_a_right_answer_has_names_shapes_and_dtypes(pool):
    outcome = outcome_and_next(pool, ask())
    assert isinstance(outcome, Computed)
    assert (outcome.values[0].of, outcome.values[0].tensor.dtype, outcome.values[0].tensor.array) == ("", "float32", 28)
    assert outcome.values[0].tensor.shape == ()
    leaf = outcome.derivatives[0]
    assert (leaf.of, leaf.wrt, leaf.tensor.dtype, leaf.tensor.array.tolist()) == ("", ("x",), "float32", GRADIENT)
    assert outcome.mode == "reverse"
    assert outcome.notes == {"complex_steps": 4}
    assert outcome.timing.first_call_s > 0
    assert outcome.timing.samples_s == ()


@pytest.mark.parametrize(
    ("execution", "expected"),
    [
        ("zero", [0, 0, 0, 0]),
        ("sign", [0, -4, -8, -12]),
        ("wrong", [0, 4.004, 8.008, 12.012]),
        ("one_element", [0, 4, 8, 12.012]),
        ("nan", [numpy.nan, 4, 8, 12]),
        ("inf", [numpy.inf, 4, 8, 12]),
        ("misshapen", [[0, 4, 8, 12]]),
        ("compiled", GRADIENT),
        ("slow", GRADIENT),
    ],
)
def test_what_the_backend_says_is_what_arrives(pool, execution, expected):
    numpy.testing.assert_allclose(derivative(outcome_and_next(pool, ask(execution))), expected, rtol=1e-6, strict=False)
    assert derivative(answers(pool, [ask(execution)])[execution]).shape == numpy.shape(expected)


def test_a_wrong_dtype_and_a_missing_gradient_arrive_as_they_are(pool):
    found = answers(pool, [ask("wrong_dtype"), ask("missing")])
    assert found["wrong_dtype"].derivatives[0].tensor.dtype == "float64"
    assert found["missing"].derivatives[0].tensor is None


def test_unsupported_skipped_and_unfinished_keep_the_backends_words(pool):
    assert outcome_and_next(pool, ask("unsupported")) == Unsupported(message="the fake backend was told that it cannot")
    assert outcome_and_next(pool, ask("meaningless")) == Skipped(message="the fake backend has no such notion")
    unfinished = outcome_and_next(pool, ask("unfinished"))
    assert isinstance(unfinished, Raised)
    assert unfinished.exception == "LoopNotFinished"


def test_an_exception_keeps_its_name_its_message_and_the_last_lines(pool):
    outcome = outcome_and_next(pool, ask("raises"))
    assert isinstance(outcome, Raised)
    assert outcome.exception == "ValueError"
    assert outcome.message.startswith("ValueError: the fake backend was told to raise\n")
    assert len(outcome.message) <= 4096 + 8
    assert outcome.output_tail == "the last words of a case"


@pytest.mark.parametrize(("execution", "name"), [("exits_politely", "SystemExit"), ("recurses", "RecursionError")])
def test_exceptions_that_would_end_a_program_are_raised(pool, execution, name):
    outcome = outcome_and_next(pool, ask(execution))
    assert isinstance(outcome, Raised)
    assert outcome.exception == name
    assert outcome.output_tail == ""  # that of the case before is not told again


def test_a_syntax_error_in_the_source_is_raised(pool):
    outcome = outcome_and_next(pool, ask(case="syntax", source="def f(x:\n"))
    assert isinstance(outcome, Raised)
    assert outcome.exception == "SyntaxError"


def test_a_hang_is_timed_out_in_its_phase(pool):
    outcome = outcome_and_next(pool, ask("hangs", timeout_s=1.0))
    assert outcome == TimedOut(limit_s=1.0, phase="run")
    outcome = outcome_and_next(pool, ask("hangs_compiling", timeout_s=30.0, compile_timeout_s=1.0))
    assert outcome == TimedOut(limit_s=1.0, phase="compile")


def test_a_signal_is_named_and_the_stack_is_kept(pool):
    outcome = outcome_and_next(pool, ask("segfaults"))
    assert isinstance(outcome, Died)
    assert outcome.message == "killed by SIGSEGV"
    assert "_segfault" in outcome.output_tail


def test_an_exit_is_died(pool):
    outcome = outcome_and_next(pool, ask("exits"))
    assert isinstance(outcome, Died)
    assert outcome.message == "exited with status 3"


def test_rubbish_in_the_protocol_is_died(pool):
    outcome = outcome_and_next(pool, ask("damages"))
    assert isinstance(outcome, Died)
    assert "could not be read" in outcome.message


def test_a_flood_of_output_neither_blocks_nor_grows(pool):
    before = psutil.Process().memory_info().rss
    outcome = outcome_and_next(pool, ask("floods"))
    assert derivative(outcome).tolist() == GRADIENT
    assert psutil.Process().memory_info().rss - before < 50_000_000


def test_an_orphan_of_a_dead_worker_does_not_survive(pool):
    pool.wait_until_ready()
    mark = pool._processes()[0]._mark
    assert marked(mark)
    outcome = outcome_and_next(pool, ask("orphans"))
    assert isinstance(outcome, Died)
    assert outcome.message == "exited with status 7"
    assert not marked(mark)


def marked(mark: str) -> list[psutil.Process]:
    """The processes of one worker: itself and what it has started."""
    return [process for process in psutil.process_iter() if _environment(process).get(MARK) == mark]


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ() if process.status() != psutil.STATUS_ZOMBIE else {}
    except psutil.Error:
        return {}


def test_a_kill_from_outside_is_died_and_between_cases_goes_unnoticed():
    with open_pool() as pool:
        pool.wait_until_ready()
        victim = pool._processes()[0].pid
        killer = threading.Timer(1.5, os.kill, (victim, signal.SIGKILL))
        killer.start()
        outcome = outcome_and_next(pool, ask("hangs"))
        killer.join()
        assert isinstance(outcome, Died)
        assert outcome.message == "killed by SIGKILL"
        idle = pool._processes()[0].pid
        assert idle != victim
        os.kill(idle, signal.SIGKILL)
        assert derivative(answers(pool, [ask()])["right"]).tolist() == GRADIENT


def test_memory_ends_the_worker_that_takes_it():
    with open_pool(max_memory_bytes=2**29) as pool:
        outcome = outcome_and_next(pool, ask("memory", timeout_s=60.0))
    assert isinstance(outcome, Died)
    assert outcome.message.startswith("ended for its memory: 0.")
    assert outcome.message.endswith("limit 0.50 GiB")


def test_a_limit_below_the_import_ends_every_case_and_no_more():
    slow = registry(descriptor(GRADCMP_FAKE_IMPORT="slow"))
    with Pool(slow, [KEY], max_memory_bytes=2**20) as pool:
        found = answers(pool, [ask(case=str(number)) for number in range(3)])
    assert len(found) == 3
    for outcome in found.values():
        assert isinstance(outcome, Died)
        assert outcome.message.startswith("the worker did not start: ended for its memory")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("fail", "ImportError: libfake.so.1: cannot open shared object file"),
        ("die", "the worker did not start: killed by SIGSEGV"),
    ],
)
def test_a_failing_import_ends_all_its_cases_and_nobody_elses(how, message):
    broken = WorkerKey(backend="broken")
    both = registry(descriptor(), descriptor("broken", GRADCMP_FAKE_IMPORT=how))
    with Pool(both, [KEY, broken]) as pool:
        ready = pool.wait_until_ready()
        found = answers(pool, [ask(), *(ask(case=str(number), worker=broken) for number in range(5))])
    assert isinstance(ready[KEY], Ready)
    assert isinstance(ready[broken], Failed)
    assert ready[broken].message == message
    assert derivative(found.pop("right")).tolist() == GRADIENT
    assert [(type(outcome), outcome.message) for outcome in found.values()] == [(Died, message)] * 5


def test_an_import_without_end_is_ended(monkeypatch):
    monkeypatch.setattr("gradcmp.execute.process.START_LIMIT_S", 1.0)
    with Pool(registry(descriptor(GRADCMP_FAKE_IMPORT="hang")), [KEY]) as pool:
        found = answers(pool, [ask(case="a"), ask(case="b")])
    assert {outcome.message for outcome in found.values()} == {"the worker did not start: no sign of life within 1 s"}


def test_an_interpreter_that_is_not_there_is_died():
    key = WorkerKey(backend="fake", environment="old")
    with Pool(registry(), [key], interpreters={"old": "no/such/python"}) as pool:
        assert "could not be started" in answers(pool, [ask(worker=key)])["right"].message
    with Pool(registry(), [key]) as pool:
        assert "the environment `old`" in answers(pool, [ask(worker=key)])["right"].message


def test_ready_tells_versions_devices_and_settings_as_read_back():
    with open_pool(threads=1) as pool:
        ready = pool.wait_until_ready()[KEY]
    assert isinstance(ready, Ready)
    assert (ready.backend, ready.version, ready.devices) == ("fake", numpy.__version__, ("cpu",))
    assert ready.settings == {"threads": 1, "x64": True}
    assert ready.import_s > 0


def test_ten_thousand_requests_are_pulled_as_they_are_answered(pool):
    pulled = given = furthest = 0

    def requests():
        nonlocal pulled, furthest
        for number in range(10_000):
            pulled += 1
            furthest = max(furthest, pulled - given)
            yield ask("unsupported", case=str(number))

    for _ in pool.run(requests()):
        given += 1
    assert given == 10_000
    assert furthest <= LOOK_AHEAD + 1


def test_large_inputs_are_not_pulled_far_ahead(pool, monkeypatch):
    monkeypatch.setattr("gradcmp.execute.pool.LOOK_AHEAD_BYTES", 100)
    pulled = given = furthest = 0

    def requests():
        nonlocal pulled, furthest
        for number in range(20):
            pulled += 1
            furthest = max(furthest, pulled - given)
            yield ask("unsupported", case=str(number), inputs={"x": tensor(range(10))})

    for _ in pool.run(requests()):
        given += 1
    assert given == 20
    assert furthest <= 4


def test_a_slow_worker_does_not_hold_the_others_up():
    slow, quick = WorkerKey(backend="fake"), WorkerKey(backend="other")
    requests = [ask("slow", case=f"slow {number}", worker=slow) for number in range(10)]
    requests += [ask(case=f"quick {number}", worker=quick) for number in range(5)]
    with Pool(registry(descriptor(), descriptor("other")), [slow, quick], jobs=2) as pool:
        pool.wait_until_ready()
        order = [request.case for request, _ in pool.run(iter(requests))]
    assert order[-1] == "slow 9"
    assert [case for case in order if case.startswith("quick")] == [f"quick {number}" for number in range(5)]


def test_a_run_that_is_left_early_leaves_the_pool_usable(pool):
    run = pool.run(ask("slow", case=str(number)) for number in range(1000))
    next(run)
    run.close()
    assert derivative(answers(pool, [ask()])["right"]).tolist() == GRADIENT


def test_an_error_of_the_requests_reaches_the_consumer(pool):
    def requests():
        yield ask()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        answers(pool, requests())
    with pytest.raises(KeyError):
        answers(pool, [ask(worker=WorkerKey(backend="unknown"))])


def test_an_array_that_cannot_travel_is_an_error_of_the_program(pool):
    inexact = dataclasses.replace(tensor([1 / 3]), dtype="bfloat16")
    with pytest.raises(ValueError, match="not bfloat16"):
        answers(pool, [ask(inputs={"x": inexact})])
    assert derivative(answers(pool, [ask()])["right"]).tolist() == GRADIENT


def test_a_timed_case_brings_raw_samples_of_derivative_and_value(pool):
    outcome = answers(pool, [ask("slow", case="timed", timing_s=0.3)])["timed"]
    assert isinstance(outcome, Computed)
    assert len(outcome.timing.samples_s) >= 3
    assert outcome.timing.calls_per_sample == 1
    assert min(outcome.timing.samples_s) >= 0.1
    assert len(outcome.timing.value_samples_s) >= 3


def test_leaving_kills_the_workers_and_removes_their_files():
    with open_pool() as pool:
        answers(pool, [ask()])
        pid, folder = pool._processes()[0].pid, pool._folder
        assert folder.is_dir()
    assert not psutil.pid_exists(pid)
    assert not folder.exists()


def test_an_exception_of_the_consumer_kills_a_worker_that_hangs():
    seen = []

    def consume():
        with open_pool() as pool:
            pool.wait_until_ready()
            seen.extend((pool._processes()[0].pid, pool._folder))
            for _ in pool.run(iter([ask(), ask("hangs")])):
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        consume()
    pid, folder = seen
    assert not psutil.pid_exists(pid)
    assert not folder.exists()
    assert not list(Path(tempfile.gettempdir()).glob(f"{folder.name}*"))


def test_a_pool_may_be_left_while_its_workers_start():
    with Pool(registry(descriptor(GRADCMP_FAKE_IMPORT="hang")), [KEY]) as pool:
        pass
    assert not [process for process in pool._processes() if psutil.pid_exists(process.pid)]
