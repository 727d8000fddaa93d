import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.markdown import first_heading, front_matter, without_markup


@pytest.mark.parametrize(
    ("text", "values", "rest"),
    [
        ("---\ntitle: A \"b\"\ndate: 2024 # it\ntags: [a]\n---\ntext", {"title": 'A "b"', "date": "2024"}, "text"),
        ('---\nTitle: "A: b"\nlist:\n  - a\n---\n', {"title": "A: b"}, ""),
        ("+++\ntitle = 'A'\n[x]\n+++\ntext", {"title": "A"}, "text"),
        ("---\ntitle: A\n---", {"title": "A"}, ""),
        ("---\n\n---\ntext", {}, "text"),
        ("---\nA paragraph between rules.\n---\n", {}, "---\nA paragraph between rules.\n---\n"),
        ("---\ntitle: never closed\n", {}, "---\ntitle: never closed\n"),
        ("text\n---\ntitle: A\n---", {}, "text\n---\ntitle: A\n---"),
    ],
)  # fmt: skip
def test_front_matter(text, values, rest) -> None:
    assert front_matter(text) == (values, rest)


@pytest.mark.parametrize(
    ("text", "title"),
    [("```\n# no\n```\n## two\n# One *b*\n", "One b"), ("One\n===\n", "One"), ("Two\n---\n", None), ("#no", None)],
)  # fmt: skip
def test_the_first_heading(text, title) -> None:
    assert first_heading(text) == title


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("# A #\n\ntext **b** _c_ ~~d~~ ***e*** `f*g*`", "A\n\ntext b c d e f*g*"),
        ("A\n===\nB\n---\nc", "A\nB\nc"),
        ("see [the *page*](http://a/b_(c) \"t\"), [x][1]\n\n[1]: http://d", "see the page, x"),
        ("a ![img](y.png) <https://z/>", "a  https://z/"),
        ("> quote\n> > deep\n* item\n  + sub\n1. one\n- [x] done", "quote\ndeep\n- item\n  - sub\n1. one\n- done"),
        ("a\n\n```py\nx = '**a**'  # [b](c)\n```\n\n    code *a*\n", "a\n\nx = '**a**'  # [b](c)\n\n    code *a*"),
        ("a<br/>b <b>c</b> <!-- d\ne --> f 1 < 2 \\*g\\*", "ab c  f 1 < 2 *g*"),
        ("snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"),
        ("a\n\n***\n\nb\n- - -\n", "a\n\nb"),
    ],
)  # fmt: skip
def test_markup_goes(text, plain) -> None:
    assert without_markup(text) == plain


@given(st.lists(st.sampled_from(["*", "_", "`", "[", "](", ")", "\n", "#", " ", ">", "-", "a", "<b>", "```", "---\n"])))
def test_any_markup_ends(parts) -> None:
    text = "".join(parts)
    values, rest = front_matter(text)
    assert text.endswith(rest) and isinstance(values, dict)
    assert without_markup(text).count("a") <= text.count("a")


@given(st.text(alphabet=st.characters(categories=("L", "N"), include_characters=" ,."), max_size=200))
def test_plain_sentences_stay(text) -> None:
    assert without_markup("x" + text).strip() == ("x" + text).strip()


@pytest.mark.parametrize("sign", ["[", "[a](", "*a", "_a", "`a", "<a ", "![", "> ", "\n\n", "<!--", "---\n", "\\"])
def test_time_grows_with_the_length(sign) -> None:
    start = time.process_time()
    without_markup(sign * (50_000 // len(sign)))
    # Ten times what the slowest needs on a busy core.
    assert time.process_time() - start < 3
