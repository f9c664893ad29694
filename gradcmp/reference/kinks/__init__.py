"""One-sided and limiting derivatives where there is no derivative."""
