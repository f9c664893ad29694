import pytest

from gradcmp.core.targets import Target, TargetPattern

TORCH = Target(backend="torch", execution="compiled", device="cuda:0")


def test_the_id_joins_what_makes_a_target() -> None:
    assert TORCH.id == "torch-compiled-cuda:0"
    assert Target(backend="torch", environment="old").id == "torch+old-eager-cpu"


@pytest.mark.parametrize("text", ["torch", "torch-compiled", "torch-*-cuda:0", "*", "torch-compiled-cuda:*", "t*"])
def test_patterns_match(text: str) -> None:
    assert TargetPattern(text=text).matches(TORCH)


@pytest.mark.parametrize("text", ["jax", "torch-eager", "torch-*-cpu", "torch-compiled-cuda:1", "tor"])
def test_patterns_do_not_match(text: str) -> None:
    assert not TargetPattern(text=text).matches(TORCH)


def test_more_literal_segments_are_more_specific() -> None:
    order = ["*", "torch", "torch-*-cpu", "torch-compiled-cpu"]
    assert sorted(order, key=lambda text: TargetPattern(text=text).specificity) == order
