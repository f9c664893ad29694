"""A program with a pool of which one worker hangs in a case and one in its import; it prints their ids and waits."""

from __future__ import annotations

import sys
import time

import psutil

from gradcmp.core.requests import WorkerKey
from gradcmp.execute.pool import Pool
from tests.execute.fakes import KEY, ask, descriptor, registry


def main() -> None:
    stuck = WorkerKey(backend="stuck")
    both = registry(descriptor(), descriptor("stuck", GRADCMP_FAKE_IMPORT="hang"))
    with Pool(both, [KEY, stuck], jobs=2) as pool:
        for request, _ in pool.run(iter([ask(case="first"), ask("hangs_with_child", timeout_s=600.0)])):
            assert request.case == "first"
            while len(psutil.Process().children(recursive=True)) < 3:  # two workers and a grandchild
                time.sleep(0.05)
            sys.stdout.write(f"{pool._folder} {' '.join(str(process.pid) for process in pool._processes())}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
