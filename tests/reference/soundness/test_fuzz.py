"""Random programs: no ball may miss, whatever it is compared with. `make fuzz` looks at 10 000 of them."""

from __future__ import annotations

import re
import zlib
from collections import Counter

from hypothesis import HealthCheck, Phase, given, settings

from gradcmp.program.primitives import PRIMITIVES
from tests.reference.soundness.checks import CHECKS, examine
from tests.reference.soundness.samples import Sample, samples

KNOWN = 500
"""The same programs in every run of the same tests; Hypothesis borrows constants from the modules that are loaded."""

COSTLY = {"second": 2, "decimals": 2}
"""Check → one program in so many is looked at, among the known ones."""


def test_no_ball_misses():
    looked: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    words: set[str] = set()
    anew = settings.default is not None and settings.default.max_examples > KNOWN

    def chosen(sample: Sample) -> list[str]:
        code = zlib.crc32(sample.text.encode())
        return [name for name in CHECKS if anew or code % COSTLY.get(name, 1) == 0]

    @settings(
        max_examples=settings.default.max_examples if anew else KNOWN,
        derandomize=not anew,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        print_blob=True,
    )
    @given(samples())
    def run(sample: Sample) -> None:
        findings = examine(sample, chosen(sample))
        assert not findings.misses, "\n".join([sample.text, str(sample), *findings.misses])
        looked.update(["all", *(["sharp"] if findings.sharp else []), *findings.looked])
        skipped.update(name for name, _ in findings.skipped)
        words.update(re.findall(r"\w+", sample.text))

    run()
    total = looked["all"]
    # A fuzz that looks away proves nothing: most programs have a derivative, known well, that every check can compare.
    assert skipped["all"] < 0.15 * total, skipped
    assert looked["sharp"] > 0.8 * total, looked
    for name in ("64 bits", "float64 balls", "series", "duals", "operators"):
        assert looked[name] > 0.75 * total, (name, looked, skipped)
    for name in ("decimals", "second"):
        assert looked[name] > 0.2 * total / (1 if anew else COSTLY[name]), (name, looked, skipped)
    # Some are asked for by infix or by method, and the rare ones of matrices may be drawn by none of the 500.
    missing = {n for n, row in PRIMITIVES.items() if not row.infix} - words - {"take", "broadcast_to", "dot"}
    assert len(missing) < 8, missing


def test_a_sample_may_leave_the_domain_and_is_then_not_looked_at():
    outside = Sample(text="log(x)", inputs={"x": -1.0})
    assert examine(outside).skipped == [("all", "Skip: a value that is not finite")]
    undecided = Sample(text="1.0 if sqrt(x) * sqrt(x) - x > 0 else x", inputs={"x": 2.0})
    assert [name for name, _ in examine(undecided).skipped] == ["all"]
    assert examine(undecided).skipped[0][1].startswith("Undecided")


def test_across_the_cut_of_an_angle_no_difference_is_taken():
    for x, reason in ((0.0, "Skip: a tie"), (2.0**-120, None)):
        found = examine(Sample(text="arctan2(x, a)", inputs={"x": x, "a": -2.0}))
        assert found.misses == []
        assert dict(found.skipped).get("decimals") == reason
        assert "series" in found.looked
    minus = examine(Sample(text="arctan2(x - 1.0, a)", inputs={"x": 1.0 + 2.0**-52, "a": -2.0}), ["decimals"])
    assert (minus.misses, minus.looked) == ([], ["decimals"])
