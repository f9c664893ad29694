"""The rows of the catalogue by group, each group with the shape rules that it alone has."""
