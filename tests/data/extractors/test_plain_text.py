from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.document import Document
from firstwords.data.extractors.plain_text import PlainText
from firstwords.data.source import Record


def run(body: bytes, **fields):
    return PlainText().extract(Record(origin="o", body=body, media_type="text/plain", **fields))


def test_only_line_ends_change() -> None:
    found = run(b"\xef\xbb\xbf\r\n  a <b>\r\n\r\nc\rd\t \n\n")
    assert isinstance(found, Document) and found.text == "  a <b>\n\nc\nd\t "
    assert found.metadata["charset_rule"] == "bom"


def test_a_declaration_inside_is_text() -> None:
    found = run('<meta charset="koi8-r">é'.encode())
    assert isinstance(found, Document) and found.text.endswith("é")


def test_rejections() -> None:
    assert [run(each).reason for each in (b"", b" \n\t", b"PK\x03\x04zip", b"\x01\x02\x03" * 50)] == [
        "empty", "empty", "not_html", "undecodable",
    ]  # fmt: skip


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1).filter(str.strip))
def test_any_text_comes_back(text) -> None:
    found = run(("x" + text).encode(), charset="utf-8")
    assert isinstance(found, Document) and found.text == "x" + text
