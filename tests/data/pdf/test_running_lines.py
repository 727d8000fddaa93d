import pytest

from firstwords.data.pdf.line import Line, Usual
from firstwords.data.pdf.running_lines import without_running_lines

USUAL = Usual(10.0, 12.0)


def line(text: str, baseline: float, height: float = 10.0) -> Line:
    return Line(text=text, left=0, right=100, baseline=baseline, height=height)


def body(number: int, lines: int = 5) -> list[Line]:
    return [line(f"page {number} says {i}", 700 - 12 * i) for i in range(lines)]


def texts(pages: list[list[Line]]) -> list[list[str]]:
    return [[each.text for each in without] for without in without_running_lines(pages, USUAL)]


def test_titles_and_numbers_that_stand_still_go() -> None:
    pages = [[line(f"{n} A SHORT TITLE", 760), *body(n), line(f"- {n} -", 40)] for n in range(20, 30)]
    assert texts(pages) == [[each.text for each in body(n)] for n in range(20, 30)]


def test_the_number_of_a_single_page() -> None:
    assert texts([[*body(1), line("1", 40)]]) == [[each.text for each in body(1)]]
    assert texts([[*body(1), line("42", 40)]])[0][-1] == "42"


def test_roman_numbers() -> None:
    pages = [[*body(n), line(roman, 40)] for n, roman in enumerate(("i", "ii", "iii", "iv"))]
    assert texts(pages) == [[each.text for each in body(n)] for n in range(4)]


def test_lines_of_the_text_that_repeat_stay() -> None:
    # No gap parts them from the text, or they stand at different heights.
    pages = [[line("The refrain of it", 712), *body(n)] for n in range(5)]
    assert all(page[0] == "The refrain of it" for page in texts(pages))
    pages = [[line("The refrain of it", 730 + 10 * n), *body(n)] for n in range(5)]
    assert all(page[0] == "The refrain of it" for page in texts(pages))


def test_titles_of_short_chapters_go_where_other_titles_went() -> None:
    titles = ["One"] * 4 + ["Two"] + ["Three"] * 4
    pages = [[line(title, 760), *body(n)] for n, title in enumerate(titles)]
    assert all(page[0].startswith("page") for page in texts(pages))


def test_headings_in_large_letters_stay() -> None:
    pages = [[line("Chapter", 760, 18), *body(n)] for n in range(5)]
    assert all(page[0] == "Chapter" for page in texts(pages))


@pytest.mark.parametrize("pages", [[], [[]], [[line("alone", 1)]]])
def test_small_documents(pages) -> None:
    assert texts(pages) == [[each.text for each in page] for page in pages]
