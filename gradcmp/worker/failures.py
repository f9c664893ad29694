"""Exceptions as outcomes."""

import traceback
from pathlib import Path

from gradcmp.backends.base import Backend, LoopNotFinished, NoSuchNotion
from gradcmp.core.outcomes import Outcome, Raised, Skipped, Unsupported

MESSAGE_CHARACTERS = 4096
_CUT = "\n[…]\n"


def as_outcome(error: BaseException, backend: Backend | None) -> Outcome:
    """What an exception means: skipped, unsupported, or raised. `backend` None: raised, whatever it is."""
    if isinstance(error, NoSuchNotion):
        return Skipped(message=_shortened(_text(error)))
    if backend is not None and not isinstance(error, LoopNotFinished) and _is_unsupported(backend, error):
        return Unsupported(message=_shortened(_text(error)) or type(error).__name__)
    return Raised(exception=type(error).__name__, message=error_text(error))


def error_text(error: BaseException) -> str:
    """The exception as Python tells it, `ValueError: no`, shortened to 4 KiB with its first paragraph kept.

    One without words, such as a framework's own assertion, is told by the line that raised it.
    """
    name, text = type(error).__name__, _text(error) or _place(error)
    return _shortened(f"{name}: {text}" if text else name)


def _is_unsupported(backend: Backend, error: BaseException) -> bool:
    try:
        return backend.is_unsupported(error)
    except Exception:  # noqa: BLE001  # a backend that stumbles over an exception does not know it
        return False


def _text(error: BaseException) -> str:
    try:
        return str(error).strip()
    except Exception as failure:  # noqa: BLE001  # a framework's exception whose text cannot be made
        return f"(its message raised {type(failure).__name__})"


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}: {frames[-1].line}" if frames else ""


def _shortened(text: str) -> str:
    if len(text) <= MESSAGE_CHARACTERS:
        return text
    first, _, rest = text.partition("\n\n")
    room = MESSAGE_CHARACTERS - len(_CUT)
    if len(first) >= room or not rest:
        return text[:room] + _CUT
    return first + _CUT + text[-(room - len(first)) :]
