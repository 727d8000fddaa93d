import pytest

from firstwords.data.extractors.automatic import Automatic
from firstwords.data.extractors.best import Best
from firstwords.data.extractors.plain_text import PlainText
from firstwords.data.source import Record
from firstwords.recipe import build, configuration


@pytest.mark.parametrize(
    ("url", "media_type", "body", "kind"),
    [
        ("pydoc:///json", "text/html", b"", "documentation"),
        ("http://a/", "text/html", b"", "fallback"),
        ("http://a/", "application/xhtml+xml", b"", "fallback"),
        ("http://a/", "text/plain", b"", "plain_text"),
        (None, "text/plain", b"<html>", "plain_text"),
        ("http://a/", None, b"\xef\xbb\xbf <!DOCTYPE html>", "fallback"),
        ("http://a/", None, b"Dear reader,", "plain_text"),
        ("http://a/", "application/octet-stream", b"<HTML>", "fallback"),
        ("http://a/", "application/pdf", b"%PDF-1.7", "pdf"),
        ("http://a/", "application/pdf", b"cut off", "pdf"),
        ("http://a/", "application/pdf", b"<!doctype html><p>Not found", "fallback"),
        ("http://a/", "text/html", b"%PDF-1.7", "pdf"),
        ("http://a/", "image/png", b"%PDF-1.7", "pdf"),
        (None, None, b"%PDF-1.7", "pdf"),
        ("http://a/", "text/plain", b"A text about %PDF-1.7", "plain_text"),
        (None, "application/epub+zip", b"PK", "epub"),
        (None, "application/zip", b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/epub+zipPK", "epub"),
        (None, "text/html", b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/epub+zipPK", "epub"),
        (None, "application/zip", b"PK\x03\x04" + bytes(99), "plain_text"),
        (None, "application/jats+xml", b"", "jats"),
        (None, "text/xml", b'<?xml version="1.0"?><article article-type="research-article">', "jats"),
        (
            None,
            "application/xml",
            b'<!DOCTYPE article PUBLIC "-//NLM//DTD Journal Archiving v2.3//EN" "a.dtd">',
            "jats",
        ),
        (None, None, b'<article xml:lang="en" dtd-version="1.2">', "jats"),
        (None, "text/xml", b'<article xmlns="http://docbook.org/ns/docbook">', None),
        ("http://a/", "text/html", b'<article article-type="x">', "fallback"),
        ("http://a/", "image/png", b"", None),
        ("http://a/", "text/markdown", b"", "markdown"),
        ("http://a/", "text/x-wiki", b"", "wikitext"),
    ],
)
def test_the_choice(url, media_type, body, kind) -> None:
    chosen = Automatic().choice(Record(origin="o", url=url, media_type=media_type, body=body))
    assert (configuration(chosen)["kind"] if chosen else None) == kind


def test_other_media_types_are_told() -> None:
    found = Automatic().extract(Record(origin="o", body=b"", media_type="image/png"))
    assert (found.reason, found.detail) == ("unsupported", "media type image/png")


def test_the_parts_can_be_chosen_and_count_for_identity() -> None:
    built = build(Automatic, {"html": "best", "text": {"kind": "plain_text"}})
    assert isinstance(built.html, Best) and isinstance(built.text, PlainText)
    assert configuration(built) != configuration(Automatic())
