"""Many tasks in one data set: names, held-out label sets, caps."""

import pytest

from firstwords.data.dataset import TaskRecord, read_records, table_of
from firstwords.data.datasets.task_mixture import TaskMixture
from firstwords.data.shards import write_table
from firstwords.errors import RecipeError
from firstwords.recipe import build


@pytest.fixture
def folder(tmp_path):
    for task in ("colours", "moods", "sizes"):
        rows = [f"{task} text {n}\t{task}{n % 3}\n" for n in range(90)]
        (tmp_path / f"{task}.tsv").write_text("text\tlabel\n" + "".join(rows))
    return tmp_path


def test_held_out_tasks_are_never_learnt_from(folder) -> None:
    parts = TaskMixture(folder=str(folder), held_out=("moods",), max_texts=40, held_out_texts=10).parts()
    assert {r.task for r in parts["train"]} == {"colours", "sizes"}
    assert {r.task for part in ("validation", "test") for r in parts[part]} == {"moods"}
    assert [sum(r.task == task for r in parts["train"]) for task in ("colours", "sizes")] == [40, 40]
    assert len(parts["validation"]) <= 10
    assert not {r.text for r in parts["validation"]} & {r.text for r in parts["test"]}


def test_data_sets_of_any_kind_are_tasks(folder) -> None:
    tasks = {name: {"kind": "table", "path": str(folder / f"{name}.tsv")} for name in ("colours", "moods")}
    mixture = build(TaskMixture, {"tasks": tasks, "held_out": ["moods"]})
    assert {r.task for r in mixture.parts()["train"]} == {"colours"}


def test_records_keep_their_task_in_files(tmp_path) -> None:
    records = [TaskRecord("a", "g", "text", "label", task="task")]
    write_table(tmp_path / "t.parquet", table_of(records, TaskRecord))
    assert read_records(tmp_path / "t.parquet") == records


def test_what_is_wrong_is_told(folder, tmp_path) -> None:
    with pytest.raises(RecipeError, match="no task 'mood'.*Did you mean 'moods'"):
        TaskMixture(folder=str(folder), held_out=("mood",)).parts()
    with pytest.raises(RecipeError, match="every task is held out"):
        TaskMixture(folder=str(folder), held_out=("moods", "sizes", "colours")).parts()
    with pytest.raises(RecipeError, match="needs two tasks"):
        TaskMixture(held_out=("moods",)).parts()
    with pytest.raises(RecipeError, match="not a folder"):
        TaskMixture(folder=str(folder / "moods.tsv"), held_out=("moods",)).parts()


def test_the_fingerprint_follows_content_and_names(folder) -> None:
    mixture = TaskMixture(folder=str(folder), held_out=("moods",))
    before = mixture.fingerprint()
    (folder / "moods.tsv").rename(folder / "tempers.tsv")
    assert mixture.fingerprint() != before
