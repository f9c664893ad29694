"""The little language: parse → check → lower. Standard library only."""
