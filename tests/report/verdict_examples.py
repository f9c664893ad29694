"""`python -m tests.report.verdict_examples`: runs the examples of docs/verdicts.md and writes what they print into it.

Without the lines above and below every table, which say what was run and how it ended.
"""

import re
import tempfile
from pathlib import Path

from tests.cli.run import gradcmp_process

PAGE = Path(__file__).parents[2] / "docs" / "verdicts.md"
SCENARIO = re.compile(r"```yaml\n# (\w+\.yaml)\n(.*?)```", re.DOTALL)
RUN = re.compile(r"```\n\$ gradcmp ((?:run|explain) .*?)\n(.*?)```", re.DOTALL)
WRITTEN = re.compile(r"(✗ died: .*\n)(?:    .*\n|\n)+", re.MULTILINE)
"""What a process wrote before it died, which has the paths of this machine."""
WIDTH = "100"


def main() -> None:
    page = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in SCENARIO.findall(page):
            (folder / file).write_text(text, encoding="utf-8")
        # `explain 2` at the top of the page is of wrong.yaml, so that runs first.
        gradcmp_process("run", "wrong.yaml", "--timing", "off", cwd=folder)
        written = RUN.sub(lambda block: f"```\n$ gradcmp {block[1]}\n{printed(block[1].split(), folder)}```", page)
    PAGE.write_text(written, encoding="utf-8")


def printed(words: list[str], folder: Path) -> str:
    done = gradcmp_process(*words, "--width", WIDTH, cwd=folder)
    if not done.stdout:
        raise SystemExit(done.stderr)
    lines = done.stdout.splitlines()
    if words[0] == "run":
        start = next(place for place, line in enumerate(lines) if line.startswith("Agreement")) + 1
        stop = next(place for place, line in enumerate(lines) if re.match(r"\d+ cases? of ", line))
        lines = lines[start:stop]
    return WRITTEN.sub(r"\1    …\n", "\n".join(lines).strip("\n") + "\n")


if __name__ == "__main__":
    main()
