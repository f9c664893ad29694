"""One thin module per framework."""
