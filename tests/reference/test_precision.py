"""Ziv's loop: which precisions are tried, and when a ball is small enough."""

from __future__ import annotations

import numpy as np
import pytest
from flint import arb, ctx

from gradcmp.core.truth import TruthLeaf
from gradcmp.reference.algebra import Uncertified
from gradcmp.reference.algebras.balls import filled
from gradcmp.reference.language.arrays import Array
from gradcmp.reference.precision import BITS, certified, missing_bits, refined, settled


def tried_for(ball, dtype="float64"):
    """The precisions at which a result was asked for that is `ball` of the precision."""
    tried = []

    def run(_context):
        tried.append(ctx.prec)
        return {"": Array(kind="float", data=filled([ball(ctx.prec)], ()))}

    refined(run, {}, dtype=dtype)
    return tried


@pytest.mark.parametrize(("growth", "tried"), [(10, [128]), (80, [128, 256]), (300, [128, 512]), (700, [128, 1024])])
def test_precisions_that_cannot_be_enough_are_left_out(growth, tried):
    assert tried_for(lambda bits: arb(1, arb(2) ** (growth - bits))) == tried


def test_what_is_not_known_at_all_says_nothing_of_the_precision():
    assert tried_for(lambda bits: arb("nan") if bits < 512 else arb(1)) == [128, 256, 512]
    assert tried_for(lambda bits: arb("nan") if bits < 256 else arb(1), "float32") == [64, 128, 256]


def test_where_no_precision_is_enough_the_last_is_tried():
    with pytest.raises(Uncertified, match=f"{BITS[-1]} bits"):
        certified(lambda _context: {"": Array(kind="float", data=filled([arb(1, 1)], ()))}, {}, dtype="float64")


def leaf(high, radius):
    high = np.asarray(high, dtype=np.float64)
    return TruthLeaf(high=high, low=np.zeros_like(high), radius=np.asarray(radius, dtype=np.float64))


def test_a_bit_is_missing_for_each_halving():
    assert missing_bits(leaf([1.0, 4.0], [2.0**-56, 2.0**-53]), "float64") == 0
    assert missing_bits(leaf([1.0, 4.0], [2.0**-51, 2.0**-56]), "float64") == 4
    assert missing_bits(leaf([1.0], [2.0**-20]), "float32") == 6
    assert missing_bits(leaf([np.nan, 1.0], [np.nan, 0.0]), "float64") == 0


def test_a_zero_is_small_beside_the_rounding_errors_and_beside_its_neighbours():
    """The unit roundoff of float64 is 2**-53, and a zero has 2**-20 of it."""
    for neighbour, radius in ((1.0, 2.0**-73), (2.0**10, 2.0**-63)):
        zeros = leaf([0.0, 0.0, neighbour], [radius, 2 * radius, 0.0])
        assert settled(zeros, "float64", last=True).tolist() == [True, False, True]
        assert settled(zeros, "float64", last=False, noise=np.full(3, 2.0**100)).tolist() == [True, False, True]
        assert settled(zeros, "float64", last=False, noise=np.full(3, radius)).tolist() == [False, False, True]
