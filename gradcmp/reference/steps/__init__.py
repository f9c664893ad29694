"""The elementwise steps: one row each, with everything that the algebras look up about it."""
