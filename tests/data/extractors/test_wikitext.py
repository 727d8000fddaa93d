from firstwords.data.document import Document
from firstwords.data.extractors.automatic import Automatic
from firstwords.data.extractors.wikitext import Wikitext
from firstwords.data.source import Record


def test_a_page_becomes_text_by_its_media_type() -> None:
    record = Record(origin="o", body="'''Wörter''' in [[a|b]]".encode(), media_type="text/x-wiki", title="T")
    found = Automatic().extract(record)
    assert isinstance(found, Document) and (found.text, found.title) == ("Wörter in b", "T")
    assert found.metadata["extractor"].startswith("wikitext 1")


def test_pages_without_text_are_empty() -> None:
    assert Wikitext().extract(Record(origin="o", body=b"{{stub}}[[Category:X]]")).reason == "empty"


def test_formulas() -> None:
    record = Record(origin="o", body=b"a <math>x</math>")
    assert Wikitext().extract(record).text == "a" and Wikitext(keep_formulas=True).extract(record).text == "a x"
