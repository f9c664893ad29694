"""Statistics of a timing: computed from the raw samples, which the result file keeps."""

from collections.abc import Sequence
from functools import lru_cache

import numpy

from gradcmp.core.outcomes import Timing
from gradcmp.result.records import TimingRecord

RESAMPLES = 2000
FEWEST_SAMPLES = 5
WIDEST_INTERVAL = 0.10
"""Of the median; a wider 95 % interval is a warning."""

_RESAMPLED_AT_ONCE = 500_000


def timing_record(timing: Timing, *, compiles: bool) -> TimingRecord:
    """The `timing` block of a case, in seconds a call.

    `compile_s` is the first call less the steady median where the execution compiles.
    """
    samples = per_call(timing.samples_s, timing.calls_per_sample)
    median = float(numpy.median(samples)) if samples.size else None
    interval = median_interval(samples) if samples.size else None
    value_samples = per_call(timing.value_samples_s, timing.value_calls_per_sample)
    return TimingRecord(
        first_call_s=timing.first_call_s,
        compile_s=max(0.0, timing.first_call_s - median) if compiles and median is not None else None,
        median_s=median,
        ci95_s=interval,
        samples_s=timing.samples_s,
        calls_per_sample=timing.calls_per_sample,
        value_median_s=float(numpy.median(value_samples)) if value_samples.size else None,
        warnings=_warnings(samples.size, median, interval),
    )


def per_call(samples_s: Sequence[float], calls_per_sample: int) -> numpy.ndarray:
    """Seconds a call, one per sample."""
    return numpy.asarray(samples_s, dtype=numpy.float64) / calls_per_sample


def median_interval(samples: numpy.ndarray) -> tuple[float, float]:
    """The percentile bootstrap 95 % interval of the median (Efron and Tibshirani 1993, section 13.3).

    Seeded, so that one file always shows the same interval.
    """
    ordered = numpy.sort(samples)
    lower, upper = _median_ranks(samples.size)
    low, high = numpy.percentile((ordered[lower] + ordered[upper]) / 2, (2.5, 97.5))
    return float(low), float(high)


@lru_cache(maxsize=64)
def _median_ranks(size: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The ranks of the two middle elements of each resample (the same one twice for an odd size).

    Which ranks a resample draws has nothing to do with the data: a run of equal sample counts draws once.
    """
    stream = numpy.random.RandomState(0)
    rows = max(1, min(RESAMPLES, _RESAMPLED_AT_ONCE // size))
    middles = (size - 1) // 2, size // 2
    parts: list[numpy.ndarray] = []
    for done in range(0, RESAMPLES, rows):
        drawn = stream.randint(size, size=(min(rows, RESAMPLES - done), size))
        parts.append(numpy.partition(drawn, middles, axis=1)[:, list(middles)])
    ranks = numpy.concatenate(parts)
    return ranks[:, 0], ranks[:, 1]


def _warnings(count: int, median: float | None, interval: tuple[float, float] | None) -> tuple[str, ...]:
    if median is None or interval is None:
        return ()
    if count < FEWEST_SAMPLES:
        return (f"only {count} sample{'s' if count > 1 else ''}: the interval means little",)
    if median > 0 and (width := (interval[1] - interval[0]) / median) > WIDEST_INTERVAL:
        return (f"noisy: the 95 % interval is {100 * width:.0f} % of the median wide",)
    return ()
