"""Tokens as the HTML standard reads them, and time that grows with the page only."""

import html
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data import page_blocks as pages
from firstwords.data.page_blocks import TAG_NUMBERS, page_blocks


def texts(page: str) -> list[str]:
    return page_blocks(page).texts


@pytest.mark.parametrize(
    ("page", "blocks"),
    [
        ("a<!-- <p> -- > --!>b<!-->c<!--->d<!-- e", ["abcd"]),
        ("a<!doctype html>b<?php x > y ?>c</ d>e</>f", ["ab y ?>cef"]),
        ("a < b <3 <", ["a < b <3 <"]),
        ("<p title='a > b' class=\"c\">d<p x=a>b>e", ["d", "b>e"]),
        ("<p\n/x/y=1/>a<P>b</P\n>c", ["a", "b", "c"]),
        ("a<p class='b", ["a"]),
        ("<script>if (a</b) '</scripted>'</SCRIPT >a<style><p></style>b", ["ab"]),
        ("<textarea><p>a</textarea>b<script>c", ["b"]),
        ("<svg><path/><script/>a<style/></svg>b<math/>c", ["bc"]),
        ("<button>a<div>b</div></button>c<select><option>d<option>e</select>f", ["cf"]),
        ("<div><object><p>a</object></div>b", ["b"]),
        ("<p>a<span>b<p>c</span>d", ["ab", "cd"]),
        ("<div>a<b>b</div>c</b>d", ["ab", "cd"]),
        ("<table><tr><td><div>a<td>b<tr><td>c</table>d", ["a", "b", "c", "d"]),
        ("<dl><dt>a<dd>b<p>c<dt>d</dl>", ["a", "b", "c", "d"]),
        ("<h1>a<h2>b", ["a", "b"]),
        ("<pre>\n a\r\n  b\t\n\n</pre>c", [" a\n  b", "c"]),
        ("a&amp;b&lt;c&eacute&nbsp;d&#x20AC;&#128;&#0;&bogus;&;&#;&notit;", ["a&b<cé d€€\ufffd&bogus;&;&#;¬it;"]),
    ],
)
def test_markup_is_read_as_browsers_read_it(page: str, blocks: list[str]) -> None:
    assert texts(page) == blocks


def test_items_belong_to_their_own_list() -> None:
    page = page_blocks("<ul><li>a<ul><li>b<li>c</ul><li>d</ul>")
    depths = []
    for node in page.node:
        depth = 0
        while node >= 0:
            node, depth = page.parent[node], depth + 1  # noqa: PLW2901
        depths.append(depth)
    assert depths == [2, 4, 4, 2]


NAMES = [*html.entities.html5, "amp", "#65;", "#x1F600;", "#xD800;", "#1114112;", "bogus;"]


@given(st.lists(st.sampled_from(NAMES)))
def test_references_as_the_library_resolves_them(names: list[str]) -> None:
    # Those for two characters are rare (8 of 100 are mathematical signs); they stay as they are written.
    text = "x".join(f"&{name}" for name in names if len(html.entities.html5.get(name, "x")) == 1)
    assert " ".join(texts(f"<p>{text}")) == " ".join(html.unescape(text).split())


SIGNS = [word for sign in pages._WORDS for word in sign if not word.startswith("<")]


@given(st.lists(st.sampled_from([*SIGNS, " ", "x", "É", "po"])).map("".join), st.sampled_from(["class", "id", "role"]))
def test_signs_are_the_words_that_a_name_holds(name: str, attribute: str) -> None:
    wanted = 0
    for number, words in enumerate(pages._WORDS):
        wanted |= (any(word in name.lower()[:300] for word in words)) << number
    if len(name.encode()) <= 300:
        assert page_blocks(f"<div {attribute}='{name}'>a").signs[0] == wanted
    assert page_blocks(f"<p><i {attribute}='{name[:200]}'>a").inline_signs[0] == page_blocks(
        f"<div {attribute}='{name[:200]}'>a"
    ).signs[0]  # fmt: skip


def test_elements_that_are_not_shown_say_so() -> None:
    hidden = [f"<div {how}>a" for how in ("hidden", 'style="Display : none"', "class=hidden")]
    assert len({int(page_blocks(each).signs[0]) for each in hidden}) == 1 and page_blocks(hidden[0]).signs[0]
    assert page_blocks('<div style="display:block;none">a').signs[0] == 0


def test_tags_that_tell_facts_are_kept_as_written() -> None:
    page = page_blocks(
        '<html lang=x><a href="/a">b</a><a rel=LICENSE href="/l">c</a><meta name=a content=b><a href="d">'
    )
    assert page.told == ["<html lang=x>", '<a rel=LICENSE href="/l">', "<meta name=a content=b>"]


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 100_000 + "</p></div>" * 50_000,
        "<div>" + "<b>" * 100_000 + "</div>" * 10 + "</i>" * 100_000,
        "<td>" + "<b>" * 50_000 + "</div>" * 100_000,
        "<ul>" + "<b>" * 50_000 + "<li>x" * 50_000,
        "<" * 500_000,
        "<!--" * 200_000,
        "<a " + "b=c " * 200_000,
        "<script>" + "</scrip" * 200_000,
        "&" * 500_000 + "&#" * 200_000 + "&notanentityatallbutlong" * 20_000,
    ],
)
def test_no_page_takes_more_than_time_in_its_length(page: str) -> None:
    page_blocks("<p>compiled before")
    started = time.process_time()
    page_blocks(page)
    assert time.process_time() - started < 2.0  # the square of any of these lengths is minutes


def test_block_numbers_are_those_of_the_trained_weights() -> None:
    assert list(TAG_NUMBERS)[:3] == ["p", "h1", "h2"] and len(TAG_NUMBERS) == 54
