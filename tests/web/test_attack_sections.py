import pytest
from made_run import attacked as items_of_attack
from made_run import evaluated, labels, trained

from firstwords.corpus.run import Run
from firstwords.web.attack_sections import attacked
from firstwords.web.html import tag


@pytest.fixture
def shown(tmp_path):
    def show(**tasks) -> str:
        model = trained(tmp_path, "finetune.a", "x")
        found = attacked(Run("r", (model, evaluated(tmp_path, model, "x", **tasks))))
        return "" if found is None else str(tag("div", found))

    return show


def test_lost_items_stand_below_the_original_with_the_changes_marked(shown) -> None:
    text = shown(robustness=items_of_attack("x"))
    assert "Of 3 items 2 were right; the attack turned 1 of these." in text
    assert "after 7 queries" in text and "<b><bdi>x</bdi></b> became <b><bdi>y</bdi></b>" in text
    assert '<span class="span gold"><bdi>wonderful</bdi></span>' in text
    assert '<span class="span given"><bdi>wonderfull</bdi></span>' in text
    assert text.count('class="example"') == 1


def test_an_address_is_not_shown_though_the_attack_hid_it(shown) -> None:
    text = shown(robustness=items_of_attack("x"))
    assert "&lt;EMAIL&gt;" in text and "mayor" not in text


def test_far_from_the_changes_a_long_text_is_left_out(shown) -> None:
    items = items_of_attack("x")
    words = [f"w{n}" for n in range(300)]
    items["original"][0] = " ".join([*words[:150], "great", *words[150:]])
    items["attacked"][0] = " ".join([*words[:150], "gr3at", *words[150:]])
    text = shown(robustness=items)
    assert "… <bdi>w136 " in text and "w149</bdi>" in text and "w135" not in text
    assert "<bdi>w150 " in text and "w163</bdi> …" in text and "w164" not in text


def test_entities_and_nothing_lost(shown) -> None:
    items = items_of_attack("x") | {name: [["B-X", "O"]] * 3 for name in ("gold", "clean", "predicted")}
    assert "an entity was lost" in shown(robustness=items)
    items["is_right"] = items["was_right"]
    text = shown(robustness=items)
    assert "turned 0 of these" in text and 'class="example"' not in text


def test_other_tasks_and_items_without_texts_are_passed_over(shown) -> None:
    assert shown(classification=labels("x"), robustness=labels("x")) == ""
