"""From the answers of one problem to findings. NumPy and the standard library only; imports no other stage."""

from __future__ import annotations

from gradcmp.judge.tolerance import Limits as Limits
from gradcmp.judge.tolerance import Supplier as Supplier
from gradcmp.judge.verdicts import judge as judge
