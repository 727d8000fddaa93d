"""What is no main text is left out by what its element says of itself and by its links; what holds the text stays."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.page_blocks import page_blocks
from firstwords.data.page_rules import SIGNS, main_text_blocks

TEXT = "A sentence of an article that says something at some length, and then goes on. "


def kept(body: str, **named: bool) -> list[str]:
    page, keep = main_text_blocks(f"<html><body>{body}</body></html>", **named)
    return [text for text, keeps in zip(page.texts, keep, strict=True) if keeps]


def around(element: str) -> str:
    """A page whose article is followed by an element, three levels deep."""
    return f"<div><div><div><p>{TEXT * 5}</p>{element}<p>end</p></div></div></div>"


@pytest.mark.parametrize(
    "element",
    [
        "<nav>x</nav>",
        "<aside><p>x</p></aside>",
        "<figure>x</figure>",
        "<div class='social-links'>x</div>",
        "<div class='a sidebar_left b'>x</div>",
        "<div id=global_header>x</div>",
        "<div id=footer><p>x</p></div>",
        "<div role=navigation>x</div>",
        "<div class=Breadcrumbs>x</div>",
        "<p class='related-posts'>x</p>",
        "<div hidden>x</div>",
        "<div aria-hidden=true>x</div>",
        "<div style='display: none'>x</div>",
        "<p><a rel=author href=/>x</a></p>",
        "<p><time>x</time></p>",
        "<p><span class=visually-hidden>x</span></p>",
        "<ul><li><a href=/>x</a></ul>",
        "<div class=a><a href=/>x</a></div>",
    ],
)
def test_what_is_left_out(element) -> None:
    assert kept(around(element)) == [(TEXT * 5).strip(), "end"]
    assert kept(around(element), everything=True)[1] == "x"


@pytest.mark.parametrize(
    "element",
    [
        "<p>x</p>",
        "<div class=post-text>x</div>",
        "<div class='article related'>x</div>",
        "<ol><li>x</ol>",
        "<ul><li>x</ul>",
        "<div id=foots>x</div>",
        "<div aria-hidden=false>x</div>",
        "<p><span class=unhidden>x</span></p>",
        "<div><a href=/>x</a></div>",
    ],
)
def test_what_is_kept(element) -> None:
    assert kept(around(element))[1] == "x"


def test_a_list_near_the_body_is_a_menu() -> None:
    assert kept(f"<ul><li>x</ul><p>{TEXT}") == [TEXT.strip()]


def test_a_footer_is_left_out_where_it_ends_the_page_or_stands_near_the_body() -> None:
    footer = "<footer><p>x</p></footer>"
    assert kept(f"{footer}<p>{TEXT}") == [TEXT.strip()]
    assert kept(f"<div><div><div><p>{TEXT}</p>{footer}</div></div></div><p>end") == [TEXT.strip(), "end"]
    assert kept(f"<div><div><div><p>{TEXT}</p>{footer}</div></div><p>more</div>") == [TEXT.strip(), "x", "more"]


def test_the_one_element_that_says_to_be_the_text_is_all_of_it() -> None:
    body = f"<p>a</p><div class=sidebar><div class=article-body><p>{TEXT}</p></div></div><p>b</p>"
    assert kept(body) == [TEXT.strip()]
    assert kept(body + body) == ["a", "b", "a", "b"]
    assert kept(f"<p>a</p><div role=main></div><p>{TEXT}</p>") == ["a", TEXT.strip()]  # it is empty


def test_a_name_does_not_count_where_the_element_holds_most_of_the_page() -> None:
    assert kept(f"<div class=modal><p>{TEXT}</p></div><div class=modal>x</div>") == [TEXT.strip()]


NAMES = [word.strip() for words in SIGNS.words for word in words[::7] if not word.startswith(("<", "=", "#"))]


@given(st.lists(st.sampled_from([*NAMES, " ", "-", "_", "x"]), min_size=1).map("".join))
def test_names_tell_what_a_search_for_each_word_finds(name) -> None:
    page = page_blocks(f"<p class='{name}'>a", SIGNS)
    said = f" {name} ".lower().replace("_", "-")[:301]
    wanted = sum(any(word in said for word in words) << bit for bit, words in enumerate(SIGNS.words))
    if len(name) <= 300:
        assert page.signs[0] == wanted


@given(st.text())
def test_any_text_gives_an_answer_for_each_block(page) -> None:
    cut, keep = main_text_blocks(page)
    assert len(keep) == len(cut.texts)


@pytest.mark.parametrize("piece", ["<footer>a", "<div class=modal>a", "<ul><li>a", "<div role=main>a", "<a rel=tag>a"])
def test_time_grows_with_the_page_only(piece) -> None:
    def seconds(pieces: int) -> float:
        started = time.process_time()
        main_text_blocks(piece * pieces)
        return time.process_time() - started

    seconds(10)
    assert min(seconds(40_000) for _ in range(2)) < 1.5
