"""What a truth is called that cannot be shown as a number."""

DOES_NOT_EXIST = "does not exist"
"""It is certain that there is no such derivative: a side outside the domain, a second derivative at a kink."""

NOT_KNOWN = "not known"
"""There may be one; nothing tells."""
