"""Numbers and lists in sentences."""

from gradcmp.words.lists import listed, plural


def test_one_or_more():
    assert [plural(count, "case") for count in (0, 1, 2)] == ["0 cases", "1 case", "2 cases"]


def test_lists_of_any_length():
    assert [listed("abc"[:count]) for count in range(4)] == ["", "a", "a and b", "a, b and c"]
