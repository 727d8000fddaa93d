import runpy
from pathlib import Path

import pytest

from firstwords.data.hardened_xml import parse_xml
from firstwords.data.jats_article import ArticleText, read_front

make_jats = runpy.run_path(str(Path(__file__).parent / "made_files.py"))["jats"]


def blocks(body: str, meta: str = "", **settings) -> list[str]:
    """Without the title."""
    told = [block for block in ArticleText(**settings).blocks(parse_xml(make_jats(body, meta))) if block]
    assert told[0] == "The title"
    return told[1:]


def cited(text: str, **settings) -> str:
    return blocks(f"<p>{text}</p>", **settings)[0]


def number(figure: object) -> str:
    return f'<xref ref-type="bibr" rid="b{figure}">{figure}</xref>'


def test_headings_paragraphs_lists_and_captions() -> None:
    body = (
        "<sec><label>1</label><title>A <italic>head</italic>ing</title><p>First\n paragraph.</p><p>Second.</p>"
        "<list><list-item><p>one</p></list-item><list-item><label>b)</label><p>two</p><p>more</p></list-item></list>"
        "<fig><label>Figure 1</label><caption><title>Shown.</title><p>Here.</p></caption><graphic/></fig></sec>"
    )
    assert blocks(body) == [
        "1 A heading", "First paragraph.", "Second.", "- one\nb) two more", "Figure 1 Shown.", "Here.",
    ]  # fmt: skip


def test_abstracts_come_first_and_references_not_at_all() -> None:
    meta = "<abstract><sec><title>Aim</title><p>We ask.</p></sec></abstract>"
    meta += '<abstract abstract-type="graphical"><p>No</p></abstract>'
    assert blocks("<p>Body<fn><p>note</p></fn> text.</p><ref-list><ref>R</ref></ref-list>", meta) == [
        "Aim", "We ask.", "Body text.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words", "none", "everything"),
    [
        (f"A [{number(1)}], b.", "A, b.", "A, b.", "A [1], b."),
        (f"A [{number(1)},{number(2)}]–[{number(4)}].", "A.", "A.", "A [1,2]–[4]."),
        (f"A<sup>{number(1)},{number(2)}</sup> b", "A b", "A b", "A1,2 b"),
        (f"A ({number('Hites 2004')}; {number(3)}).", "A (Hites 2004).", "A.", "A (Hites 2004; 3)."),
        (f"As {number('Hall et al.')} say", "As Hall et al. say", "As say", "As Hall et al. say"),
        (f"A {number('[1]')}–{number('[3]')}; b", "A; b", "A; b", "A [1]–[3]; b"),
        ('In <xref ref-type="fig">Figure 2</xref>.', "In Figure 2.", "In Figure 2.", "In Figure 2."),
        ('X<xref ref-type="fn">*</xref> y', "X y", "X y", "X y"),
    ],
)
def test_citations(text, words, none, everything) -> None:
    found = [cited(text, citations=each) for each in ("words", "none", "all")]
    assert found == [words, none, everything]


def test_formulas_are_words_of_their_sentence_or_nothing() -> None:
    math = '<mml:math xmlns:mml="m"><mml:mi>x</mml:mi><mml:mo>=</mml:mo><mml:mn>2</mml:mn></mml:math>'
    tex = "<tex-math>\\documentclass{minimal}</tex-math>"
    assert (
        cited(f"If <inline-formula><alternatives>{tex}{math}</alternatives></inline-formula> holds") == "If x=2 holds"
    )
    assert cited(f"If <inline-formula>{tex}</inline-formula> holds") == "If holds"
    assert blocks(f"<p>As<disp-formula>{math}</disp-formula>holds</p>") == ["As", "holds"]
    assert cited("m<sup>2</sup> and H<sub>2</sub>O") == "m2 and H2O"


def test_tables_are_a_choice() -> None:
    table = "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td/></tr><tr><td/></tr></table>"
    body = f"<table-wrap><label>Table 1.</label><caption><p>Of things</p></caption>{table}</table-wrap>"
    assert blocks(body) == ["Table 1. Of things"]
    assert blocks(body, tables=True) == ["Table 1. Of things", "a | b\n1 |"]


def test_characters_that_are_named_without_a_dtd() -> None:
    assert cited("caf&eacute; &unknown; x") in ("caf\u00e9 &unknown; x", "caf x")


def test_sub_articles_are_other_articles() -> None:
    body = "<p>Mine.</p></body><sub-article><body><p>Theirs.</p></body></sub-article><body><p>And mine.</p>"
    assert blocks(body) == ["Mine.", "And mine."]


def test_the_front() -> None:
    meta = (
        '<article-id pub-id-type="doi">10.1/x</article-id><article-categories><subj-group><subject>S</subject>'
        '</subj-group></article-categories><contrib-group><contrib contrib-type="author"><name><surname>B</surname>'
        "<given-names>A"
        '</given-names></name></contrib><contrib contrib-type="editor"><name><surname>E</surname></name></contrib>'
        '</contrib-group><pub-date pub-type="ppub"><year>2012</year></pub-date><pub-date pub-type="epub"><day>2</day>'
        "<month>8</month><year>2011</year></pub-date><permissions>"
        '<license xlink:href="http://creativecommons.org/licenses/by/2.0/">'
        "<license-p>free</license-p></license></permissions><kwd-group><kwd>k</kwd></kwd-group>"
    )
    front = read_front(parse_xml(make_jats("", meta, 'xml:lang="EN"')))
    assert (front.title, front.date, front.language) == ("The title", "2011-08-02", "en")
    assert front.licence == "http://creativecommons.org/licenses/by/2.0"
    assert front.metadata == {
        "journal": "J", "doi": "10.1/x", "author": "A B", "subject": "S", "keywords": "k",
        "article_type": "research-article",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("meta", "date", "licence"),
    [
        ("", None, None),
        ("<pub-date><year>11</year></pub-date>", None, None),
        ("<pub-date><year>2011</year><month>13</month></pub-date>", "2011", None),
        ("<pub-date><year>2011</year><month>1</month><day>x</day></pub-date>", "2011-01", None),
        ("<permissions><license><p>All rights reserved</p></license></permissions>", None, "All rights reserved"),
        ("<permissions><copyright-statement>(c) X</copyright-statement></permissions>", None, "(c) X"),
        ('<permissions><license><p>See <ext-link xlink:href="https://creativecommons.org/licenses/by/4.0/"/>.</p></license>'
         "</permissions>", None, "https://creativecommons.org/licenses/by/4.0"),
    ],
)  # fmt: skip
def test_a_front_may_say_little(meta, date, licence) -> None:
    front = read_front(parse_xml(make_jats("", meta)))
    assert (front.date, front.licence, front.language) == (date, licence, None)
