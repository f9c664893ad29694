"""A finished result file under another name."""

import json
import os
import shutil
from pathlib import Path


def copy_result(source: Path, target: Path) -> None:
    """Copy a document and the arrays beside it, which it then names by their new name. Raises OSError.

    Line by line, so that memory does not grow with the run; what is there already stays until the copy is whole.
    """
    arrays, copied = (path.with_name(f"{path.name}.npz") for path in (source, target))
    # Within a string of the document the quotes would be escaped, so this is the key and nothing else.
    old, new = (f'"npz":{json.dumps(path.name, ensure_ascii=False)}' for path in (arrays, copied))
    beside = target.with_name(f"{target.name}.{os.getpid()}.new")
    beside_arrays = copied.with_name(f"{copied.name}.{os.getpid()}.new")
    try:
        with (
            source.open(encoding="utf-8", newline="\n") as lines,
            beside.open("w", encoding="utf-8", newline="\n") as stream,
        ):
            stream.writelines(line.replace(old, new) for line in lines)
        if arrays.exists():
            shutil.copyfile(arrays, beside_arrays)
            beside.replace(target)
            beside_arrays.replace(copied)
        else:
            beside.replace(target)
            copied.unlink(missing_ok=True)  # of an earlier run: nothing in the new document points there
    finally:
        beside.unlink(missing_ok=True)
        beside_arrays.unlink(missing_ok=True)
