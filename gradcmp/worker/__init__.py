"""The child's side of a worker process: standard library, NumPy and one framework."""
