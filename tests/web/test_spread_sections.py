import json

from made_run import documents, evaluated, labels, trained

from firstwords.corpus.run import Run
from firstwords.web import spread_sections as sections
from firstwords.web.html import tag


def text(content) -> str:
    return str(tag("div", content))


def run(folder, **tasks) -> Run:
    return Run("r", (evaluated(folder, trained(folder, "finetune.a", "x"), "x", **tasks),))


def changed(run: Run, task: str, change) -> Run:
    place = run.artifacts[0].path(f"tasks/{task}.json")
    record = json.loads(place.read_text())
    change(record)
    place.write_text(json.dumps(record))
    return run


def test_seeds_show_mean_interval_spread_worst_and_each(tmp_path) -> None:
    shown = text(sections.chance(run(tmp_path, classification=labels("x"))))
    assert "0.450 [0.350, 0.550]" in shown and "0.050" in shown and "0: 0.400, 1: 0.500" in shown
    assert "Other seeds" in shown


def test_draws_of_examples_show_the_worst(tmp_path) -> None:
    shown = text(sections.chance(run(tmp_path, few_shot=labels("x"))))
    behind = shown[shown.index("Other examples") :]
    assert behind.index("0.500") < behind.index("0.354") < behind.index("0.250") < behind.index("0.250, 0.750")


def test_one_seed_and_one_draw_say_nothing(tmp_path) -> None:
    def alone(record) -> None:
        record["details"]["draws"] = [0.5]
        del record["results"]["accuracy"]["seeds"]

    assert sections.chance(changed(run(tmp_path, classification=labels("x")), "classification", alone)) is None


def test_clean_and_overlapping_items_stand_open_other_parts_are_folded(tmp_path) -> None:
    shown = text(sections.slices(run(tmp_path, perplexity=documents("x"))))
    assert shown.index("stand in the corpus") < shown.index("<details>") < shown.index("By label")
    assert "0.500 [0.400, 0.600]" in shown and "0.900" in shown
    # Three items have no score, and details have none either.
    assert '<th scope="row"><bdi>x</bdi></th><td class="number">3</td><td class="number"></td></tr>' in shown


def test_without_slices_there_is_no_part(tmp_path) -> None:
    one = changed(run(tmp_path, perplexity=documents("x")), "perplexity", lambda record: record.pop("slices"))
    assert sections.slices(one) is None
