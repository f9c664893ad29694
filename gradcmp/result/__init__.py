"""The format of result files: its records as types, written while a run goes on, and read back."""
