import pyarrow as pa

from firstwords.data.transform import with_texts


def test_with_texts_replaces_one_column_and_keeps_the_schema() -> None:
    schema = pa.schema([pa.field("id", pa.string(), nullable=False), pa.field("text", pa.string(), nullable=False)])
    batch = pa.RecordBatch.from_arrays([pa.array(["a"]), pa.array(["old"])], schema=schema)
    new = with_texts(batch, pa.array(["new"]))
    assert new.schema == schema
    assert new.to_pylist() == [{"id": "a", "text": "new"}]
    assert batch.to_pylist() == [{"id": "a", "text": "old"}]
