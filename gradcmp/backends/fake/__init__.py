"""A backend for tests, without any framework."""
