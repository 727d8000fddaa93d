import runpy
from pathlib import Path

import pytest

from firstwords.artifact import Artifact
from firstwords.data.dataset import TextRecord, table_of
from firstwords.data.shards import write_table
from firstwords.errors import RecipeError
from firstwords.evaluation.labelled_parts import read_part

TINY = runpy.run_path(str(Path(__file__).parent / "tiny_artifacts.py"))


def test_records_come_back_as_they_were_stored(tmp_path):
    model = TINY["classifier"](tmp_path)
    assert read_part(model, "test") == TINY["text_records"]("test", 30)


def test_a_missing_or_empty_part_is_told(tmp_path):
    model = Artifact(name="finetune.x", folder=tmp_path)
    with pytest.raises(RecipeError, match=r"test\.parquet"):
        read_part(model, "test")
    write_table(tmp_path / "test.parquet", table_of([], TextRecord))
    with pytest.raises(RecipeError, match="empty"):
        read_part(model, "test")
    assert read_part(model, "test", may_be_empty=True) == []
