import hashlib

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.data import shards
from firstwords.data.document import DOCUMENT, Document, document_id
from firstwords.data.shards import (
    ROW_GROUP_ROWS,
    TableWriter,
    batch_of,
    conform,
    documents_of,
    open_dataset,
    read_batches,
    read_documents,
    rows_of,
    shard_files,
    write_table,
)


def documents(number: int) -> list[Document]:
    return [
        Document(id=document_id(str(i)), text="wörd " * (i % 50), url=f"http://a/{i}", metadata={"b": "1", "a": str(i)})
        for i in range(number)
    ]


def digest(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_equal_rows_give_equal_bytes_whatever_the_batches(tmp_path) -> None:
    rows = documents(2500)
    path = tmp_path / "x.parquet"
    found = set()
    for step in (1, 7, 1024, 2500):
        assert write_table(path, (batch_of(rows[i : i + step]) for i in range(0, 2500, step)), DOCUMENT) == 2500
        found.add(digest(path))
    write_table(path, pa.Table.from_batches([batch_of(rows[:900]), batch_of(rows[900:])]))
    found.add(digest(path))
    assert len(found) == 1


def test_row_groups_are_bounded_by_rows_and_bytes(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(shards, "ROW_GROUP_BYTES", 10_000)
    path = tmp_path / "x.parquet"
    write_table(path, batch_of([Document(id=str(i), text="x" * 4000) for i in range(7)]))
    assert pa.parquet.ParquetFile(path).num_row_groups == 4
    monkeypatch.undo()
    write_table(path, batch_of(documents(ROW_GROUP_ROWS + 1)))
    assert pa.parquet.ParquetFile(path).num_row_groups == 2


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.text(), st.none() | st.text(), st.dictionaries(st.text(), st.text(), max_size=3)), max_size=9)
)
def test_documents_come_back_as_they_were(tmp_path_factory, rows) -> None:
    made = [
        Document(id=str(i), text=text, title=title, metadata=metadata) for i, (text, title, metadata) in enumerate(rows)
    ]
    made = [each for each in made if _is_unicode(each)]
    path = tmp_path_factory.mktemp("x") / "x.parquet"
    write_table(path, batch_of(made))
    assert [each for batch in read_batches(path) for each in documents_of(batch)] == made


def _is_unicode(document: Document) -> bool:
    return not any(0xD800 <= ord(sign) < 0xE000 for sign in repr(document).encode().decode("unicode_escape", "ignore"))


def test_an_empty_shard_is_a_file_with_the_schema(tmp_path) -> None:
    path = tmp_path / "x.parquet"
    assert write_table(path, [], DOCUMENT) == 0
    assert pa.parquet.read_schema(path).equals(DOCUMENT)
    with pytest.raises(ValueError, match="schema"):
        write_table(path, [])


def test_an_error_leaves_nothing(tmp_path) -> None:
    with pytest.raises(RuntimeError), TableWriter(tmp_path / "x.parquet", DOCUMENT) as writer:
        writer.write(batch_of(documents(3)))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_missing_columns_are_null_and_unknown_ones_refused() -> None:
    batch = pa.RecordBatch.from_pydict({"text": ["a"], "id": ["1"]})
    assert conform(batch, DOCUMENT).column("url").to_pylist() == [None]
    with pytest.raises(ValueError, match="score"):
        conform(pa.RecordBatch.from_pydict({"score": [1.0]}), DOCUMENT)


def test_extra_columns_do_not_hinder_reading_documents() -> None:
    batch = batch_of(documents(1)).append_column("split", pa.array(["train"]))
    assert list(documents_of(batch)) == documents(1)


def test_shards_are_found_by_key_in_order(tmp_path) -> None:
    for name in ("b", "a/c", "a/b"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_table(tmp_path / f"{name}.parquet", rows_of([{"x": 1}], pa.schema([("x", pa.int64())])))
    (tmp_path / ".partial-1.parquet").write_bytes(b"")
    assert list(shard_files(tmp_path)) == ["a/b", "a/c", "b"]
    assert open_dataset(tmp_path).count_rows() == 3


def test_read_documents_takes_an_artifact_a_folder_or_a_file(tmp_path) -> None:
    path = tmp_path / "documents" / "x.parquet"
    write_table(path, batch_of(documents(5)))
    for place in (tmp_path, tmp_path / "documents", path, str(path)):
        assert read_documents(place).to_table(columns=["id"]).num_rows == 5
    with pytest.raises(ValueError, match="no such"):
        read_documents(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no Parquet"):
        read_documents(tmp_path / "empty")
