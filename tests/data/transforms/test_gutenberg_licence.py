import lzma
import os
import re
import runpy
from pathlib import Path

import pyarrow as pa
import pytest

from firstwords.data.extractors.epub import Epub
from firstwords.data.extractors.fast import Fast
from firstwords.data.extractors.plain_text import PlainText
from firstwords.data.source import Record
from firstwords.data.transforms.gutenberg_licence import GutenbergLicence

DATA = os.environ.get("FIRSTWORDS_DATA")
FOLDER = Path(DATA or "/nowhere", "books-gutenberg")
EDITIONS = sorted(path for path in FOLDER.glob("*/*") if ".txt" in path.name or ".htm" in path.name)
BOOK = "Chapter 1\n\n" + "It was. " * 60 + "\n\nThe End"
MODERN = (
    "The Project Gutenberg eBook of X\n\nThis eBook is for the use of anyone.\n\n"
    "*** START OF THE PROJECT GUTENBERG EBOOK X ***\n\nProduced by A\nand B.\n\n%s\n\n"
    "*** END OF THE PROJECT GUTENBERG EBOOK X ***\n\nFULL LICENSE"
)


def apply(*texts: str, **settings):
    return GutenbergLicence(**settings).apply(pa.record_batch({"text": list(texts)}))


def only(text: str, **settings) -> str:
    return apply(text, **settings).batch["text"][0].as_py()


@pytest.mark.parametrize(
    "text",
    [
        MODERN % BOOK,
        (MODERN % BOOK).replace("THE PROJECT", "THIS PROJECT"),
        (MODERN % BOOK).replace("EBOOK X ***", "EBOOK, A LONG TITLE\nON TWO LINES ***"),
        (MODERN % BOOK).replace("*** END", "End of the Project Gutenberg EBook of X, by Y\n\n*** END"),
        "Header\n***START**THE SMALL PRINT!**START***\nProject Gutenberg\n*END*THE SMALL PRINT! FOR PUBLIC DOMAIN "
        f"ETEXTS*Ver.04.29.93*END*\n\n{BOOK}\n\nEnd of Project Gutenberg's Etext of X\n",
        f"Project Gutenberg\n*** START OF THE PROJECT GUTENBERG EBOOK, X ***\n\n{BOOK}\n\n*** END OF THE PROJECT "
        "GUTENBERG EBOOK, X ***\n\n*END THE SMALL PRINT! FOR PUBLIC DOMAIN EBOOKS*Ver.02/11/02*END*\n",
    ],
)
def test_what_stands_between_the_marks_is_kept(text) -> None:
    assert only(text) == BOOK


def test_counts_and_changes() -> None:
    done = apply(MODERN % BOOK, "A text about Project Gutenberg.", "Another.")
    assert [int(each) for each in done.counts["headers"]] == [1, 0, 0]
    assert [int(each) for each in done.counts["footers"]] == [1, 0, 0]
    assert done.changed.tolist() == [True, False, False]
    assert done.batch["text"].to_pylist()[1:] == ["A text about Project Gutenberg.", "Another."]


def test_credits_are_a_choice() -> None:
    assert only(MODERN % BOOK, credits=True) == f"Produced by A\nand B.\n\n{BOOK}"


def test_a_text_that_speaks_of_the_marks_stays() -> None:
    text = (
        "Books of Project Gutenberg have the mark *** START OF THE PROJECT GUTENBERG EBOOK *** in a line of its own.\n"
        * 3
    )
    assert only(text) == text
    early = "End of Project Gutenberg's first decade\n" + "A history of it goes on. " * 99
    assert only(early) == early


def test_the_licence_in_a_book_of_chapters() -> None:
    made = runpy.run_path(str(Path(__file__).parents[1] / "made_files.py"))
    head, _, tail = (MODERN % "|").partition("|")
    pages = ["<p>" + part.strip().replace("\n\n", "</p><p>") + "</p>" for part in (head, BOOK, tail)]
    body = made["epub"]({f"{i}.xhtml": made["chapter"](page) for i, page in enumerate(pages)})
    assert only(Epub().extract(Record(origin="o", body=body)).text) == re.sub(" +(?=\n)", "", BOOK)


@pytest.mark.skipif(not DATA, reason="FIRSTWORDS_DATA is not set")
@pytest.mark.parametrize("path", EDITIONS, ids=lambda path: path.name)
def test_every_edition_of_a_book_is_the_book_alone(path) -> None:
    body = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
    extractor = Fast(main_content=False) if ".htm" in path.name else PlainText()
    text = extractor.extract(Record(origin=path.name, body=body)).text
    done = apply(text)
    book = done.batch["text"][0].as_py()
    assert done.counts["headers"][0] == 1 and "gutenberg" in text.lower() and "gutenberg" not in book.lower()
    first, last = {
        "alice": ("ALICE.S ADVENTURES", "THE END"),
        "pride-and-prejudice": ("(?i)pride and prejudice", "uniting them."),
        "sherlock-holmes": (
            r"(?:\(Additional editing by Jose Menendez\)\s+)?THE ADVENTURES OF",
            "considerable success.",
        ),
    }[path.parent.name]
    assert re.match(first, book) and book.endswith(last)
    assert 0.85 < len(book) / len(text) < 0.99
