"""Nothing that is put into a page can become part of it."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_reader import Reader

from firstwords.web.html import document, escaped, foreign, tag


def naughty_strings() -> list[str]:
    folder = os.environ.get("FIRSTWORDS_DATA")
    if not folder:
        pytest.skip("FIRSTWORDS_DATA is not set: no list of naughty strings")
    places = sorted(Path(folder).glob("robust-blns/**/*.txt"))
    if not places:
        pytest.skip("no robust-blns in FIRSTWORDS_DATA")
    return [line for place in places for line in place.read_text("utf-8", "replace").split("\n") if line]


@given(st.text())
def test_any_text_is_only_text(text: str) -> None:
    page = Reader(str(tag("p", text, aria_label=text)))
    assert [name for name, _ in page.elements] == ["p"]
    expected = escaped(text).translate({})
    assert page.elements[0][1].keys() == {"aria-label"}
    assert Reader(f"<p>{expected}</p>").text == page.text
    assert page.comments == []


def test_naughty_strings_are_only_text() -> None:
    strings = naughty_strings()
    assert len(strings) > 400
    for text in strings:
        page = Reader(str(tag("p", foreign(text), aria_label=text)))
        assert [name for name, _ in page.elements] == ["p", "bdi"]
        assert page.comments == []
        assert page.elements[0][1]["aria-label"] == page.text


def test_characters_that_html_forbids_are_replaced() -> None:
    assert escaped("a\x00b\x1bc\ud800d\uffffe\tf\n") == "a\ufffdb\ufffdc\ufffdd\ufffde\tf\n"
    escaped("\ud800").encode()


@pytest.mark.parametrize(
    "make",
    [
        lambda: tag("script", "alert(1)"),
        lambda: tag("style", "p {}"),
        lambda: tag("p", onclick="alert(1)"),
        lambda: tag("p", style="color: red"),
        lambda: tag("a", "x", href="javascript:alert(1)"),
        lambda: tag("a", "x", href="https://example.org/"),
    ],
)
def test_what_could_run_or_load_cannot_be_made(make) -> None:
    with pytest.raises(ValueError, match="of our pages|leads into the report"):
        make()


def test_children_may_be_nested_and_missing() -> None:
    made = tag("ul", [tag("li", n) for n in range(2)], None, class_="x", open=True, tabindex=None)
    assert str(made) == '<ul class="x" open=""><li>0</li><li>1</li></ul>'
    assert str(tag("p", "a", tag("br"), "b")) == "<p>a<br>b</p>"


def test_long_foreign_text_is_cut() -> None:
    assert str(foreign("abcdef", 4)) == "<bdi>abc…</bdi>"


def test_a_page_allows_its_own_style_and_nothing_else() -> None:
    page = document("T <x>", "p { color: red; }", tag("p", "hello"))
    read = Reader(page)
    policy = next(a["content"] for n, a in read.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert page.startswith("<!doctype html>")
    assert "<title>T &lt;x&gt;</title>" in page
    with pytest.raises(AssertionError):
        document("T", "</style><script>", tag("p"))
