from firstwords.data.document import Document
from firstwords.data.extractors.automatic import Automatic
from firstwords.data.extractors.markdown import Markdown
from firstwords.data.source import Record

BODY = b"---\ntitle: T\r\nlang: de\nlicense: CC0\nx: 1\n---\r\n# Head\r\n\r\nA **bold** word.\n"


def test_front_matter_becomes_fields_and_the_markup_stays() -> None:
    found = Automatic().extract(Record(origin="o", body=BODY, media_type="text/markdown"))
    assert isinstance(found, Document) and found.text == "# Head\n\nA **bold** word."
    assert (found.title, found.language, found.licence, found.metadata["front_matter.x"]) == ("T", "de", "CC0", "1")


def test_the_record_knows_better_and_markup_goes_when_asked_to() -> None:
    record = Record(origin="o", body=BODY, media_type="text/markdown", title="Own", language="en", licence="MIT")
    found = Markdown(keep_markup=False).extract(record)
    assert (found.text, found.title, found.language, found.licence) == ("Head\n\nA bold word.", "Own", "en", "MIT")
    assert Markdown().extract(Record(origin="o", body=b"# Only this\n\ntext")).title == "Only this"


def test_what_is_no_text_is_told() -> None:
    assert Markdown().extract(Record(origin="o", body=b"---\na: b\n---\n")).reason == "empty"
    assert Markdown().extract(Record(origin="o", body=b"\x89PNG\r\n")).reason == "not_html"
