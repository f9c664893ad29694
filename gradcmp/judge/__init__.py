"""From the answers of one problem to findings. NumPy and the standard library only; imports no other stage."""

from gradcmp.judge.verdicts import judge as judge
