import json

import pyarrow as pa
import pytest

from firstwords.corpus.croissant import context, croissant, data_type

SCHEMA = pa.schema([("id", pa.string()), ("words", pa.int64()), ("metadata", pa.map_(pa.string(), pa.string()))])
FILES = {"documents/b.parquet": {"size": 5, "sha256": "b" * 64}, "documents/a.parquet": {"size": 3, "sha256": "a" * 64}}


def made(**changes):
    facts = {"name": "tiny", "description": "few texts", "license": [], "url": ""}
    return croissant(**{"facts": facts, "files": FILES, "schema": SCHEMA, "parts": ()} | changes)


def test_files_come_in_order_with_size_and_digest() -> None:
    objects = [entry for entry in made()["distribution"] if entry["@type"] == "cr:FileObject"]
    assert [(o["contentUrl"], o["contentSize"], o["sha256"][0]) for o in objects] == [
        ("documents/a.parquet", "3 B", "a"),
        ("documents/b.parquet", "5 B", "b"),
    ]


def test_what_nobody_said_is_left_out() -> None:
    metadata = made()
    assert "url" not in metadata
    assert "license" not in metadata
    assert metadata["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    json.dumps(metadata, allow_nan=False)


def test_plain_columns_are_fields_with_types_and_maps_are_not() -> None:
    fields = made()["recordSet"][0]["field"]
    assert [(f["name"], f["dataType"]) for f in fields] == [("id", "sc:Text"), ("words", "sc:Integer")]


def test_parts_are_a_set_of_splits_that_the_column_refers_to() -> None:
    schema = pa.schema([("split", pa.string())])
    parts, documents = made(schema=schema, parts=["train", "test"])["recordSet"]
    assert parts["dataType"] == "cr:Split"
    assert parts["data"] == [{"parts/name": "train"}, {"parts/name": "test"}]
    assert documents["field"][0]["references"] == {"field": {"@id": "parts/name"}}


def test_nested_shards_are_included() -> None:
    sets = made(files={"documents/x/a.parquet": FILES["documents/a.parquet"]})["distribution"]
    assert sets[-1]["includes"] == "documents/**/*.parquet"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(pa.large_string(), "sc:Text"), (pa.bool_(), "sc:Boolean"), (pa.float32(), "sc:Float"), (pa.binary(), None)],
)
def test_types(kind: pa.DataType, expected: str | None) -> None:
    assert data_type(kind) == expected


def test_the_context_is_that_of_the_specification() -> None:
    terms = context()
    assert terms["conformsTo"] == "dct:conformsTo"
    assert terms["recordSet"] == "cr:recordSet"
    assert terms["dataType"] == {"@id": "cr:dataType", "@type": "@vocab"}
    assert len(terms) == 36
