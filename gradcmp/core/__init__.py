"""The vocabulary as frozen values. Standard library only."""
