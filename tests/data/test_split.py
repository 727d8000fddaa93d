from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.split import SPLITS, group_of, page_is_held_out, page_of, split_of


@pytest.mark.parametrize(
    ("url", "group"),
    [
        ("pydoc:///json.decoder", "json"),
        ("pydoc:///json", "json"),
        ("pydoc:///json.decoder#JSONDecoder", "json"),
        ("pydoc:///topic?key=a.b", "topic?key=a.b"),
        ("https://www.Example.org:8443/a/b?c", "example.org"),
        ("http://example.org/", "example.org"),
        ("ftp://example.org/", "the id"),
        ("http://[broken/", "the id"),
        (None, "the id"),
    ],
)
def test_groups(url, group) -> None:
    assert group_of(url, "the id") == group


def test_a_page_has_no_fragment() -> None:
    assert page_of("pydoc:///json#dumps", "x") == "pydoc:///json"
    assert page_of(None, "x") == "x"


def test_all_pages_of_a_test_group_are_in_test_and_nothing_else_is() -> None:
    parts: dict[str, set[str]] = {}
    for i in range(300):
        for j in range(5):
            parts.setdefault(f"m{i}", set()).add(split_of(f"pydoc:///m{i}.p{j}", ""))
    tests = {group for group, found in parts.items() if "test" in found}
    assert 15 <= len(tests) <= 50
    assert all(parts[group] == {"test"} for group in tests)


def test_shares_are_about_right() -> None:
    counts = Counter(split_of(None, str(i)) for i in range(20000))
    assert set(counts) == set(SPLITS)
    assert abs(counts["test"] / 20000 - 0.10) < 0.01
    assert abs(counts["tasks"] / 20000 - 0.135) < 0.01
    assert counts["train"] / 20000 > 0.7


@given(st.text(), st.text())
def test_no_held_out_page_is_ever_pre_trained_on(url, identifier) -> None:
    if page_is_held_out(url, identifier):
        assert split_of(url, identifier) in ("test", "tasks")
    assert split_of(url, identifier) == split_of(url, identifier)


def test_splits_do_not_move() -> None:
    names = ["json", "re", "email", "asyncio", "os", "ast", "typing", "decimal"]
    assert {name: split_of(f"pydoc:///{name}", "") for name in names} == {
        "json": "tasks",
        "re": "train",
        "email": "test",
        "asyncio": "train",
        "os": "train",
        "ast": "train",
        "typing": "tasks",
        "decimal": "tasks",
    }
