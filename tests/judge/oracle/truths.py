"""What the oracle knows of a problem: which numbers are right, how far rounding explains others, where it is smooth.

A point at which no comparison is tied and nothing is infinite is differentiated by the rules, any other by limits.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from mpmath import mp

from gradcmp.core.formats import FORMATS
from gradcmp.core.operators import Operator
from gradcmp.core.tensors import Key
from tests.judge.oracle.jets import Field, Outside
from tests.judge.oracle.knowledge import Known, Leaf
from tests.judge.oracle.limits import by_limits
from tests.judge.oracle.operators import derived, each, outputs_of
from tests.judge.oracle.problems import Drawn

BITS, MANY_BITS = 240, 2500
"""The many are for what is left where terms have cancelled, down to the smallest number of any dtype."""


def know(problem: Drawn) -> Known:
    """Raises `Outside` where the function has no value there, or its derivatives are not told."""
    form = FORMATS[problem.dtype]
    with mp.workprec(BITS):
        field = Field(order=0, form=form)
        values = [jet.number for jet in outputs_of(problem, field).flat]
        if not all(mp.isfinite(value) for value in values):
            raise Outside("the value is not finite")
    finite = all(np.isfinite(array).all() for array in problem.inputs.values())
    if problem.operator is Operator.VALUE or (finite and not field.ties):
        for bits in (BITS, MANY_BITS):
            with mp.workprec(bits):
                rounded = Field(order=problem.operator.order, form=form)
                try:
                    arrays = derived(problem, outputs_of(problem, rounded), rounded)
                except Outside:
                    break
                if bits == MANY_BITS or not any(c.value and not c.settled for a in arrays.values() for c in a.flat):
                    return _by_the_rules(arrays, rounded)
    return by_limits(problem, values, field)


def _by_the_rules(arrays: Mapping[Key, np.ndarray], field: Field) -> Known:
    assert field.form is not None
    unit, leaves = field.form.unit_roundoff, {}
    for key, array in arrays.items():
        right = each(lambda c: c.settled, array)
        bound = each(lambda c: c.off(unit), array)
        leaves[key] = Leaf(right=right, low=right, high=right, bound=bound, branches=(right,))
    return Known(leaves, fragile=bool(field.fragile), ranged=field.ranged)
