from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.block_text import text_of
from firstwords.data.page_blocks import page_blocks


def text(html: str, leave_out: str = "") -> str:
    page = page_blocks(html)
    return text_of(page, [each not in leave_out.split() for each in page.texts])


def test_paragraphs_and_headings_are_parted_by_a_blank_line() -> None:
    assert text("<h1>a</h1><p>b<br>c</p><pre>d\n  e</pre>") == "a\n\nb\nc\n\nd\n  e"


def test_items_of_a_list_stay_together() -> None:
    assert text("<p>a</p><ul><li>b<li><p>c</p><p>d</p><li>e</ul><p>f</p>") == "a\n\n- b\n- c\nd\n- e\n\nf"
    assert text("<ul><li>a</ul><ul><li>b</ul>") == "- a\n\n- b"


def test_rows_of_a_table_are_lines() -> None:
    table = "<table><thead><tr><th>a<th>b</thead><tbody><tr><td>c<td>d<br>e<tr><td>f</tbody></table>"
    assert text(table + "<p>g") == "a | b\nc | d e\nf\n\ng"


def test_tables_for_the_layout_are_none() -> None:
    assert text("<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>") == "a\n\nb\n\nc"


def test_what_is_left_out_leaves_no_trace() -> None:
    html = "<p>a</p><ul><li>b<li>c</ul><table><tr><td>d<td>e</table><p>f"
    assert text(html, "b d") == "a\n\n- c\n\ne\n\nf"
    assert text(html, "b c d e f") == "a"
    assert text(html, "a b c d e f") == ""


PIECES = "<p> <li> <ul> </ul> <table> <tr> <td> </table> <th> <pre> </pre> <br> a b <h2> </h2> <tbody>"


@given(st.lists(st.sampled_from(PIECES.split())).map(" ".join), st.randoms(use_true_random=False))
def test_all_chosen_words_come_in_their_order(html, draw) -> None:
    page = page_blocks(html)
    keep = [draw.random() < 0.5 for _ in page.texts]
    words = [word for text, kept in zip(page.texts, keep, strict=True) if kept for word in text.split()]
    assert [word for word in text_of(page, keep).split() if word not in "-|"] == words
