"""Croissant metadata (MLCommons, version 1.0, JSON-LD) of a folder of Parquet shards.

Specification: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.0.html. Only facts are written: what nobody
said (who made it, when, where it is published) is left out, unless it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
SHARDS = "shards"
DOCUMENTS = "documents"
PARTS = "parts"
PARQUET = "application/x-parquet"
_TERMS = """citeAs column conformsTo:dct equivalentProperty extract field fileProperty fileObject fileSet format
includes isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace samplingRate
separator source subField transform"""
MEANINGS = {
    "id": "Stable name: a hash of the origin, the same whenever the same record is read.",
    "text": "The text after all steps.",
    "source": "Which source of the recipe it came from.",
    "url": "Address of the page or file.",
    "title": "Title, where the record has one.",
    "date": "Date that the record or its archive gives.",
    "language": "Language that the record gives, or that was found (ISO 639-1).",
    "licence": "Licence that the record or its source states.",
    "split": "Part of the corpus, drawn by keyed hashes of addresses.",
}


def context() -> dict[str, Any]:
    """The JSON-LD context of the specification."""
    terms: dict[str, Any] = {"@language": "en", "@vocab": "https://schema.org/"}
    terms |= {"cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/"}
    terms |= {"dct": "http://purl.org/dc/terms/", "sc": "https://schema.org/"}
    terms |= {"data": {"@id": "cr:data", "@type": "@json"}, "examples": {"@id": "cr:examples", "@type": "@json"}}
    terms["dataType"] = {"@id": "cr:dataType", "@type": "@vocab"}
    for term in _TERMS.split():
        name, _, prefix = term.partition(":")
        terms[name] = f"{prefix or 'cr'}:{name}"
    return dict(sorted(terms.items()))


def croissant(
    *,
    facts: Mapping[str, Any],
    files: Mapping[str, Mapping[str, Any]],
    schema: pa.Schema,
    parts: Sequence[str] = (),
) -> dict[str, Any]:
    """The metadata as a JSON-LD object.

    Args:
        facts: `name`, `description`, `version`, and what else schema.org knows of a Dataset; empty ones are left out.
        files: Path of each Parquet shard, relative to the folder, to its `size` and `sha256`.
        schema: Of the shards. Columns that are no plain values are left out, as Croissant 1.0 has no maps.
        parts: Values of the column `split`, if there is one.
    """
    objects = [
        {
            "@type": "cr:FileObject",
            "@id": path,
            "name": path,
            "contentUrl": path,
            "contentSize": f"{entry['size']} B",
            "encodingFormat": PARQUET,
            "sha256": entry["sha256"],
        }
        for path, entry in sorted(files.items())
    ]
    nested = any(path.count("/") > 1 for path in files)
    shards = {
        "@type": "cr:FileSet",
        "@id": SHARDS,
        "name": SHARDS,
        "description": "All shards; their order and that of their rows is part of the data set.",
        "encodingFormat": PARQUET,
        "includes": "documents/**/*.parquet" if nested else "documents/*.parquet",
    }
    records = [_part_records(parts)] if parts else []
    records.append(
        {
            "@type": "cr:RecordSet",
            "@id": DOCUMENTS,
            "name": DOCUMENTS,
            "description": "One readable text in each row, and where it comes from.",
            "key": {"@id": f"{DOCUMENTS}/id"},
            "field": [_field(each, parts) for each in schema if data_type(each.type)],
        }
    )
    described = {key: value for key, value in facts.items() if value}
    head = {"@context": context(), "@type": "sc:Dataset", "conformsTo": CONFORMS_TO}
    return head | described | {"distribution": [*objects, shards], "recordSet": records}


def data_type(kind: pa.DataType) -> str | None:
    """The schema.org type of a column, or None for one that is no plain value."""
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "sc:Text"
    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_integer(kind):
        return "sc:Integer"
    return "sc:Float" if pa.types.is_floating(kind) else None


def _field(column: pa.Field, parts: Sequence[str]) -> dict[str, Any]:
    made = {
        "@type": "cr:Field",
        "@id": f"{DOCUMENTS}/{column.name}",
        "name": column.name,
        "description": MEANINGS.get(column.name, f"Column {column.name}."),
        "dataType": data_type(column.type),
        "source": {"fileSet": {"@id": SHARDS}, "extract": {"column": column.name}},
    }
    if column.name == "split" and parts:
        made["references"] = {"field": {"@id": f"{PARTS}/name"}}
    return made


def _part_records(parts: Sequence[str]) -> dict[str, Any]:
    name = {"@type": "cr:Field", "@id": f"{PARTS}/name", "name": "name", "dataType": "sc:Text"}
    return {
        "@type": "cr:RecordSet",
        "@id": PARTS,
        "name": PARTS,
        "description": "The parts of the corpus.",
        "dataType": "cr:Split",
        "key": {"@id": f"{PARTS}/name"},
        "field": [name | {"description": "Name of the part."}],
        "data": [{f"{PARTS}/name": part} for part in parts],
    }
