"""Books in TEI XML."""

from firstwords.data.extractors.automatic import Automatic
from firstwords.data.extractors.tei import Tei
from firstwords.data.source import Record

BOOK = """<?xml version="1.0"?><TEI xmlns="http://www.tei-c.org/ns/1.0" xml:lang="en-GB">
<teiHeader><fileDesc><titleStmt><title>Hard Times</title></titleStmt></fileDesc></teiHeader>
<text><body><div><head>Chapter <hi>I</hi></head><p>Now, what I want is,<note>a note</note> Facts.</p>
<lg><l>One verse</l><l>and another</l></lg></div></body></text></TEI>"""


def record(body):
    return Record(origin="x", body=body.encode(), media_type="application/xml")


def test_a_book_without_header_and_notes():
    document = Tei().extract(record(BOOK))
    assert document.text == "Chapter I\n\nNow, what I want is, Facts.\n\nOne verse\n\nand another"
    assert (document.title, document.language) == ("Hard Times", "en")


def test_it_shows_itself():
    assert isinstance(Automatic().choice(record(BOOK)), Tei)


def test_what_is_none():
    assert Tei().extract(record("<a/>")).reason == "unsupported"
    assert Tei().extract(record("no xml")).reason == "malformed"
    assert Tei().extract(record(BOOK.partition("<body>")[0] + "</text></TEI>")).reason == "empty"
