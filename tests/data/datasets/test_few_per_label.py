"""So many texts of each label are kept, others with another seed."""

import pytest

from firstwords.data.datasets.few_per_label import FewPerLabel
from firstwords.data.datasets.table import Table


@pytest.fixture
def data(tmp_path):
    rows = [f"text {n}\t{'abc'[min(2, n % 20)]}\n" for n in range(300)]
    (tmp_path / "t.tsv").write_text("text\tlabel\n" + "".join(rows))
    return Table(path=str(tmp_path / "t.tsv"))


def test_each_label_has_as_many(data) -> None:
    parts = FewPerLabel(data=data, per_label=4, test_texts=9).parts()
    assert [r.label for r in parts["train"]] == ["a"] * 4 + ["b"] * 4 + ["c"] * 4
    assert not parts["validation"] and len(parts["test"]) == 9


def test_seeds_draw_other_texts_but_the_same_test(data) -> None:
    first, second = (FewPerLabel(data=data, per_label=4, seed=seed).parts() for seed in (0, 1))
    assert first["train"] != second["train"] and first["test"] == second["test"]
    assert FewPerLabel(data=data, per_label=4).parts() == first
