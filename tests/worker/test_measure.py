"""Samples by a clock of our own: no test here depends on the machine's speed."""

from __future__ import annotations

import gc

import pytest

from gradcmp.worker import measure
from gradcmp.worker.measure import FEWEST_SAMPLES, MOST_SAMPLES, sample


class Work:
    """A call that takes `seconds` on its own clock; the first ones may take longer."""

    def __init__(self, seconds: float, *first: float) -> None:
        self.now = 0.0
        self.calls = 0
        self.collecting = False
        self._seconds = seconds
        self._first = list(first)

    def __call__(self) -> None:
        self.calls += 1
        self.collecting |= gc.isenabled()
        self.now += self._first.pop(0) if self._first else self._seconds

    def sample(self, **limits: float) -> tuple[tuple[float, ...], int]:
        return sample(self, clock=lambda: self.now, **{"budget_s": 0.1, "longest_s": 30.0, **limits})


@pytest.fixture(autouse=True)
def fine_clock(monkeypatch):
    monkeypatch.setattr(measure, "clock_step_s", lambda: 1e-9)


def test_samples_fill_the_budget():
    samples, calls = Work(0.01).sample()
    assert calls == 1
    assert 7 <= len(samples) <= 10
    assert samples == pytest.approx([0.01] * len(samples))


def test_a_slow_function_is_still_sampled_three_times():
    work = Work(1.0)
    samples, calls = work.sample()
    assert (len(samples), calls) == (FEWEST_SAMPLES, 1)
    assert work.calls == FEWEST_SAMPLES + 2  # one to warm up, one to find how many fill a sample


def test_a_function_near_the_limit_is_sampled_once():
    assert len(Work(20.0).sample()[0]) == 1


def test_a_fast_function_is_called_many_times_a_sample():
    samples, calls = Work(1e-7).sample()
    assert calls == 256  # the first power of two that lasts 20 µs
    assert len(samples) == MOST_SAMPLES
    assert samples[0] == pytest.approx(256e-7)


def test_a_coarse_clock_makes_samples_longer(monkeypatch):
    monkeypatch.setattr(measure, "clock_step_s", lambda: 1e-5)
    assert Work(1e-5).sample()[1] == 128


def test_one_slow_call_does_not_make_a_fast_function_look_slow():
    assert Work(1e-6, 1e-3, 1e-4).sample()[1] == 32


def test_the_collector_rests_and_wakes_again():
    work = Work(0.01)
    work.sample()
    assert work.collecting is False
    assert gc.isenabled()

    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sample(fail, budget_s=1.0, longest_s=1.0)
    assert gc.isenabled()
