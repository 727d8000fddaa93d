import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.source import Record
from firstwords.data.sources.parquet import Parquet
from firstwords.errors import RecipeError
from firstwords.recipe import build


def write(path, columns, **options):
    pq.write_table(pa.table(columns), path, **options)
    return path


def read(path, **fields):
    return list(Parquet(**{"path": str(path)} | fields).read(path, path.name))


def test_rows_become_records_by_row_group(tmp_path) -> None:
    texts = [f"text {i}" for i in range(1000)]
    columns = {"id": range(1000), "text": texts, "meta": [{"n": i} for i in range(1000)], "unused": texts}
    path = write(tmp_path / "a.parquet", {k: list(v) for k, v in columns.items()}, row_group_size=300)
    found = read(path, id="id", metadata=("meta.n", "meta"))
    assert [each.body.decode() for each in found] == texts
    assert found[700].origin == "a.parquet#700" and json.loads(found[7].metadata["meta"]) == {"n": 7}
    assert read(path)[999].origin == "a.parquet#1000"


def test_a_damaged_row_group_is_told_and_the_others_read(tmp_path) -> None:
    texts = [f"{i} " * 50 for i in range(900)]
    path = write(tmp_path / "a.parquet", {"text": texts}, row_group_size=300, compression="zstd", use_dictionary=False)
    group = pq.ParquetFile(path).metadata.row_group(1).column(0)
    data = bytearray(path.read_bytes())
    start = group.data_page_offset
    data[start : start + group.total_compressed_size] = b"\x55" * group.total_compressed_size
    path.write_bytes(data)
    found = read(path)
    good = [each.body.decode() for each in found if isinstance(each, Record)]
    (lost,) = [each for each in found if not isinstance(each, Record)]
    assert good == texts[:300] + texts[600:]
    assert lost.reason == "malformed" and "row group 1" in lost.detail
    assert found[-1].origin == "a.parquet#900"


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + b"\xff" * 40 + b"PAR1", b"no parquet at all"])
def test_files_that_are_none_are_told(tmp_path, data) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(data)
    Parquet(path=str(path)).check(path, "a.parquet")
    (found,) = read(path)
    assert (found.reason, found.size) == ("malformed", len(data))


@given(st.data())
def test_a_changed_byte_loses_at_most_what_it_touches(tmp_path_factory, data) -> None:
    path = tmp_path_factory.mktemp("x") / "a.parquet"
    write(path, {"text": [f"text {i}" for i in range(40)]}, row_group_size=20, compression="none")
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    assert read(path), "records or a reason"


def test_wrong_columns_are_refused(tmp_path) -> None:
    path = write(tmp_path / "a.parquet", {"content": ["a"], "n": [1]})
    for fields, message in (
        ({}, "text: no column 'text' in a.parquet.*Columns: content, n"),
        ({"text": "n"}, "holds int64, not text. Columns of text: content"),
        ({"text": "contents"}, "Did you mean 'content'"),
    ):
        with pytest.raises(RecipeError, match=message):
            build(Parquet, {"path": str(tmp_path)} | fields).check(path, "a.parquet")
