from dataclasses import dataclass

import pytest

from firstwords.data.document import Document
from firstwords.data.extractor import Extractor, document, rejected
from firstwords.data.extractors.fallback import Fallback
from firstwords.data.source import Record
from firstwords.errors import RecipeError
from firstwords.recipe import build

RECORD = Record(origin="o", body=b"x", media_type="text/html", metadata={"z": "1"})


@dataclass(frozen=True, kw_only=True)
class Fixed(Extractor):
    """Gives the same for every record: a text, or a rejection for the reason that stands behind a `!`."""

    text: str = ""

    def extract(self, record: Record):
        if self.text.startswith("!"):
            return rejected(record, self.text[1:], "told by the test")
        return document(record, self.text, self)


@pytest.mark.parametrize(
    ("first", "then", "text", "why"),
    [
        ("a long text", "another", "a long text", None),
        ("short", "a longer text", "a longer text", "short"),
        ("short", "tiny", "short", None),
        ("short", "!empty", "short", None),
        ("!empty", "a text", "a text", "empty"),
        ("!too_large", "a text", "a text", "too_large"),
    ],
)
def test_which_text_is_taken(first, then, text, why) -> None:
    found = Fallback(first=Fixed(text=first), then=Fixed(text=then), min_characters=10).extract(RECORD)
    assert isinstance(found, Document) and found.text == text
    assert found.metadata.get("fallback") == why and list(found.metadata) == sorted(found.metadata)


@pytest.mark.parametrize(
    ("first", "then", "reason"),
    [("!empty", "!undecodable", "empty"), ("!undecodable", "a text", "undecodable"), ("!not_html", "a", "not_html")],
)
def test_which_loss_is_told(first, then, reason) -> None:
    assert Fallback(first=Fixed(text=first), then=Fixed(text=then)).extract(RECORD).reason == reason


def test_after_a_loss_only_the_simpler_one_is_asked() -> None:
    found = Fallback(first=Fixed(text="first"), then=Fixed(text="then")).after("timeout", RECORD)
    assert (found.text, found.metadata["fallback"]) == ("then", "timeout")


def test_a_page_is_tried_twice_at_most() -> None:
    with pytest.raises(RecipeError, match="twice"):
        build(Fallback, {"first": {"kind": "fallback"}})


def test_the_shipped_pair() -> None:
    article = b"<article>" + b"<p>A sentence of an article, long enough to be taken for its text. And one more.</p>" * 6
    for body, name in ((article, "balanced"), (b"<div><h1>Just a title</h1><p>And a word</p></div>", "fast")):
        found = Fallback().extract(Record(origin="o", body=body, media_type="text/html"))
        assert isinstance(found, Document) and found.metadata["extractor"].startswith(name)
        assert ("fallback" in found.metadata) == (name == "fast")
