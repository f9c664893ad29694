"""Kinds of number to compute a program with."""
