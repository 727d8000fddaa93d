import os
import runpy
from pathlib import Path

import pytest

from firstwords.data.document import Document
from firstwords.data.extractors.epub import Epub
from firstwords.data.source import Record

HELP = runpy.run_path(str(Path(__file__).parents[1] / "made_files.py"))
make_epub, chapter = HELP["epub"], HELP["chapter"]
DATA = os.environ.get("FIRSTWORDS_DATA")


def extract(body: bytes, **settings):
    return Epub(**settings).extract(Record(origin="o", body=body, media_type="application/epub+zip"))


def test_chapter_after_chapter_with_its_provenance() -> None:
    metadata = "<dc:title>T</dc:title><dc:creator>A</dc:creator><dc:language>de</dc:language><dc:rights>CC0</dc:rights>"
    chapters = {"1.xhtml": chapter("<h2>I</h2><p>First &amp; foremost.</p>"), "2.xhtml": chapter("<p>Ende — ä.</p>")}
    found = extract(make_epub(chapters, metadata=metadata))
    assert found.text == "I\n\nFirst & foremost.\n\nEnde — ä."
    assert (found.title, found.language, found.licence, found.metadata["author"]) == ("T", "de", "CC0", "A")
    assert found.metadata["chapters"] == "2" and "missing_chapters" not in found.metadata


def test_elements_that_xhtml_closes_early_swallow_nothing() -> None:
    page = chapter('<p>One<a id="x"/> two<br/>three<i/> four.</p><script src="x.js"/><p>Five.</p>', head="<title/>")
    assert extract(make_epub({"1.xhtml": page})).text == "One two\nthree four.\n\nFive."


def test_chapters_that_say_the_same_in_many_books_are_left_out() -> None:
    chapters = {
        "1.xhtml": chapter('<section epub:type="titlepage"><p>T by A</p></section>', kind="frontmatter"),
        "2.xhtml": chapter("<p>Text.</p>"),
        "3.xhtml": chapter("<p>Made by</p>", kind="backmatter colophon"),
    }
    assert extract(make_epub(chapters)).text == "Text."
    assert extract(make_epub(chapters), leave_out=()).text == "T by A\n\nText.\n\nMade by"
    whole = chapter("<p>Made by</p>" + "<p>A long book in one chapter.</p>" * 2000, kind="cover")
    assert extract(make_epub({"1.xhtml": whole})).text.startswith("Made by")


def test_marks_of_notes_are_a_choice() -> None:
    page = chapter('<p>Word<a epub:type="noteref" href="#n">1</a> and<a href="#n" epub:type="backlink">↩</a>.</p>')
    assert extract(make_epub({"1.xhtml": page})).text == "Word and."
    assert "1" in extract(make_epub({"1.xhtml": page}), note_marks=True).text


def test_missing_and_damaged_chapters_are_told() -> None:
    book = make_epub({"1.xhtml": chapter("<p>Text.</p>")}, spine='<itemref idref="c0"/><itemref idref="c9"/>')
    assert extract(book).metadata["missing_chapters"] == '["c9"]'
    damaged = bytearray(make_epub({"1.xhtml": chapter("<p>One.</p>"), "2.xhtml": chapter("<p>Two.</p>")}))
    at = damaged.index(b"OEBPS/1.xhtml") + 20
    damaged[at] ^= 0xFF
    found = extract(bytes(damaged))
    assert (found.text, found.metadata["missing_chapters"]) == ("Two.", '["OEBPS/1.xhtml"]')


@pytest.mark.parametrize(
    ("body", "settings", "reason"),
    [
        (b"", {}, "malformed"),
        (b"PK\x03\x04 cut", {}, "truncated"),
        (make_epub({"1.xhtml": chapter("")}), {}, "empty"),
        (make_epub({}, spine='<itemref idref="c0"/>'), {}, "malformed"),
        (make_epub({"1.xhtml": chapter("<p>x</p>" + " " * 3 * 2**20)}), {}, "too_large"),
        (make_epub({"1.xhtml": chapter("<p>x</p>")}), {"max_members": 2}, "too_large"),
        (make_epub({"1.xhtml": chapter("<p>xyz</p>" * 99)}), {"max_member": 500}, "too_large"),
        (make_epub({"1.xhtml": "\x89PNG" + "\0" * 99}), {}, "empty"),
    ],
)
def test_what_is_refused(body, settings, reason) -> None:
    assert extract(body, **settings).reason == reason


@pytest.mark.skipif(not DATA, reason="FIRSTWORDS_DATA is not set")
@pytest.mark.parametrize(
    ("name", "title", "author", "start", "end", "chapters"),
    [
        ("mary-shelley_frankenstein", "Frankenstein", "Mary Shelley", "Introduction\n\nThe Publishers",
         "“Tintern Abbey.”", 38),
        ("jane-austen_pride-and-prejudice", "Pride and Prejudice", "Jane Austen", "I\n\nIt is a truth universally",
         "the means of uniting them.", 65),
        ("arthur-conan-doyle_the-adventures-of-sherlock-holmes", "The Adventures of Sherlock Holmes",
         "Arthur Conan Doyle", "A Scandal in Bohemia\n\nI\n\nTo Sherlock Holmes", "considerable success.", 16),
    ],
)  # fmt: skip
def test_real_books(name, title, author, start, end, chapters) -> None:
    found = extract(Path(DATA, "books-epub", f"{name}.epub").read_bytes())
    assert isinstance(found, Document)
    assert (found.title, found.metadata["author"], found.language) == (title, author, "en-gb")
    assert (found.licence, found.metadata["chapters"]) == (
        "https://creativecommons.org/publicdomain/zero/1.0",
        str(chapters),
    )
    assert found.text.startswith(start) and found.text.rstrip().endswith(end)
    assert "Standard Ebooks" not in found.text and "missing_chapters" not in found.metadata
