"""The texts that the tables must print, kept in `data/`; `python -m tests.report.snapshots` writes them anew."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from gradcmp.report.exports.junit import to_junit
from gradcmp.report.exports.markdown import to_markdown
from gradcmp.report.exports.spreadsheet import cases_csv
from gradcmp.report.render import render
from gradcmp.report.text.console import make_console
from gradcmp.result.document import Document
from tests.result.builders import everything, notebook

DATA = Path(__file__).parent / "data"
DOCUMENTS = {"notebook": notebook, "everything": everything}


def printed(book: str, **options: Any) -> str:
    return rendered(document(book), **options)


def rendered(
    document: Document, *, view: str = "tables", width: int | None = None, encoding: str = "utf-8", **env: str
) -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    render(document, view=view, console=make_console(stream, width=width, env=env))
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


def document(book: str) -> Document:
    return Document.of(DOCUMENTS[book]().document())


def snapshots() -> dict[str, Callable[[], str]]:
    """File name → what makes its text."""
    found: dict[str, Callable[[], str]] = {
        f"{book}-{view}-{width or 'pipe'}.txt": partial(printed, book, view=view, width=width)
        for book in DOCUMENTS
        for view in ("tables", "cases")
        for width in (60, 80, 100, 160, None)
    }
    return found | {
        "notebook-tables-80-ascii.txt": partial(printed, "notebook", width=80, encoding="ascii"),
        "notebook-tables-80-colour.txt": partial(printed, "notebook", width=80, FORCE_COLOR="1", TERM="xterm"),
        "notebook.md": lambda: to_markdown(document("notebook")),
        "everything.md": lambda: to_markdown(document("everything")),
        "everything.xml": lambda: to_junit(document("everything")),
        "everything.csv": lambda: cases_csv(document("everything")),
    }


if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    for name, make in snapshots().items():
        (DATA / name).write_text(make(), encoding="utf-8", newline="")
