"""`python -m bench [NAME…]`: runs the benchmarks one after the other and prints a line for each figure."""

import compileall
import importlib
import sys
from pathlib import Path

NAMES = ("listing", "d2l", "lowered", "cases", "reference", "prices", "certification", "planted")


def main() -> None:
    chosen = sys.argv[1:] or NAMES
    unknown = [name for name in chosen if name not in NAMES]
    if unknown:
        sys.exit(f"there is no benchmark {', '.join(unknown)}; expected {', '.join(NAMES)}")
    # What it is compared to was installed with its byte code, and an environment may forbid writing it at run time.
    compileall.compile_dir(Path(__file__).parent.parent / "gradcmp", quiet=1)
    for name in chosen:
        print(f"\n{name}: {importlib.import_module(f'bench.{name}').__doc__.splitlines()[0]}")
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
