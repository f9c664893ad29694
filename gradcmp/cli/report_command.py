"""`gradcmp report`."""
