import itertools
import runpy
from pathlib import Path

import pytest

from firstwords.data.pdf.pages import BadPdf, read_pdf

make_pdf = runpy.run_path(str(Path(__file__).parents[1] / "made_files.py"))["pdf"]


def read(body: bytes):
    return read_pdf(body, 100, 10_000)


def test_lines_with_their_places() -> None:
    found = read(make_pdf([[(72, 700, 10, "First line"), (72, 688, 10, "second"), (300, 500, 20, "Big")], []]))
    first, second, big = found.pages[0]
    assert (first.text, second.text, big.text) == ("First line", "second", "Big")
    assert first.left == pytest.approx(72, abs=1) and second.baseline == pytest.approx(688, abs=1)
    assert big.left == pytest.approx(300, abs=2) and big.height == pytest.approx(2 * first.height, rel=0.05)
    assert (found.pages[1], found.pictures, found.failed, found.copying) == ([], 1, 0, True)


def test_a_hyphen_at_the_end_of_a_line_is_told() -> None:
    (page,) = read(make_pdf([[(72, 700, 10, "a word that is consec-"), (72, 688, 10, "tetuer and more")]])).pages
    assert [line.text for line in page] == ["a word that is consec-", "tetuer and more"]


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_page_that_is_turned_reads_as_an_upright_one(turns) -> None:
    ways = [(0, -12), (12, 0), (0, 12), (-12, 0)]
    across, up = ways[turns]
    lines = [(300 + i * across, 400 + i * up, 10, f"line number {i} of the page", turns) for i in range(4)]
    # A stamp at the edge is written in another direction than the page.
    stamp = (20, 300, 10, "stamp", (turns + 1) % 4)
    (page,) = read(make_pdf([[*lines, stamp]])).pages
    assert [line.text for line in page] == [f"line number {i} of the page" for i in range(4)]
    gaps = [one.baseline - two.baseline for one, two in itertools.pairwise(page)]
    assert gaps == pytest.approx([12, 12, 12], abs=0.1)
    assert all(line.right - line.left == pytest.approx(page[0].right - page[0].left, abs=0.5) for line in page)
    assert page[0].left == pytest.approx(page[1].left, abs=0.5) and 8 < page[0].height < 16


def test_control_characters_are_dropped_and_counted() -> None:
    found = read(make_pdf([[(72, 700, 10, "good \x01\x02 words")]]))
    assert found.pages[0][0].text.replace(" ", "") == "goodwords"
    assert 0 < found.unknown < 0.5


def test_the_files_information() -> None:
    found = read(make_pdf([[(72, 700, 10, "x")]], {"Title": "  A   title ", "Author": "", "Keywords": "a, b"}))
    assert found.information == {"Title": "A title", "Keywords": "a, b"}


@pytest.mark.parametrize(("body", "reason"), [(b"", "malformed"), (b"%PDF-1.7", "malformed")])
def test_what_is_no_pdf(body, reason) -> None:
    with pytest.raises(BadPdf) as error:
        read(body)
    assert error.value.reason == reason


def test_limits() -> None:
    three = make_pdf([[(72, 700, 10, "0123456789")]] * 3)
    with pytest.raises(BadPdf, match="3 pages, at most 2"):
        read_pdf(three, 2, 100)
    with pytest.raises(BadPdf, match="more than 25 characters"):
        read_pdf(three, 3, 25)
    assert len(read_pdf(three, 3, 30).pages) == 3
