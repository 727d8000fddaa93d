import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.wikitext import plain_text

SIGNS = ["{{", "}}", "[[", "]]", "{|", "|}", "|", "\n", "\n\n", "'''", "''", "==", "<ref>", "</ref>", "<nowiki>",
         "<!--", "-->", "*", "#", ":", "[http://a.b ", "]", "__TOC__", "&amp;", "<br/>", "{{{", "}}}",
         "File:", "a", " ", "="]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("'''Bold''' and ''slanted'', the '''''both'''''", "Bold and slanted, the both"),
        ("[[Paris]], [[Paris|the city]]s, [[Paris, Texas|]]", "Paris, the citys, Paris, Texas"),
        ("[[:Category:X]] [[wikt:word|word]] [[fr:Mot]] [[Catégorie:Y]]", "Category:X word"),
        ("a[[File:x.jpg|thumb|A [[link]] in ''it'']]b [[Datei:y.png]]", "ab"),
        ("[https://a.org/ text] [https://a.org/] https://a.org/", "text https://a.org/"),
        ("[https://a.org/ a [[link]] inside] after", "a link inside after"),
        ("x{{cite|a=b|c={{d}}}}y<ref name=a>{{z}}</ref>, z<ref name=b />", "xy, z"),
        ("{{lang|fr|mot}} {{nowrap|a b}}{{ndash}}{{lang-de|Wort}}", "mot a b–Wort"),
        ("{{convert|5|to|10|km|mi}}", "5 to 10 km"),
        ("A ({{IPA|x}}, born {{age}} 1900) b", "A (born 1900) b"),
        ("A (x, {{IPA|x}}) b ({{IPA|x}}) c {{IPA|x}}.", "A (x) b c."),
        ("{| class=x\n|-\n| a || [[b]]\n{|\n| c\n|}\n|}\nafter", "after"),
        ("{|\n! a\n| b\nnever closed", "never closed"),
        ("== A ==\n{{stub}}\n== B ==\n=== C ===\ntext\n== D ==\n", "B\n\nC\n\ntext"),
        ("* one\n** [[two]]\n# three\n: in\n*\n; term", "- one\n- two\n- three\nin\n\nterm"),
        ("<nowiki>[[a]] '''b''' &amp;</nowiki> &lt;i&gt; a&nbsp;b", "[[a]] '''b''' & <i> a b"),
        ("a<!-- b {{ -->c <math>x^2</math>d <b>e</b><br>f", "ac d e\nf"),
        ("__NOTOC__{{DEFAULTSORT:A}}a < b > c <foo> __x__", "a < b > c <foo> __x__"),
        ("{{open [[ a\n\nb ]] }} c {{d", "c d"),
        ("{{{1|x}}}a{{{{{b}}}|c}}d", "ad"),
        ("<syntaxhighlight lang=c>\nif (a [[0]]) {{\n</syntaxhighlight>", "if (a [[0]]) {{"),
        ("L'''art''''s", "Lart's"),
        ("", ""),
    ],
)  # fmt: skip
def test_markup_and_its_text(source, text) -> None:
    assert plain_text(source) == text


def test_formulas_are_kept_when_asked_for() -> None:
    assert plain_text("so <math>x_{i}^{{2}}</math> is", keep_formulas=True) == "so x_{i}^{{2}} is"


@given(st.lists(st.sampled_from(SIGNS), max_size=60))
def test_any_markup_ends_and_leaves_no_brackets(parts) -> None:
    text = plain_text("".join(parts))
    verbatim = "<nowiki>" in parts
    assert verbatim or not re.search(r"\[\[|\{\{|\]\]|\}\}|'''|<ref>|[\x02\x03]", text)


@given(st.text(alphabet=st.characters(exclude_characters="'[]{}|<>&=*#:;_~\n\r\x02\x03\x04\0"), max_size=200))
def test_plain_sentences_stay(text) -> None:
    assert plain_text(text).split() == text.split()


@pytest.mark.parametrize(
    "sign", [*SIGNS, "[[a|", "{{a|", "{{a}}", "[http://a [[", "{{[[", "= ", "<ref", "\n{|\n|", "( "]
)
def test_time_grows_with_the_length_whatever_is_nested(sign) -> None:
    start = time.process_time()
    plain_text(sign * (60_000 // len(sign)) + "}}" * 500 + "]]" * 500)
    # About ten times what the slowest needs on a busy core; in the square of the length it would be minutes.
    assert time.process_time() - start < 3
