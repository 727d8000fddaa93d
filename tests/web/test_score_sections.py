from made_run import documents, evaluated, labels, made, tags, trained

from firstwords.corpus.run import Run
from firstwords.web import score_sections as sections
from firstwords.web.html import tag


def text(content) -> str:
    return str(tag("div", content))


def run(folder, **tasks) -> Run:
    return Run("r", (evaluated(folder, trained(folder, "finetune.a", "x"), "x", **tasks),))


def test_every_score_has_its_interval_and_what_stands_beside_it(tmp_path) -> None:
    shown = text(sections.scores(run(tmp_path, classification=labels("x"), robustness=labels("x"))))
    assert "x 0.500 [0.400, 0.600]" in shown and "x 0.300" in shown and "less is better" in shown
    assert "1 more scores" in shown and "of x 0.500" in shown and "nothing beside it" in shown
    assert 'aria-label="x 0.500 [0.400, 0.600]. x 0.300"' in shown
    # Details that nobody foresaw are shown too; robustness has a part of its own.
    assert "inner" in shown and "robustness" not in shown
    assert "robustness" in text(sections.robustness(run(tmp_path / "r", robustness=labels("x"))))
    assert sections.robustness(run(tmp_path / "c", classification=labels("x"))) is None
    assert sections.scores(Run("r", (made(tmp_path, "tokenize", "x"),))) is None


def test_a_confusion_marks_its_diagonal(tmp_path) -> None:
    shown = text(sections.confusions(run(tmp_path, classification=labels("x"))))
    assert '<td class="right-4">3</td><td class="wrong-2">1</td>' in shown
    assert "<td></td>" in shown


def test_two_models_on_the_same_items_show_what_was_forgotten(tmp_path) -> None:
    import json

    one = run(tmp_path, perplexity=documents("x"))
    [artifact] = one.artifacts
    results = json.loads(artifact.path("results.json").read_text())
    record = json.loads(artifact.path("tasks/perplexity.json").read_text())
    record |= {"name": "after", "inputs": {"model": {"name": "other", "identity": "other"}}}
    record["task"] |= {"name": "after", "model": "other"}
    artifact.path("tasks/after.json").write_text(json.dumps(record))
    artifact.path("items/after.parquet").write_bytes(artifact.path("items/perplexity.parquet").read_bytes())
    artifact.path("results.json").write_text(json.dumps(results | {"after": results["perplexity"]}))
    shown = text(sections.same_items(one, []))
    assert "perplexity -&gt; after" in shown and "may be chance" in shown
    artifact.path("items/after.parquet").unlink()
    assert not sections.is_whole(artifact) and sections.same_items(one, []) is None


def test_other_runs_are_compared_or_it_is_told_why_not(tmp_path) -> None:
    one, other = run(tmp_path / "a", classification=labels("x")), run(tmp_path / "b", classification=labels("x"))
    assert "+0.000" in text(sections.same_items(one, [other]))
    strange = run(tmp_path / "c", entities=tags("x"))
    assert "no task in common" in text(sections.same_items(one, [strange]))
