"""What TensorFlow says when it means `I do not have that`. Standard library only."""

import re

REFUSALS: tuple[tuple[str, str], ...] = (
    ("UnimplementedError", ""),
    ("NotFoundError", "Could not find device for node"),  # no kernel for this dtype on this device
    ("NotFoundError", "Could not find valid device for node"),
    ("NotFoundError", "No registered '"),
    ("InvalidArgumentError", "is not in the list of allowed values"),  # no kernel for this dtype anywhere
    ("InvalidArgumentError", "Could not satisfy device specification"),
    ("InvalidArgumentError", "No OpKernel was registered"),
    ("InvalidArgumentError", "Detected unsupported operations when trying to compile graph"),  # by XLA
    ("InvalidArgumentError", "XLA compilation requires a fixed tensor list size"),  # reverse mode through `while`
    ("InvalidArgumentError", "must be a compile-time constant"),
    ("TypeError", "not in list of allowed values"),  # the same as above, said while tracing
    ("LookupError", "gradient registry has no entry"),
    ("LookupError", "No gradient defined for operation"),
    ("ValueError", "while vectorizing the jacobian computation"),  # no vectorized form of some operation
)
"""Name of the exception's class or of one that it derives from, and what its message contains."""

_TAILS = re.compile(
    r"\n\s*Stack trace for op definition:|\n\s*The op is created at|\n\s*\[\[\{\{|\n\s*\(OpKernel was found"
    r"|\s*; NodeDef:|\s*\n?\s*\[Op:\w+]|\n\s*Registered devices:|\n\s*Registered:"
    r"|\n\s*All kernels registered for op |\nDefined at"
)
_NOISE = re.compile(r"\{\{function_node [^}]*\}\}|\[_XlaMustCompile=[^]]*\]")


def is_refusal(error: BaseException) -> bool:
    """Does the framework lack something, rather than dislike what it was given?"""
    names = {cls.__name__ for cls in type(error).__mro__}
    text = str(error)
    return any(name in names and words in text for name, words in REFUSALS)


def in_its_words(error: BaseException) -> str:
    """The message without traces through user code, graph nodes and lists of kernels.

    >>> in_its_words(LookupError("gradient registry has no entry for: Foo"))
    'gradient registry has no entry for: Foo'
    """
    text = str(error).strip()
    if text.startswith("in user code:"):  # AutoGraph puts the message behind a traceback
        text = text.rpartition("\n\n")[2].strip()
    cut = _TAILS.search(text)
    if cut:
        text = text[: cut.start()]
    return re.sub(r"[ \t]{2,}", " ", _NOISE.sub("", text)).strip() or type(error).__name__
