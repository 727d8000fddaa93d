import pytest

from firstwords.data.document import Document, Rejection, document_id
from firstwords.data.extractor import _version, document, extract, rejected
from firstwords.data.extractors.plain_text import PlainText
from firstwords.data.source import Record

PAGE = """<html><head><title>A fine title</title></head><body><nav><a href=/>Home</a><a href=/x>Shop</a></nav>
<article><h1>Heading</h1><p>The first paragraph of the article is long enough to be taken for content by anyone.</p>
<p>The second paragraph says “more” about the same thing, also at some length, as articles do.</p></article>
<footer>Imprint</footer><script>var x = 1;</script></body></html>""".encode()


@pytest.mark.parametrize("mode", ["fast", "balanced", "best"])
def test_a_page_becomes_a_document(mode) -> None:
    found = extract(PAGE, "https://example.org/a", mode=mode)
    assert isinstance(found, Document)
    assert "The first paragraph" in found.text and "“more”" in found.text and "var x" not in found.text
    assert (found.url, found.id) == ("https://example.org/a", document_id("https://example.org/a"))
    assert found.title in ("A fine title", "Heading")
    assert found.metadata["charset_rule"] == "utf-8"
    assert found.metadata["extractor"].startswith(f"{mode} ")


def test_without_an_address_the_id_follows_from_the_page() -> None:
    assert extract(PAGE).id == extract(PAGE).id != extract(PAGE + b" ").id
    assert extract(PAGE).url is None


def test_a_page_without_text_gives_an_empty_one() -> None:
    assert extract(b"<html><body></body></html>").text == ""


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((PAGE, None, "quick"), ValueError, "Modes"),
        ((b"%PDF-1.7 ...",), ValueError, "not_html"),
        ((PAGE.decode(),), TypeError, "bytes"),
    ],
)
def test_what_is_no_page_is_refused(arguments, error, message) -> None:
    with pytest.raises(error, match=message):
        extract(*arguments)


def test_what_the_record_says_counts_more_than_what_is_found() -> None:
    record = Record(origin="o", body=b"", title="own", metadata={"z": "1"})
    made = document(record, "t", PlainText(), title="found", date="2024-01-01", metadata={"a": "2"})
    assert (made.title, made.date, made.id) == ("own", "2024-01-01", document_id("o"))
    assert list(made.metadata) == ["a", "extractor", "z"]


def test_halves_of_characters_are_replaced() -> None:
    made = document(Record(origin="o", body=b"", url="u"), "a\ud800b \ud83d\ude00", PlainText(), title="\udfff")
    assert (made.text, made.title) == ("a\ufffdb \U0001f600", "\ufffd")


def test_rejections_are_short() -> None:
    made = rejected(Record(origin="o", body=b"xyz", url="u"), "empty", "d" * 9999)
    assert isinstance(made, Rejection) and (made.size, made.url, len(made.detail)) == (3, "u", 500)


def test_the_versions_of_libraries_are_looked_up_once(monkeypatch) -> None:
    asked = []
    monkeypatch.setattr("importlib.metadata.version", lambda name: asked.append(name) or "1.0")
    _version.cache_clear()
    names = {PlainText().name() for _ in range(5)}
    _version.cache_clear()
    assert names == {f"plain_text {PlainText.version} (resiliparse 1.0)"} and asked == ["resiliparse"]
