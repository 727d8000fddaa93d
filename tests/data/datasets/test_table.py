import gzip
import json

import pytest

from firstwords.data.datasets.table import Table
from firstwords.errors import RecipeError
from firstwords.recipe import build

ROWS = [{"text": f"text {n}", "label": "ab"[n % 2], "site": f"s{n % 30}"} for n in range(300)]


def texts(records) -> list[str]:
    return [record.text for record in records]


@pytest.fixture
def table(tmp_path):
    place = tmp_path / "rows.jsonl"
    place.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return place


def test_rows_are_cut_by_a_hash_of_their_text_or_unit(table) -> None:
    parts = Table(path=str(table)).parts()
    assert sorted(texts([*parts["train"], *parts["validation"], *parts["test"]])) == sorted(row["text"] for row in ROWS)
    assert 40 < len(parts["test"]) < 80 and 10 < len(parts["validation"]) < 45
    assert Table(path=str(table)).parts() == parts
    units = [{each.group for each in part} for part in Table(path=str(table), group="site").parts().values()]
    assert sum(map(len, units)) == 30 and not units[0] & units[2] and not units[0] & units[1]


def test_equal_texts_are_never_in_two_parts(tmp_path) -> None:
    (tmp_path / "t.tsv").write_text("text\tlabel\n" + "".join(f"text {n % 50}\ta\n" for n in range(500)))
    parts = Table(path=str(tmp_path / "t.tsv")).parts()
    assert not set(texts(parts["train"])) & set(texts(parts["test"]))


def test_csv_has_quotes_and_tsv_has_none(tmp_path) -> None:
    (tmp_path / "t.csv").write_text('tweet,class\n"one, ""two""\nthree",0\n"four",1\n', encoding="utf-8")
    (tmp_path / "t.tsv").write_text('tweet\tclass\n"one, two\t0\n', encoding="utf-8")
    fields = {"text": "tweet", "label": "class", "test_share": 0, "validation_share": 0}
    csv = build(Table, {"path": str(tmp_path / "t.csv"), "labels": {"0": "bad"}} | fields).parts()["train"]
    assert [(each.text, each.label) for each in csv] == [('one, "two"\nthree', "bad")]
    assert texts(build(Table, {"path": str(tmp_path / "t.tsv")} | fields).parts()["train"]) == ['"one, two']


def test_parts_may_have_tables_of_their_own(table, tmp_path) -> None:
    with gzip.open(tmp_path / "test.jsonl.gz", "wt") as file:
        file.write('{"text": "held out", "label": 1}\n\n')
    data = Table(path=str(table), test=str(tmp_path / "test.jsonl.gz"))
    parts = data.parts()
    assert [(each.text, each.label) for each in parts["test"]] == [("held out", "1")]
    assert len(parts["train"]) + len(parts["validation"]) == 300
    assert data.fingerprint() != Table(path=str(table)).fingerprint()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", "text,kind\na,b\n", "row 1 has no 'label'. It has: text, kind"),
        ("t.jsonl", '{"text": "a", "label": "b"}\n{oops\n', "line 2 is not JSON"),
        ("t.jsonl", "[1]\n", "line 1 is not an object"),
        ("t.parquet", "x", "a table is one of .csv"),
        ("t.csv", "text,label\n", "no rows"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(RecipeError, match=message.replace(".", r"\.")):
        Table(path=str(tmp_path / name)).parts()
