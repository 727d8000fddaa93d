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
