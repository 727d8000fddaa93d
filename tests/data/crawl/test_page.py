from dataclasses import replace

import pytest

from firstwords.data.crawl.page import page_facts, told_facts
from firstwords.data.page_blocks import page_blocks

parse = pytest.importorskip("resiliparse.parse.html").HTMLTree.parse
URL = "http://example.org/a/b"
CC = "https://creativecommons.org/licenses/"


def facts(html: str, **named):
    """By the tree; and the same by its tags alone."""
    found = page_facts(parse(html), URL, **named)
    page = page_blocks(html)
    assert told_facts(page.told, page.title, URL) == replace(found, links=[], canonical=None)
    return found


def test_links_are_canonical_and_each_once() -> None:
    html = '<a href="c">1</a><a href="/c#x">2</a><a href="../a/c">3</a><area href="http://Other.org"><a>no</a>'
    assert facts(html, with_links=True).links == ["http://example.org/a/c", "http://example.org/c", "http://other.org/"]
    assert facts(html).links == []


def test_base_counts() -> None:
    assert facts('<base href="/z/"><a href="c">1</a>', with_links=True).links == ["http://example.org/z/c"]


def test_nofollow_is_obeyed() -> None:
    assert facts('<a rel="external nofollow" href="c">1</a><a href="d">2</a>', with_links=True).links == [
        "http://example.org/a/d"
    ]
    assert facts('<meta name=robots content="NoFollow, index"><a href="c">1</a>', with_links=True).links == []


def test_wishes_are_recorded() -> None:
    html = '<meta name="robots" content="noindex, NOAI"><meta name="tdm-reservation" content="1">'
    assert facts(html).signals == {"robots": "noindex, noai", "tdm_reservation": "1"}
    assert facts("<p>nothing").signals == {}


@pytest.mark.parametrize(
    ("html", "licence"),
    [
        (f'<link rel="license" href="{CC}by/4.0/">', f"{CC}by/4.0/"),
        ('<a rel="license" href="/terms">t</a>', "http://example.org/terms"),
        (f'<a href="{CC}BY-SA/3.0/deed.de">t</a>', f"{CC}by-sa/3.0/deed.de"),
        ('<meta name="dc.rights" content="CC0">', "CC0"),
        ('<a href="https://example.org/?u=creativecommons.org/">t</a>', None),
    ],
)
def test_licences_are_found(html, licence) -> None:
    assert facts(html).licence == licence


def test_title_language_date_canonical() -> None:
    found = facts(
        '<html lang="EN-gb"><head><title> A\n title </title>'
        '<meta property="article:published_time" content="2024-05-06T07:08">'
        '<link rel=canonical href="/A"></head>'
    )
    assert (found.title, found.language, found.date, found.canonical) == (
        "A title", "en-gb", "2024-05-06", "http://example.org/A",
    )  # fmt: skip
    empty = facts("")
    assert (empty.title, empty.language, empty.date, empty.canonical) == (None, None, None, None)
