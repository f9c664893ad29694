"""Workers that were asked for by name."""

from pathlib import Path

import pytest

from gradcmp.errors import MissingTargetError
from gradcmp.session.executor import open_pool, refuse_unmet_demands
from gradcmp.session.request import RunOptions
from tests.session.fake_plans import REGISTRY, plan_of


@pytest.mark.parametrize("named", ["backends", "required"])
def test_a_backend_that_was_named_and_does_not_start(tmp_path: Path, named: str) -> None:
    wanted = {"backends": ("fake", "broken")} if named == "backends" else {"required": ("broken",)}
    plan = plan_of(tmp_path, "a", **wanted)
    with open_pool(plan, REGISTRY, RunOptions()) as pool, pytest.raises(MissingTargetError) as caught:
        refuse_unmet_demands(plan, pool, REGISTRY)
    assert str(caught.value) == (
        "`broken` can run nowhere here; Broken does not start: ImportError: libfake.so.1: cannot open shared object file"
    )
