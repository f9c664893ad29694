"""gradcmp: do PyTorch, TensorFlow and JAX compute the same gradient?

`gradcmp.run` is the whole of the Python API; importing gradcmp imports nothing else.
"""

from __future__ import annotations

TYPE_CHECKING = False  # not from `typing`: until the command line runs, an interruption ends in a traceback
if TYPE_CHECKING:
    from typing import Any

    from gradcmp.session.api import Paths, Report

__version__ = "0.1.0"


def run(paths: Paths = (), **options: Any) -> Report:
    """Run scenarios as `gradcmp run` does, and return what came out; nothing is printed and no last run is kept.

    `paths` is a file, folder or id, or several; without any, the project's scenario folder. `options` are the fields of
    `gradcmp.session.request.RunRequest` and `RunOptions` by name, such as `backends="torch"`, `timing="off"`.
    Raises gradcmp.errors.GradcmpError as the command line ends with an error, TypeError for an unknown option, and
    KeyboardInterrupt where the run is interrupted (SystemExit by SIGTERM, unless the program handles that itself).

    >>> report = gradcmp.run("scenarios/d2l/two-x-dot-x.yaml", timing="off")  # doctest: +SKIP
    >>> report.exit_code, report.levels  # doctest: +SKIP
    (0, {'ok': 3})
    """
    from importlib import import_module

    report: Report = import_module("gradcmp.session.api").run(paths, options)
    return report
