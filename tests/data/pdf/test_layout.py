from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.pdf.layout import text_of
from firstwords.data.pdf.line import Line

WIDTH = 5.0  # of a character of 10 units height


def line(text: str, baseline: float, left: float = 0.0, height: float = 10.0, right: float | None = None) -> Line:
    end = left + WIDTH * len(text) * height / 10 if right is None else right
    return Line(text=text, left=left, right=end, baseline=baseline, height=height, is_broken=text.endswith("-"))


def below(texts: list[str], top: float = 700.0, lefts: dict[int, float] | None = None) -> list[Line]:
    return [line(text, top - 12 * i, (lefts or {}).get(i, 0.0)) for i, text in enumerate(texts)]


FULL = ["this line is as full as any of them", "and the next is just as full, I say", "the end is short."]


def test_full_lines_are_one_paragraph() -> None:
    assert text_of([below([*FULL, *FULL])]) == " ".join(FULL) + "\n" + " ".join(FULL)


def test_a_gap_an_indent_and_another_size_part_paragraphs() -> None:
    assert text_of([below(FULL) + below(FULL, 640)]) == "\n\n".join([" ".join(FULL)] * 2)
    assert text_of([below([*FULL, *FULL], lefts={3: 12.0})]) == "\n\n".join([" ".join(FULL)] * 2)
    heading = line("A heading", 714, height=14)
    assert text_of([[heading, *below(FULL)]]) == "A heading\n\n" + " ".join(FULL)


def test_a_paragraph_goes_on_over_columns_and_pages() -> None:
    first, second = FULL[:2] * 3, FULL[:2] * 2 + FULL[2:]
    right = [line(text, 700 - 12 * i, left=300) for i, text in enumerate(second)]
    assert text_of([below(first) + right]) == " ".join(first + second)
    assert text_of([below(first), below(second)]) == " ".join(first + second)
    indented = below(second, lefts={0: 12.0})
    assert text_of([below(first), indented]) == " ".join(first) + "\n\n" + " ".join(second)


def test_short_lines_stay_lines() -> None:
    verse = ["How doth the little crocodile", "Improve his tail,", "And pour the waters", "On every scale"]
    assert text_of([below(verse)]) == "\n".join(verse)


def test_rows_of_a_table_stay_rows() -> None:
    prose = below([*FULL[:2], *FULL[:2]])
    rows = [line(f"Land {i} 12", 600 - 12 * i, right=175.0) for i in range(4)]
    assert text_of([prose + rows]).endswith("\n\n" + "\n".join(row.text for row in rows))


def test_items_begin_lines_and_hanging_ones_go_on() -> None:
    texts = ["1. the first item fills its line well", "and goes on there, further in.", "2. the second item"]
    assert text_of([below(texts, lefts={1: 15.0})]) == f"{texts[0]} {texts[1]}\n{texts[2]}"


def test_raised_figures_belong_to_their_line() -> None:
    base = line("area in km", 700)
    raised = Line(text="2", left=base.right + 0.2, right=base.right + 3, baseline=704, height=7)
    rest = Line(text=") of it", left=base.right + 3.1, right=base.right + 40, baseline=700, height=10)
    assert text_of([[base, raised, rest, line("next", 688)]]).startswith("area in km2) of it")


def test_a_footnote_waits_for_the_end_of_the_paragraph() -> None:
    body = below(FULL[:2] * 3)
    note = [line("1 A note.", 600, height=8)]
    rest = below([*FULL[:2], "the end.", "Another paragraph of it"], lefts={3: 12.0})
    told = text_of([body + note, rest])
    assert told == " ".join([*FULL[:2] * 3, *FULL[:2], "the end."]) + "\n\n1 A note.\n\nAnother paragraph of it"


def test_a_cut_word_is_whole_again() -> None:
    assert text_of([below(["a line that ends in a cut consec-", "tetuer word and goes on"])]) == (
        "a line that ends in a cut consectetuer word and goes on"
    )


def test_nothing_gives_nothing() -> None:
    assert text_of([]) == text_of([[]]) == text_of([[line("", 1)]]) == ""


finite = st.floats(-1e4, 1e4)
lines = st.builds(
    Line, text=st.text("ab1.-\u2022 ", max_size=9), left=finite, right=finite, baseline=finite, height=st.floats(1, 99)
)


@given(st.lists(st.lists(lines, max_size=6), max_size=4))
def test_any_places_give_a_text_of_the_lines_characters(pages) -> None:
    told = text_of(pages)
    assert told == told.strip() and "\n\n\n" not in told
    letters = "".join(each.text for page in pages for each in page)
    assert set(told) <= set(letters) | {"\n", " "}
    assert told.count("a") <= letters.count("a")


@given(st.lists(lines, min_size=1, max_size=8))
def test_no_letter_of_a_page_is_lost(page) -> None:
    told = text_of([page])
    assert sorted(c for c in told if c.isalpha()) == sorted(c for each in page for c in each.text if c.isalpha())
