"""What conventions at a kink mean, in plain words. `docs/verdicts.md` has them at length."""

from __future__ import annotations

CONVENTION_MEANINGS: dict[str, str] = {
    "left": "the derivative from the left",
    "right": "the derivative from the right",
    "midpoint": "the mean of both sides",
    "limiting": "the gradient of one of the smooth pieces that meet here",
    "in between": "between both sides",
    "infinite": "infinite, as one of the sides is",
    "NaN": "not a number",
    "jump": "the derivative beside a jump of the function",
    "undefined": "a number where no derivative is known",
    "removable": "another one, although the derivative exists",
    "outside": "neither of both sides nor between them",
}
