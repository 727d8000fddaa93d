import pytest
from made_run import documents, evaluated, labels, tags, trained

from firstwords.corpus.run import Run
from firstwords.web.error_sections import errors
from firstwords.web.html import tag


@pytest.fixture
def shown(tmp_path):
    def show(**tasks) -> str:
        model = trained(tmp_path, "finetune.a", "x")
        return str(tag("div", errors(Run("r", (model, evaluated(tmp_path, model, "x", **tasks))))))

    return show


def test_the_surest_wrong_answers_come_first_with_their_texts(shown) -> None:
    text = shown(classification=labels("x"))
    assert "2 of 3 are wrong. The surest wrong answers first." in text
    assert text.index("(80% sure)") < text.index("(55% sure)")
    assert "right: other" in text
    assert "write to &lt;EMAIL&gt; x" in text and "mayor@valley.example" not in text


def test_attacked_texts_are_no_errors_here(shown) -> None:
    assert "Every answer" not in (text := shown(robustness=labels("x"))) and "wrong" not in text


def test_without_confidence_what_simpler_methods_got_right_comes_first(shown) -> None:
    items = labels("x")
    del items["confidence"]
    text = shown(classification=items)
    assert text.index("right: other") < text.index("<bdi>z x</bdi>")
    items["predicted"] = items["gold"]
    assert "Every answer was right" in shown(classification=items)


def test_spans_are_marked_as_right_missed_invented_or_different(shown) -> None:
    text = shown(entities=tags("x"))
    assert "1 missed, 1 invented, 1 other type" in text
    assert '<span class="span both"><bdi>one</bdi><small><bdi> X</bdi></small></span>' in text
    assert '<span class="span gold"><bdi>x</bdi>' in text
    assert '<span class="span given"><bdi>two</bdi>' in text
    assert "true X: four five; given Y: four five" in text
    items = tags("x")
    items["predicted"] = items["gold"]
    assert "Every entity was right" in shown(entities=items)


def test_overlapping_spans_become_one_and_no_word_is_lost(shown) -> None:
    words = ["a", "b", "c", "d", "e"]
    gold, given = [["B-X", "I-X", "I-X", "B-X", "O"]], [["O", "B-X", "O", "B-X", "I-X"]]
    text = shown(entities={"id": ["1"], "group": ["1"], "words": [words], "gold": gold, "predicted": given})
    assert "<bdi>a b c</bdi>" in text and "<bdi>d e</bdi>" in text
    assert "2 other bounds" in text


def test_the_hardest_documents_are_listed_beside_the_baselines(shown) -> None:
    text = shown(perplexity=documents("x"))
    assert text.index("1.731") < text.index("1.298")
    assert "other" in text


def test_items_that_nobody_knows_how_to_show_are_left_out(shown) -> None:
    assert shown(blimp={"id": ["a"], "good": [1.0], "bad": [2.0]}) == "<div></div>"
