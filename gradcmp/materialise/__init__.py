"""Specifications → arrays: drawn once, rounded once, hashed."""
