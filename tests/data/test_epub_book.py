import runpy
from pathlib import Path

import pytest

from firstwords.data.bounded_archive import BadArchive, BoundedArchive, Limits
from firstwords.data.epub_book import inside, read_book

HELP = runpy.run_path(str(Path(__file__).parent / "made_files.py"))
make_epub, chapter = HELP["epub"], HELP["chapter"]
TWO = {"one.xhtml": chapter("<p>1</p>"), "b/two.xhtml": chapter("<p>2</p>")}


def book(*given, **settings):
    return read_book(BoundedArchive(make_epub(*given, **settings), Limits()))


def encryption(algorithm: str, member: str) -> dict[str, bytes]:
    text = (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        'xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptedData>'
        f'<e:EncryptionMethod Algorithm="{algorithm}"/><e:CipherData><e:CipherReference URI="{member}"/>'
        "</e:CipherData></e:EncryptedData></encryption>"
    )
    return {"META-INF/encryption.xml": text.encode()}


def test_the_reading_order_is_that_of_the_spine() -> None:
    found = book(TWO, spine='<itemref idref="c1"/><itemref idref="c0"/><itemref idref="c1"/>')
    assert found.chapters == ["OEBPS/b/two.xhtml", "OEBPS/one.xhtml"] and found.missing == []


def test_what_is_not_linear_is_left_out_and_what_is_missing_is_told() -> None:
    found = book(TWO, spine='<itemref idref="c0" linear="no"/><itemref idref="c1"/><itemref idref="gone"/>')
    assert (found.chapters, found.missing) == (["OEBPS/b/two.xhtml"], ["gone"])


def test_metadata() -> None:
    found = book(
        TWO,
        metadata="<dc:title>  The   title</dc:title><dc:creator>A</dc:creator><dc:creator>B C</dc:creator>"
        "<dc:language>en-GB</dc:language><dc:date>1813-01-28T00:00:00Z</dc:date><dc:subject>Love</dc:subject>"
        "<dc:rights>Free: https://creativecommons.org/publicdomain/zero/1.0/.</dc:rights><dc:publisher>P</dc:publisher>",
    )
    assert (found.title, found.creators, found.language, found.date) == (
        "The title",
        ["A", "B C"],
        "en-gb",
        "1813-01-28",
    )
    assert (found.subjects, found.publisher) == (["Love"], "P")
    assert found.licence == "https://creativecommons.org/publicdomain/zero/1.0"


def test_the_main_title_and_the_date_of_publication_are_taken() -> None:
    found = book(
        TWO,
        metadata='<dc:title id="s">Or, a subtitle</dc:title><dc:title id="m">Main</dc:title>'
        '<meta refines="#m" property="title-type">main</meta>'
        '<dc:date xmlns:opf="o" opf:event="modification">2020</dc:date>'
        '<dc:date xmlns:opf="o" opf:event="publication">1999-13</dc:date><dc:language>no language</dc:language>',
    )
    assert (found.title, found.date, found.language, found.licence) == ("Main", "1999", None, None)


def test_a_single_package_needs_no_container() -> None:
    assert len(book(TWO, container=None).chapters) == 2
    with pytest.raises(BadArchive, match="2 packages"):
        book(TWO, container=None, extra={"other.opf": b"<package/>"})


def test_locked_books_are_refused_and_obfuscated_fonts_are_not() -> None:
    with pytest.raises(BadArchive, match=r"DRM\): 1 of 2") as error:
        book(TWO, extra=encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "OEBPS/one.xhtml"))
    assert error.value.reason == "unsupported"
    assert book(TWO, extra=encryption("http://www.idpf.org/2008/embedding", "OEBPS/f.otf")).chapters
    assert book(TWO, extra=encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "OEBPS/cover.jpg")).chapters


@pytest.mark.parametrize(
    ("reference", "folder", "member"),
    [
        ("a.xhtml#part", "OEBPS", "OEBPS/a.xhtml"),
        ("../a%20b.xhtml", "x/y", "x/a b.xhtml"),
        ("../../a", "x", ""),
        ("/etc/passwd", "x", ""),
        ("file:///etc/passwd", "x", ""),
        ("http://a.org/x", "", ""),
        ("%2e%2e/%2e%2e/a", "x", ""),
        ("", "x", ""),
        ("..\\a", "x", ""),
    ],
)
def test_references_stay_inside(reference, folder, member) -> None:
    assert inside(reference, folder) == member
