"""Tags that tell facts, found without a tree: what counts, what hides, and that nothing at all breaks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.page_blocks import page_blocks
from firstwords.data.page_tags import told_tags

PIECES = [
    "<meta name=a content=b>",
    "<html lang=de>",
    "<base href=/>",
    "<title>",
    "</title>",
    "<p>",
    "text",
    "<!--",
    "-->",
]
PIECES += [
    "<script>",
    "</script>",
    "<svg>",
    "</svg>",
    "<",
    ">",
    "é",
    '<a rel="license" href=x>',
    "<style>",
    "</style>",
    "</",
]


@pytest.mark.parametrize(
    ("html", "tags", "title"),
    [
        ("<html lang=en><head><title> A  page </title><meta name=x>", ["<html lang=en>", "<meta name=x>"], "A page"),
        ("<title>one &amp; only</title><title>two</title>", [], "one & only"),
        ("<script><meta name=x></script><!-- <meta name=y> --><style><meta></style>", [], ""),
        ("<svg><title>a drawing</title></svg><title>a page</title>", [], "a page"),
        ("<meta name='a > b'>", ["<meta name='a > b'>"], ""),
        ("<meta name=x", [], ""),
        ("", [], ""),
    ],
)
def test_what_is_told(html: str, tags: list[str], title: str) -> None:
    assert told_tags(html) == (tags, title)


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_tags_are_pieces_of_the_page_in_their_order(html: str) -> None:
    at = 0
    for tag in told_tags(html)[0]:
        at = html.index(tag, at) + len(tag)


@given(st.text(max_size=300))
def test_any_text_gives_a_result(html: str) -> None:
    tags, title = told_tags(html)
    assert all(tag.startswith("<") for tag in tags) and "  " not in title


def test_a_page_of_many_tags_is_cut_off() -> None:
    assert len(told_tags("<meta name=x>" * 10_000)[0]) == 4096


def test_they_are_those_of_the_blocks() -> None:
    html = "<!doctype html><html lang=fr><head><base href=/b/><title>T</title><meta name=d content=1></head><body><p>x"
    page = page_blocks(html)
    assert told_tags(html) == (page.told, page.title)
