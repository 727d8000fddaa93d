"""Every record is tested on once, by groups, and never learnt from in the same fold."""

import pytest

from firstwords.data.conversation import PreferenceRecord
from firstwords.data.datasets.fold import Fold
from firstwords.data.datasets.preferences import Preferences
from firstwords.data.datasets.table import Table
from firstwords.errors import RecipeError


@pytest.fixture
def data(tmp_path):
    rows = [f"{n // 3}\ttext {n}\t{'ab'[n % 2]}\n" for n in range(300)]
    (tmp_path / "t.tsv").write_text("page\ttext\tlabel\n" + "".join(rows))
    return Table(path=str(tmp_path / "t.tsv"))


def test_all_folds_together_test_every_record_once(data) -> None:
    folds = [Fold(data=data, of=3, number=number).parts() for number in range(3)]
    every = {record.id for records in data.parts().values() for record in records}
    tested = [record.id for fold in folds for record in fold["test"]]
    assert sorted(tested) == sorted(every) and all(60 < len(fold["test"]) < 140 for fold in folds)
    for fold in folds:
        parts = [{record.id for record in fold[part]} for part in ("train", "validation", "test")]
        assert set.union(*parts) == every and sum(map(len, parts)) == len(every)
        groups = [{record.group for record in fold[part]} for part in ("train", "test")]
        assert not groups[0] & groups[1]


def test_validation_stays_what_it_was_and_seeds_draw_others(data) -> None:
    before = {record.id for record in data.parts()["validation"]}
    fold = Fold(data=data, of=3).parts()
    assert before and before == {r.id for r in fold["validation"]} | before & {r.id for r in fold["test"]}
    assert Fold(data=data, of=3).parts() == fold != Fold(data=data, of=3, seed=1).parts()


def test_it_is_of_the_kind_of_its_data(tmp_path, data) -> None:
    (tmp_path / "p.jsonl").write_text('{"prompt": "a", "chosen": "b", "rejected": "c"}\n' * 9)
    assert Fold(data=Preferences(paths=(str(tmp_path / "p.jsonl"),))).record is PreferenceRecord
    assert Fold(data=data).record is data.record and not Fold(data=data).needs_documents


def test_there_is_no_fold_behind_the_last(data) -> None:
    with pytest.raises(RecipeError, match="number = 3: there are 3 folds, the first is 0"):
        Fold(data=data, of=3, number=3)
