import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "web"))

from made_run import documents, evaluated, labels, made, trained, whole_run

from firstwords.corpus.run import CORE_WATTS, Run, cost, curve, example_texts, find_run, items_of, samples, scored_tasks
from firstwords.errors import RecipeError


def record(root: Path, *artifacts) -> None:
    """Write what the last run of `r` used."""
    (root / "recipes").mkdir(exist_ok=True)
    entries = {artifact.name: str(artifact.folder.relative_to(root)) for artifact in artifacts}
    (root / "recipes" / "r.json").write_text(json.dumps({"name": "r", "artifacts": entries}))


def test_a_run_has_inputs_before_what_is_made_of_them(tmp_path) -> None:
    record(tmp_path, *reversed(whole_run(tmp_path, "x")))
    run = find_run("r", tmp_path)
    assert (run.name, [a.name for a in run.artifacts]) == ("r", ["configure.a", "pretrain.a", "finetune.a", "evaluate"])
    assert [a.name for a in run.of("pretrain", "evaluate")] == ["pretrain.a", "evaluate"]


def test_an_artifact_stands_with_all_that_it_was_made_from_and_nothing_else(tmp_path) -> None:
    artifacts = whole_run(tmp_path, "x")
    record(tmp_path, *artifacts)
    assert [a.name for a in find_run("r/pretrain.a", tmp_path).artifacts] == ["configure.a", "pretrain.a"]
    by_folder = find_run(str(artifacts[2].folder), tmp_path)
    assert [a.name for a in by_folder.artifacts] == ["configure.a", "pretrain.a", "finetune.a"]
    assert by_folder.name == artifacts[2].folder.name
    with pytest.raises(RecipeError, match="no run of 'q'"):
        find_run("q", tmp_path)
    record(tmp_path)
    with pytest.raises(RecipeError, match="no finished artifact"):
        find_run("r", tmp_path)


def test_a_curve_has_few_points_its_end_and_one_unit(tmp_path) -> None:
    artifact = trained(tmp_path, "pretrain.a", "x")
    found = curve(artifact)
    assert found.unit == "bits per byte"
    assert found.training[-1][0] == 10_000 and len(found.training) <= 162
    # Held-out loss is half as many bits per byte here: both lines have the same scale.
    assert found.held_out[0] == (2000, pytest.approx(2.6 / 20**0.3))
    assert found.scores == {"accuracy": [(2000, 0.2), (4000, 0.4), (6000, 0.6), (8000, 0.8), (10000, 1.0)]}
    assert curve(made(tmp_path, "tokenize", "x")) is None


def test_samples_and_texts_come_back_and_samples_without_personal_data(tmp_path) -> None:
    artifact = trained(tmp_path, "pretrain.a", "mail me at boss@short.example please")
    assert [row["tokens"] for row in samples(artifact)] == [2000, 4000, 6000]
    assert "boss@" not in str(samples(artifact))
    assert example_texts(artifact, {"a"}).keys() == {"a"}
    bare = made(tmp_path, "tokenize", "x")
    assert (samples(bare), example_texts(bare, {"a"}), scored_tasks(bare), items_of(bare, "x")) == ([], {}, [], {})


def test_tasks_come_in_the_order_of_the_recipe(tmp_path) -> None:
    scored = evaluated(
        tmp_path, made(tmp_path, "finetune", "x"), "x", perplexity=documents("x"), classification=labels("x")
    )
    assert [task["name"] for task in scored_tasks(scored)] == ["perplexity", "classification"]
    assert items_of(scored, "classification")["gold"] == ["x"] * 3


def test_energy_counts_the_cores_that_were_given(tmp_path) -> None:
    machine = {"cores": 8, "workers": 2, "threads": 4}
    found = cost(made(tmp_path, "tokenize", "x", seconds=1800.0, machine=machine))
    assert (found.cores, found.low, found.high) == (4, 2 * CORE_WATTS[0], 2 * CORE_WATTS[1])
    assert cost(made(tmp_path, "tokenize", "x", machine={})).cores == 1


def test_a_corpus_ends_where_no_documents_are_made_of_it(tiny) -> None:
    run = find_run("tiny", tiny)
    assert [a.name for a in run.data_ends()] == ["deduplicate"]
    assert [a.name for a in Run("part", run.artifacts[:1]).data_ends()] == ["collect"]
