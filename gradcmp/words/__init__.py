"""The only place where a fact becomes a sentence. The vocabulary, NumPy helpers and the standard library only."""
