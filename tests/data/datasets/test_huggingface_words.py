"""Tagged words of Hugging Face data sets: what they share with texts is tested in `test_huggingface.py`."""

import json

import pytest

from firstwords.data.datasets.huggingface_words import HuggingfaceWords
from firstwords.errors import RecipeError
from firstwords.recipe import build


def test_tags_may_be_texts_in_lines_of_json(tmp_path) -> None:
    for split in ("train", "test"):
        rows = [{"words": ["Ann", "b"], "tags": ["U-PER", "O"]}] * 3
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    fields = {"dataset": str(tmp_path), "words": "words", "tags": "tags"}
    assert build(HuggingfaceWords, fields).parts()["test"][0].tags == ("B-PER", "O")
    (tmp_path / "test.jsonl").write_text('{"words": ["a"], "tags": ["O"]}\n{"words": ["a"], "tags": []}\n')
    with pytest.raises(RecipeError, match=r"test\.jsonl:2: 'words' and 'tags' are not lists of one length"):
        build(HuggingfaceWords, fields).parts()
