import pytest

from gradcmp.core.trees import nested


def test_dotted_paths_are_taken_apart_in_their_order():
    tree = nested({"p.k": 1, "a": 2, "p.b.c": 3})
    assert tree == {"p": {"k": 1, "b": {"c": 3}}, "a": 2}
    assert list(tree) == ["p", "a"]


@pytest.mark.parametrize("paths", [("a", "a.b"), ("a.b", "a")])
def test_a_path_is_a_leaf_or_a_branch(paths):
    with pytest.raises(ValueError, match="`a"):
        nested(dict.fromkeys(paths, 1))
