"""Is a package there? Answered without importing it."""

from functools import cache
from importlib import metadata, util


@cache
def is_importable(module: str) -> bool:
    """Whether `module` (top-level) could be imported, as far as its finder knows."""
    try:
        return util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def version_of(distribution: str) -> str | None:
    """The installed version of a distribution, None where there is none."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
