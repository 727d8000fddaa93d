from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.document import Document, Rejection
from firstwords.data.extractors.fast import Fast
from firstwords.data.source import Record


def run(body: bytes, extractor: Fast | None = None, **fields) -> Document | Rejection:
    return (extractor or Fast()).extract(Record(origin="o", body=body, media_type="text/html", **fields))


ARTICLE = "<p>" + "A sentence of an article that is long enough. " * 8 + "</p>"


def test_the_main_text_and_what_the_page_says_about_itself() -> None:
    found = run(
        b'<html lang=en><head><title>T</title><meta name=robots content="noai"><meta name=date content="2024-02-03">'
        b'<link rel=license href="https://creativecommons.org/licenses/by/4.0/"></head><body><nav>menu</nav><main>'
        + ARTICLE.encode() * 3 + b"</main></body></html>",
        url="http://a.org/",
        metadata={"robots": "noindex", "depth": "2"},
    )  # fmt: skip
    assert isinstance(found, Document)
    assert found.text.count("\n\n") == 2 and "menu" not in found.text
    assert (found.title, found.date, found.licence) == (
        "T",
        "2024-02-03",
        "https://creativecommons.org/licenses/by/4.0/",
    )
    assert found.metadata["robots"] == "noindex, noai" and found.metadata["html_language"] == "en"
    assert found.metadata["depth"] == "2" and found.metadata["extractor"].startswith("fast 5")


def test_all_visible_text_on_request() -> None:
    found = run(b"<nav>the menu</nav>" + ARTICLE.encode(), Fast(main_content=False))
    assert isinstance(found, Document) and "the menu" in found.text


def test_rejections() -> None:
    assert run(b"").reason == "empty"
    assert run(b"<p> </p><script>x</script>").reason == "empty"
    assert run(b"short", Fast(min_characters=50)).reason == "empty"
    assert run(b"\x89PNG\r\n\x1a\n").reason == "not_html"
    assert run(b"<p>" + bytes(range(1, 9)) * 200).reason == "undecodable"


def test_pages_of_very_many_elements_are_too_large() -> None:
    assert run(b"<p>a" * 40, Fast(max_elements=10)).reason == "too_large"


@given(st.binary(max_size=500))
def test_any_bytes_give_a_result(data) -> None:
    assert isinstance(run(data), Document | Rejection)
