"""The judge against an oracle: random problems, answers of every kind, and right numbers from mpmath alone."""
