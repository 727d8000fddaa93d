"""Every line of docs/labelled-data.md is a recipe's, with fields that there are."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from firstwords.find import find

PAGE = (Path(__file__).parents[2] / "docs" / "labelled-data.md").read_text(encoding="utf-8")
LINES = re.findall(r"`(data = \{.*?\})` \|", PAGE)
BLOCKS = ["\n".join(line[4:] for line in block.splitlines()) for block in re.findall(r"\n\n((?:    .*\n|\n)+)", PAGE)]


def check(values: dict, catalogue: str) -> None:
    known = {each.name for each in fields(find(catalogue, values["kind"]))}
    assert set(values) - {"kind"} <= known
    if isinstance(values.get("data"), dict):
        check(values["data"], "data.datasets")


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_the_table_is_of_its_kind(line) -> None:
    check(tomllib.loads(line)["data"], "data.datasets")


def test_the_example_is_of_its_kinds() -> None:
    (recipe,) = (tomllib.loads(block) for block in BLOCKS if block.strip().startswith("["))
    check(recipe["finetune"]["reviews"]["data"], "data.datasets")
    for task in recipe["evaluate"]["tasks"]:
        check(task, "evaluation.tasks")
