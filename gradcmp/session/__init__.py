"""A run: a typed request goes in, answers and events come out.

The command line, `explain` and `gradcmp.run` are its callers.
"""
