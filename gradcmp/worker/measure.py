"""Raw timings of a call. Statistics are somebody else's."""

import gc
import time
from collections.abc import Callable

FEWEST_SAMPLES = 3
MOST_SAMPLES = 200
SHORTEST_SAMPLE_S = 20e-6
CLOCK_STEPS = 100
"""A sample lasts at least so many steps of the clock, so that reading it costs under one per cent."""

CLEARLY = 50
MOST_CALLS = 2**20


def sample(
    call: Callable[[], object],
    *,
    budget_s: float,
    longest_s: float,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[tuple[float, ...], int]:
    """Seconds of every sample, and the calls in each; `call` must wait until its work is done.

    One call to warm up, more to find how many fill a sample, then samples until the budget is spent: at least 3, at
    most 200, and fewer than 3 only where `longest_s` would be overrun. The garbage collector rests meanwhile.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        start = clock()
        call()
        calls = _calls_that_fill(call, max(SHORTEST_SAMPLE_S, CLOCK_STEPS * clock_step_s()), clock)
        samples: list[float] = []
        while len(samples) < MOST_SAMPLES:
            spent = clock() - start
            if samples and (spent >= longest_s or (spent >= budget_s and len(samples) >= FEWEST_SAMPLES)):
                break
            samples.append(_seconds(call, calls, clock))
        return tuple(samples), calls
    finally:
        if collecting:
            gc.enable()


def clock_step_s() -> float:
    """The resolution of `time.perf_counter`, seconds."""
    return time.get_clock_info("perf_counter").resolution


def _calls_that_fill(call: Callable[[], object], shortest_s: float, clock: Callable[[], float]) -> int:
    """One slow call must not make a fast function look slow: near the limit the fastest of three decides."""
    calls = 1
    while calls < MOST_CALLS:
        seconds = _seconds(call, calls, clock)
        if seconds >= CLEARLY * shortest_s:
            break
        if min(seconds, _seconds(call, calls, clock), _seconds(call, calls, clock)) >= shortest_s:
            break
        calls *= 2
    return calls


def _seconds(call: Callable[[], object], calls: int, clock: Callable[[], float]) -> float:
    repetitions = range(calls)
    start = clock()
    for _ in repetitions:
        call()
    return clock() - start
