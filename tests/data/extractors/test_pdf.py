import os
import runpy
from pathlib import Path

import pytest

from firstwords.data.document import Document
from firstwords.data.extractors.pdf import Pdf
from firstwords.data.source import Record

make_pdf = runpy.run_path(str(Path(__file__).parents[1] / "made_files.py"))["pdf"]
DATA = os.environ.get("FIRSTWORDS_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="FIRSTWORDS_DATA is not set")


def extract(body: bytes, **settings):
    return Pdf(**settings).extract(Record(origin="o", body=body, media_type="application/pdf"))


def test_the_text_and_what_the_file_says_about_itself() -> None:
    information = {"Title": "A title", "Author": "A. Writer", "CreationDate": "D:20220403180542+02'00'", "Subject": ""}
    found = extract(make_pdf([[(72, 700, 10, "Some words.")], [(72, 700, 10, "And more.")]], information))
    assert isinstance(found, Document)
    assert (found.text, found.title, found.date) == ("Some words.\n\nAnd more.", "A title", "2022-04-03")
    assert (found.metadata["author"], found.metadata["pages"]) == ("A. Writer", "2")
    assert "subject" not in found.metadata and "unreadable_pages" not in found.metadata


@pytest.mark.parametrize("title", ["Microsoft Word - thesis.doc", "untitled", "paper_final.tex", "a.PDF"])
def test_names_of_files_are_no_titles(title) -> None:
    assert extract(make_pdf([[(72, 700, 10, "Words")]], {"Title": title})).title is None


@pytest.mark.parametrize("date", ["D:20221303", "yesterday", "D:2022"])
def test_a_broken_date_is_none(date) -> None:
    assert extract(make_pdf([[(72, 700, 10, "Words")]], {"CreationDate": date})).date is None


def test_a_scan_needs_ocr() -> None:
    found = extract(make_pdf([[], []]))
    assert (found.reason, found.detail) == ("empty", "no text layer on 2 of 2 pages: needs OCR")
    half = extract(make_pdf([[(72, 700, 10, "A cover.")], []]))
    assert (half.text, half.metadata["pages_without_text"]) == ("A cover.", "1")


@pytest.mark.parametrize(
    ("body", "settings", "reason"),
    [
        (b"", {}, "malformed"),
        (b"<html>no such file</html>", {}, "malformed"),
        (b"%PDF-1.7 lies", {}, "malformed"),
        (make_pdf([[(72, 700, 10, "Words")]] * 3), {"max_pages": 2}, "too_large"),
        (make_pdf([[(72, 700, 10, "Words")]] * 3), {"max_characters": 12}, "too_large"),
        (make_pdf([[(72, 700, 10, "\x01\x02\x03\x04\x05\x06 word")]]), {"max_unknown": 0.1}, "undecodable"),
    ],
)
def test_what_is_refused(body, settings, reason) -> None:
    assert extract(body, **settings).reason == reason


@pytest.mark.parametrize("kids", ["2 0 R", "4 0 R 2 0 R", "4 0 R " * 50, "99 0 R", ""])
def test_a_page_tree_may_loop_or_lie(kids) -> None:
    found = extract(make_pdf([[(72, 700, 10, "Words")]], kids=kids))
    assert isinstance(found, Document) or found.reason in ("malformed", "empty", "too_large")


@needs_data
def test_a_password_is_asked_for() -> None:
    found = extract(Path(DATA, "articles-pdf", "libreoffice-writer-password.pdf").read_bytes())
    assert (found.reason, found.detail) == ("unsupported", "encrypted: needs a password")


@needs_data
@pytest.mark.parametrize(
    ("name", "parts", "absent"),
    [
        ("minimal-document", ["no sea takimata sanctus est Lorem ipsum"], ["amet.\n\n1"]),
        ("multicolumn", ["Lorem ipsum dolor sit amet, consectetuer adipiscing elit.", "\n\nNulla malesuada porttitor "
          "diam. Donec felis erat, congue non, volutpat at, tincidunt tristique, libero. Vivamus viverra fermentum "
          "felis. Donec nonummy pellentesque ante.", "Austria 8.9 83,879 Vienna German\nBelgium"], ["\n1\n", "\n2\n"]),
        ("crazyones-pdfa", ["not fond of rules. And they have no respect for the status quo."], []),
        ("google-doc-document", ["Flat is better than nested.\nSparse is better than dense.\n"], []),
        ("pdflatex-outline", ["1 Foo\n\nHello, here is some text without a meaning. This text should show what a "
          "printed text will look like"], []),
        ("GeoTopo-komprimiert", ["zusammenhängende topologische Räume und", "1.2 Metrische Räume 6\n"],
         ["FUNDAMENTALGRUPPE", "Funda-", "\ufffe"]),
    ],
)  # fmt: skip
def test_real_files(name, parts, absent) -> None:
    found = extract(Path(DATA, "articles-pdf", f"{name}.pdf").read_bytes())
    assert isinstance(found, Document)
    assert [part for part in parts if part not in found.text] == []
    assert [part for part in absent if part in found.text] == []


@needs_data
@pytest.mark.parametrize(("printed", "plain"), [("11-pdf.pdf", "11.txt"), ("alice30.pdf", "alice30.txt")])
def test_the_words_of_a_printed_book_are_those_of_its_text(printed, plain) -> None:
    import difflib
    import re

    import pyarrow as pa

    from firstwords.data.extractors.plain_text import PlainText
    from firstwords.data.transforms.gutenberg_licence import GutenbergLicence

    words = []
    for extractor, name in ((Pdf(), printed), (PlainText(), plain)):
        body = Path(DATA, "books-gutenberg", "alice", name).read_bytes()
        found = extractor.extract(Record(origin=name, body=body))
        book = GutenbergLicence().apply(pa.record_batch({"text": [found.text]})).batch["text"][0].as_py()
        # The printed book has a table of contents, which the text lacks.
        words.append(re.findall(r"\w+", book[book.index("beginning to get very tired") :].lower())[:6000])
    matcher = difflib.SequenceMatcher(None, *words, autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks())
    # Misprints that one of the two has, and Roman numbers of chapters; all of the book: docs/log 2026-11-26-documents.
    assert same > 0.998 * 6000
