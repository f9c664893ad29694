"""Shapes for tests of what is done with shapes."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

SHAPES = st.lists(st.integers(0, 3), max_size=4).map(tuple)
QUICK = settings(max_examples=150, derandomize=True, deadline=None)
