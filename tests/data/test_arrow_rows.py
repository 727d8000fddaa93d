import pyarrow as pa
import pytest

from firstwords.data.arrow_rows import check_schema, records_of
from firstwords.data.sources.jsonl import Jsonl
from firstwords.errors import RecipeError


def source(**fields) -> Jsonl:
    return Jsonl(**{"path": "."} | fields)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.dictionary(pa.int32(), pa.string())])
def test_texts_of_every_type(kind) -> None:
    batch = pa.RecordBatch.from_arrays([pa.array(["ä", None, "b"]).cast(kind)], names=["text"])
    check_schema(source(), batch.schema, "a")
    found = list(records_of(source(), batch, "a", 5))
    assert [getattr(each, "body", None) for each in found] == ["ä".encode(), None, b"b"]
    assert [found[0].origin, found[2].origin, found[1].reason] == ["a#5", "a#7", "malformed"]


def test_other_columns_become_fields_and_json() -> None:
    columns = {
        "text": ["t"], "date": pa.array([1_700_000_000_000_000_001], pa.timestamp("ns")), "meta": [{"a": [1, 2]}],
        "kind": pa.array([b"\xff"]), "language": pa.array(["en"]).dictionary_encode(),
    }  # fmt: skip
    (found,) = records_of(source(metadata=("meta", "kind")), pa.RecordBatch.from_pydict(columns), "a", 1)
    assert found.date == "2023-11-14T22:13:20" and found.language == "en"
    assert found.metadata == {"meta": '{"a": [1, 2]}', "kind": "\ufffd"}


def test_bytes_that_are_no_utf8_in_a_column_of_text() -> None:
    bad = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xffx")])
    batch = pa.RecordBatch.from_arrays([bad, bad], names=["text", "title"])
    (found,) = records_of(source(), batch, "a", 1)
    assert found.body == b"\xffx" and found.title == "\ufffdx"


def test_a_column_that_is_no_text_is_refused() -> None:
    schema = pa.schema([("text", pa.int64()), ("body", pa.string())])
    with pytest.raises(RecipeError, match=r"'text' of a.parquet holds int64, not text. Columns of text: body"):
        check_schema(source(), schema, "a.parquet")
    with pytest.raises(RecipeError, match="several columns 'text'"):
        check_schema(source(), pa.schema([("text", pa.string()), ("text", pa.string())]), "a.parquet")
