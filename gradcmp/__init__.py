"""gradcmp: do PyTorch, TensorFlow and JAX compute the same gradient?"""

__version__ = "0.1.0"
