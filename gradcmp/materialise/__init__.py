"""Specifications → arrays: drawn once, rounded once, hashed."""

from gradcmp.materialise.arrays import Materialised as Materialised
from gradcmp.materialise.arrays import materialise as materialise
