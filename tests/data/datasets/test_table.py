import gzip
import json
import os
import re
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.dataset import label_names
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


def test_a_text_may_have_several_labels_from_a_list_a_cell_or_columns_of_their_own(tmp_path) -> None:
    files = {
        "t.jsonl": '{"text": "a", "label": ["y", "x"]}\n{"text": "b", "label": []}\n',
        "s.csv": 'text,label\na,"y; x"\nb,\n',
        "c.csv": "text,x,y\na,1,1\nb,0,0\n",
    }
    fields = {"t.jsonl": {}, "s.csv": {"separator": ";"}, "c.csv": {"label": ["x", "y"]}}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
        data = build(Table, {"path": str(tmp_path / name), "test_share": 0, "validation_share": 0} | fields[name])
        records = data.parts()["train"]
        assert [(each.text, each.labels, each.label) for each in records] == [("a", ("x", "y"), "x + y"), ("b", (), "")]
    (tmp_path / "c.csv").write_text("text,x,y\na,1,maybe\n")
    with pytest.raises(RecipeError, match=r"c\.csv:2: 'y' is 'maybe', but a column of a label holds 0 or 1"):
        data.parts()


def test_pairs_columns_by_position_lines_and_files_of_one_label(tmp_path) -> None:
    (tmp_path / "t.tsv").write_text("yes\tis it\tso\n")
    fields = {"test_share": 0, "validation_share": 0}
    data = build(Table, {"path": str(tmp_path / "t.tsv"), "text": 1, "pair": 2, "label": 0} | fields)
    assert [(r.text, r.pair, r.label) for r in data.parts()["train"]] == [("is it", "so", "yes")]
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("a/x.txt", "LOC:city where \xe9\n\nHUM:ind who\n".encode("latin-1"))
    path = str(tmp_path / "z.zip" / "a" / "x.txt")
    pattern = r"(?P<label>\w+):\S+ (?P<text>.*)"
    lines = build(Table, {"path": path, "pattern": pattern, "encoding": "latin-1"} | fields).parts()["train"]
    assert [(r.text, r.label, r.id) for r in lines] == [("where \xe9", "LOC", "x.txt#1"), ("who", "HUM", "x.txt#3")]
    with pytest.raises(RecipeError, match=r"x\.txt:1: not UTF-8"):
        build(Table, {"path": path, "pattern": pattern} | fields).parts()
    with pytest.raises(RecipeError, match=r"x\.txt:1: does not fit the pattern"):
        build(Table, {"path": path, "pattern": "(?P<text>b)(?P<label>c)", "encoding": "latin-1"} | fields).parts()
    sides = build(Table, {"path": {"pos": path, "neg": path}, "encoding": "latin-1"} | fields).parts()["train"]
    assert [r.label for r in sides] == ["pos", "pos", "neg", "neg"]
    with pytest.raises(RecipeError, match=r"holds no a/y\.txt\. Did you mean 'a/x\.txt'"):
        build(Table, {"path": path.replace("x.txt", "y.txt"), "pattern": pattern}).parts()


def test_rows_of_the_test_part_may_be_named_by_ids(tmp_path) -> None:
    (tmp_path / "t.json").write_text('{"p1": {"text": ["a", "b"], "label": 1}, "p2": {"text": "c", "label": 2}}')
    (tmp_path / "ids.json").write_text('["p2"]')
    fields = {"path": str(tmp_path / "t.json"), "test_ids": str(tmp_path / "ids.json"), "validation_share": 0}
    parts = build(Table, fields).parts()
    assert [r.text for r in parts["train"]] == ["a\nb"] and [r.label for r in parts["test"]] == ["2"]
    (tmp_path / "ids.json").write_text('["p3"]')
    with pytest.raises(RecipeError, match=r"ids\.json: 1 ids are no rows of .*such as 'p3'"):
        build(Table, fields).parts()


CELLS = st.text(st.characters(exclude_characters="\x00\r\n\t", exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8), bad=st.integers(0, 7), kind=st.integers(0, 2))
def test_every_table_reads_what_was_written_and_every_malformed_row_has_its_line(tmp_path_factory, rows, bad, kind):
    suffix = ("jsonl", "tsv", "csv")[kind]

    def line(cells) -> str:
        if suffix == "jsonl":
            return json.dumps(dict(zip(("text", "label"), cells, strict=False)))
        quoted = ['"' + c.replace('"', '""') + '"' for c in cells] if suffix == "csv" else cells
        return ("," if suffix == "csv" else "\t").join(quoted)

    head = [] if suffix == "jsonl" else [line(("text", "label"))]
    place = tmp_path_factory.mktemp("table") / f"t.{suffix}"
    fields = {"path": str(place), "test_share": 0, "validation_share": 0}
    place.write_text("\n".join([*head, *map(line, rows)]) + "\n", encoding="utf-8", newline="")
    found = build(Table, fields).parts()["train"]
    assert [(r.text, r.label) for r in found] == [(text, label.strip()) for text, label in rows]
    bad = bad % len(rows)
    broken = [line(r) if n != bad else line(r[:1]) for n, r in enumerate(rows)]
    place.write_text("\n".join([*head, *broken]) + "\n", encoding="utf-8", newline="")
    with pytest.raises(RecipeError, match=rf"t\.{suffix}:{bad + 1 + len(head)}: "):
        build(Table, fields).parts()


DATA = os.environ.get("FIRSTWORDS_DATA")
TREC = {"pattern": r"(?P<label>\w+):\S+ (?P<text>.*)", "encoding": "latin-1"}
STARS = {"pattern": r"(?P<label>\d) \|\|\| (?P<text>.*)"}
SUBJECTIVITY = {side: f"subjectivity.zip/subjectivity/{side}.tok.gt9.5000" for side in ("plot", "quote")}
POLARITY = {side: f"sentence_polarity.zip/sentence_polarity/rt-polarity.{side}" for side in ("neg", "pos")}


@pytest.mark.skipif(DATA is None, reason="FIRSTWORDS_DATA is not set")
@pytest.mark.parametrize(
    ("folder", "files", "fields", "sizes"),
    [
        ("cls-sst2", ("train.tsv.xz", "dev.tsv", "test.tsv"), {"text": 0, "label": 1}, (6920, 872, 1821, 2)),
        ("cls-sst5", ("train.txt.xz", "dev.txt", "test.txt.xz"), STARS, (8544, 1101, 2210, 5)),
        ("cls-trec", ("qc.zip/qc/train.txt", None, "qc.zip/qc/test.txt"), TREC, (None, None, 500, 6)),
        ("cls-banking77", ("train.csv.xz", None, "test.csv.xz"), {"label": "category"}, (None, None, 3080, 77)),
        ("cls-clinc150", ("data_small.json.xz#train", "data_small.json.xz#val", "data_small.json.xz#test"),
         {"text": 0, "label": 1}, (7500, 3000, 4500, 150)),
        ("cls-sms-spam", ("sms.tsv.xz", None, None), {"text": 1, "label": 0}, (None, None, None, 2)),
        ("cls-ag-news", ("test.csv.xz", None, None), {"text": [1, 2], "label": 0}, (None, None, None, 4)),
        ("cls-scicite", ("train.jsonl.xz", "dev.jsonl.xz", "test.jsonl.xz"), {}, (7320, 916, 1861, 3)),
        ("cls-acl-arc", ("train.jsonl.xz", "dev.jsonl", "test.jsonl"), {}, (1688, 114, 139, 6)),
        ("cls-sentence_polarity", (POLARITY, None, None), {"encoding": "latin-1"}, (None, None, None, 2)),
        ("cls-subjectivity", (SUBJECTIVITY, None, None), {"encoding": "latin-1"}, (None, None, None, 2)),
        ("med-pubmedqa", ("ori_pqal.json.xz", None, None),
         {"text": "QUESTION", "pair": "CONTEXTS", "label": "final_decision",
          "test_ids": "$FIRSTWORDS_DATA/med-pubmedqa/test_ground_truth.json"}, (None, None, 500, 3)),
        ("adv-counterfactual", ("data.tar.xz/NLI/original/train.tsv", "data.tar.xz/NLI/original/dev.tsv",
         "data.tar.xz/NLI/original/test.tsv"),
         {"text": "sentence1", "pair": "sentence2", "label": "gold_label"}, (1666, 200, 400, 3)),
    ],
)  # fmt: skip
def test_real_layouts_are_read_by_three_lines_of_a_recipe(folder, files, fields, sizes) -> None:
    def path(name):
        if isinstance(name, dict):
            return {label: path(inner) for label, inner in name.items()}
        return f"$FIRSTWORDS_DATA/{folder}/{name}"

    parts = {key: path(name) for key, name in zip(("path", "validation", "test"), files, strict=True) if name}
    found = build(Table, parts | fields).parts()
    for part, size in zip(("train", "validation", "test"), sizes[:3], strict=True):
        assert len(found[part]) == size if size else len(found[part]) > 20
    assert len(label_names([*found["train"], *found["validation"]])) == sizes[3]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", "text,kind\na,b\n", "t.csv:2: no column 'label'. There are: text, kind"),
        ("t.jsonl", '{"text": "a", "label": "b"}\n{oops\n', "t.jsonl:2: not JSON"),
        ("t.jsonl", "[1]\n", "t.jsonl:1: no column 'text'. There are: 0"),
        ("t.parquet", "x", "t.parquet: not parquet"),
        ("t.jsonl", "1\n", "t.jsonl:1: not an object: 1"),
        ("t.csv", "text,label\n", "no rows"),
        ("t.csv", 'text,label\n"a\nb",1\nc\n', "t.csv:4: 1 column, but the table has 2 (text, label)"),
        ("t.csv", 'text,label\na,1\n"b" c,2\n', "t.csv:3: not a row of CSV"),
        ("t.tsv", "text\tlabel\na\t1\nb\t \n", "t.tsv:3: 'label' is ' ': a label is a text or a number"),
        ("t.json", '{"a": [["x", 1]], "b": []}', "holds several lists: name one, for example '#a'"),
        ("t.json", '[{"text": "a", "label": {}}]', "t.json: record 1: 'label' is {}"),
        ("t.jsonl", '{"text": "a", "label": ["x"]}\n{"text": "b", "label": "x"}\n', "t.jsonl:2: has one label"),
        ("t.docx", "x", "a table is one of .csv"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(RecipeError, match=re.escape(message)):
        Table(path=str(tmp_path / name)).parts()
