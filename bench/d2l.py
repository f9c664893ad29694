"""`gradcmp run scenarios/d2l --execution eager --timing off` against one hand-written script.

The script imports the three frameworks one after the other and computes the same derivatives. Goal: at most 0.7.
"""

import sys
from pathlib import Path

from bench.timing import processes

ROOT = Path(__file__).parent


def main() -> None:
    scenarios = str(ROOT.parent / "scenarios" / "d2l")
    run = (sys.executable, "-m", "gradcmp", "run", scenarios, "--execution", "eager", "--timing", "off", "--no-cache")
    seconds = processes({"gradcmp": run, "script": (sys.executable, str(ROOT / "handwritten_d2l.py"))}, rounds=5)
    print(f"  hand-written script   {seconds['script']:.2f} s")
    print(f"  gradcmp run           {seconds['gradcmp']:.2f} s   ratio {seconds['gradcmp'] / seconds['script']:.2f}")
