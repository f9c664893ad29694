"""NumPy helpers that several stages share: units in the last place, rounding into formats, bfloat16."""
