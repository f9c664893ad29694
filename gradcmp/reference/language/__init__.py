"""A checked program over any algebra: its walk, its arrays, its primitives."""
