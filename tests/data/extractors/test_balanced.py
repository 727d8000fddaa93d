import os
import tarfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.document import Document, Rejection
from firstwords.data.extractors.balanced import Balanced
from firstwords.data.source import Record
from firstwords.errors import RecipeError
from firstwords.recipe import build

PARAGRAPHS = [
    f"Paragraph number {i} of the article says something that nobody has said before it, at some length. " * 3
    for i in range(5)
]
MENU = "".join(f'<li><a href="/{word}">{word}</a></li>' for word in ("Home", "Shop", "Sport", "Politics", "Weather"))
PAGE = (
    "<html lang=en><title>The heading of the article</title><meta name=robots content=noai>"
    f"<body><nav><ul>{MENU}</ul></nav><article><h1>The heading of the article</h1>"
    + "".join(f"<p>{each}</p>" for each in PARAGRAPHS)
    + "</article><aside><h3>Related</h3><ul>" + MENU * 3 + "</ul></aside><footer>Imprint and cookies</footer></html>"
).encode()  # fmt: skip


def run(body: bytes, extractor: Balanced | None = None, **fields) -> Document | Rejection:
    record = Record(origin="o", body=body, url="https://a.org/x", media_type="text/html", **fields)
    return (extractor or Balanced()).extract(record)


def test_the_main_text_and_what_the_page_says_about_itself() -> None:
    found = run(PAGE, metadata={"robots": "noindex"})
    assert isinstance(found, Document)
    assert [each.strip() for each in PARAGRAPHS] == found.text.split("\n\n")[-5:]
    assert not {"Politics", "Imprint", "Related"} & set(found.text.split())
    assert (found.title, found.metadata["html_language"]) == ("The heading of the article", "en")
    assert found.metadata["robots"] == "noindex, noai" and found.metadata["charset_rule"] == "utf-8"
    assert found.metadata["extractor"] == "balanced 3"


def test_a_higher_threshold_keeps_less() -> None:
    lengths = [
        len(found.text)
        for threshold in (0.001, 0.5, 0.9)
        if isinstance(found := run(PAGE, Balanced(threshold=threshold)), Document)
    ]
    assert lengths == sorted(lengths, reverse=True) and lengths[0] > lengths[-1]


def test_a_lone_paragraph_is_text_and_a_page_of_menus_is_not() -> None:
    sentence = "The quick brown fox runs into the forest, where it meets a bear that is hungry."
    for body in (f"<p>{sentence}</p>", sentence, f"<div><p>{sentence}</p></div>"):
        found = run(f"<html><body>{body}</body></html>".encode())
        assert isinstance(found, Document) and found.text == sentence
    assert run(f"<html><body><nav><ul>{MENU}</ul></nav><footer>Imprint</footer>".encode()).reason == "empty"


def test_rejections() -> None:
    assert run(b"").reason == "empty"
    assert run(b"\x89PNG\r\n\x1a\n").reason == "not_html"
    assert run(b"<p>" + bytes(range(1, 9)) * 200).reason == "undecodable"
    assert run(PAGE, Balanced(max_elements=5)).reason == "too_large"
    assert run(PAGE, Balanced(min_characters=10**6)).reason == "empty"


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(RecipeError, match="threshold"):
        build(Balanced, {"threshold": 1.0})


@given(st.binary(max_size=500))
def test_any_bytes_give_a_result(data) -> None:
    assert isinstance(run(data), Document | Rejection)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 20_000 + "<p>one block" * 20_000,
        "<div>x" * 20_000,
        "<table><tr>" + "<td>cell" * 20_000,
        "<ul><li>x" * 10_000,
        "<a>x" * 40_000,
    ],
)
def test_deep_and_wide_pages_take_no_time(html) -> None:
    started = time.process_time()
    run(html.encode(), Balanced(threshold=0.001))
    assert time.process_time() - started < 10.0  # a square of the length would take minutes


@pytest.mark.skipif("FIRSTWORDS_DATA" not in os.environ, reason="FIRSTWORDS_DATA is not set")
def test_real_pages_give_text_much_shorter_than_their_markup() -> None:
    path = Path(os.environ["FIRSTWORDS_DATA"]) / "web-article-extraction-benchmark" / "html.tar.xz"
    with tarfile.open(path) as archive:
        pages = [
            archive.extractfile(member).read() for member, _ in zip(archive, range(12), strict=False) if member.isfile()
        ]
    found = [run(page) for page in pages]
    assert len(found) >= 10 and all(isinstance(each, Document) for each in found)
    assert sum(len(each.text) for each in found) < 0.2 * sum(map(len, pages))
