"""The recipe in docs/duplicates.md works as written."""

import json
import re
import tomllib
from pathlib import Path

import pyarrow as pa

from firstwords.artifact import Artifact
from firstwords.data.survivors import DROPPED, PARTS, REASONS, REMOVED, SURVIVOR
from firstwords.graph import Graph
from firstwords.recipe_file import make_recipe
from firstwords.stages.deduplicate import Lines, Similar, Substrings, Urls

PAGE = (Path(__file__).parents[2] / "docs" / "duplicates.md").read_text()


def test_the_recipe_of_the_page_is_read(tmp_path) -> None:
    values = tomllib.loads(re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)[1])
    old, clean = (finished(tmp_path / stage, stage) for stage in ("deduplicate", "clean"))
    values["deduplicate"]["against"][1] = str(old)
    values["given"]["deduplicate"]["old"] = str(old)
    values["given"]["clean"] = str(clean)
    recipe = make_recipe(values, where="page", default_name="page")
    stage = recipe.stages["deduplicate"]
    assert (stage.urls, stage.similar) == (Urls(), Similar(threshold=0.7))
    assert (stage.lines, stage.substrings) == (Lines(max_documents=6), Substrings())
    graph = Graph(recipe)
    assert graph.inputs["deduplicate"] == {"documents": "clean", "against_0": "deduplicate.old"}
    assert recipe.given["deduplicate.old"].folder == Artifact(name="x", folder=old).folder
    assert stage.fingerprint() == ["d"]


def finished(folder: Path, stage: str) -> Path:
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"stage": stage, "files": {}, "digest": "d"}))
    return folder


def test_the_page_names_every_column_and_rule() -> None:
    named = set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)?)`", PAGE))
    assert {".".join(reason) for reason in REASONS.values()} <= named
    assert {f"repeated_{part}" for part in PARTS} <= named
    assert {*REMOVED.names, *new(SURVIVOR), *new(DROPPED)} - named == set()


def new(schema: pa.Schema) -> list[str]:
    from firstwords.data.document import DOCUMENT

    return [name for name in schema.names if name not in DOCUMENT.names]
