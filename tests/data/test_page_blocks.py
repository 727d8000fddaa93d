"""Pages are cut where readers see a new line of thought, and every block knows where it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.page_blocks import TAG_NUMBERS, PageBlocks, page_blocks


def texts(html: str) -> list[str]:
    return page_blocks(html).texts


@pytest.mark.parametrize(
    ("html", "blocks"),
    [
        ("<p>a <b>b</b>c</p>d<div>e</div>", ["a bc", "d", "e"]),
        ("<p>a<p>b", ["a", "b"]),
        ("<div>a<br>b<br><br>c</div>", ["a\nb", "c"]),
        ("<p>a\n  b&nbsp;c</p>", ["a b c"]),
        ("<pre>a\n  b <i>c</i>  \n</pre>", ["a\n  b c"]),
        ("<ul><li>a<ul><li>b</ul>c</ul>", ["a", "b", "c"]),
        ("<table><tr><td>a<td>b</table>", ["a", "b"]),
        ("a<script>b</script><style>c</style><noscript><p>d</noscript><svg><title>e</title></svg>f", ["af"]),
        ("<a href=x><h2>a</h2></a>", ["a"]),
        ("<!-- a --><p> \n </p>", []),
        ("", []),
        ("</p></div>a</html>b", ["a", "b"]),
        ("\0<p>a\0b", ["\ufffd", "a\ufffdb"]),
    ],
)
def test_where_blocks_begin_and_end(html, blocks) -> None:
    assert texts(html) == blocks


def test_the_title_is_kept_apart() -> None:
    page = page_blocks("<title> A\n fine &amp; page</title><title>b</title><p>c")
    assert (page.title, page.texts) == ("A fine & page", ["c"])


def test_links_are_counted_by_block() -> None:
    page = page_blocks("<p><a>abc</a> d <a>ef</a></p><p>g</p>")
    assert (list(page.link_characters), list(page.num_links)) == ([5, 0], [2, 0])


def test_nodes_span_their_blocks() -> None:
    page = page_blocks("<body><div class='post x'><p>a<p>b</div><div class='post x'></div>c")
    div, twin = (n for n, tag in enumerate(page.tag) if tag == TAG_NUMBERS["div"])
    assert (page.first[div], page.last[div]) == (0, 2) and page.first[twin] == page.last[twin] == 2
    assert page.name[div] == page.name[twin] and page.signs[div] == page.signs[twin] != 0
    assert [page.tag[page.node[block]] for block in range(3)] == [TAG_NUMBERS[tag] for tag in ("p", "p", "body")]


def test_class_names_tell_what_an_element_is_for() -> None:
    def signs(html: str) -> int:
        return page_blocks(html + "x").signs[-1]

    assert signs("<div id=Comments>") == signs("<div class='user-KOMMENTAR'>") != 0
    assert signs("<nav>") == signs("<div role=navigation>")
    assert signs("<div>") == 0


def consistent(page: PageBlocks) -> None:
    assert len({len(page.texts), len(page.node), len(page.link_characters), len(page.inline_signs)}) == 1
    for node, parent in enumerate(page.parent):
        assert parent < node and 0 <= page.first[node] <= page.last[node] <= len(page.texts)
        assert parent < 0 or page.first[parent] <= page.first[node] <= page.last[node] <= page.last[parent]
    for block, node in enumerate(page.node):
        assert page.texts[block].strip() and (node < 0 or page.first[node] <= block < page.last[node])


PIECES = "<p> </p> <div> </div> <a> </a> <br> <pre> </pre> <table> <tr> <td> </table> <li> <ul> </ul> <title> </title> "
PIECES += "<script> </script> <b> </b> a bc é <h1> </h1> </body> </html> <body> <head> &amp; &# < > <!-- --> \0 <svg> "


@given(st.lists(st.sampled_from(PIECES.split(" "))).map(" ".join))
def test_any_markup_gives_consistent_columns(html) -> None:
    consistent(page_blocks(html))


@given(st.text())
def test_any_text_gives_consistent_columns(html) -> None:
    consistent(page_blocks(html))


def test_depth_is_no_danger() -> None:
    page = page_blocks("<div>" * 50_000 + "a")
    consistent(page)
    assert page.texts == ["a"] and page.depth == 50_000
