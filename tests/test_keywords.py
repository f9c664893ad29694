import pytest

from gradcmp.core.keywords import parse_keywords
from gradcmp.errors import UsageError

NAMES = ("d2l/f[jvp-float32]@jax-eager-cpu", "Control-Flow")


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("jax", True),
        ("JAX", True),
        ("control", True),
        ("torch", False),
        ("jax and torch", False),
        ("jax or torch", True),
        ("not torch", True),
        ("not not torch", False),
        ("jax and not (hvp or hessian)", True),
        ("torch or jax and hvp", False),
        ("(torch or jax) and jvp", True),
        ("[jvp-float32]", True),
    ],
)
def test_words_select(text: str, selected: bool) -> None:  # noqa: FBT001
    assert parse_keywords(text)(NAMES) is selected


@pytest.mark.parametrize("text", ["", "and", "a and", "(a", "a)", "a b", "not", "()"])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="-k"):
        parse_keywords(text)
