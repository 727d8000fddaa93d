import runpy
from pathlib import Path

import pyarrow as pa
import pytest

from firstwords.data.features import Features
from firstwords.data.filters.word_list import WordList
from firstwords.errors import RecipeError
from firstwords.recipe import build

REAL = runpy.run_path(str(Path(__file__).parents[1] / "real_texts.py"))


def judge(text: str, **fields) -> tuple[dict, str | None]:
    batch = pa.record_batch({"text": [text]})
    step = build(WordList, fields)
    scores = step.score(batch, Features(batch["text"]))
    return scores.to_pylist()[0], step.reject(scores).to_pylist()[0]


def test_any_listed_word_drops_a_text_unless_more_are_allowed(tmp_path) -> None:
    (tmp_path / "list.txt").write_text("# animals\ncat\nbig dog\n", encoding="utf-8")
    files = {"files": [str(tmp_path / "list.txt")]}
    assert judge("One Cat here.", **files) == ({"listed": 1, "listed_share": pytest.approx(1 / 3)}, "listed")
    assert judge("Cats and big dogs.", **files)[1] is None
    assert judge("The big dog and the mouse.", words=["mouse"], **files)[0]["listed"] == 2
    assert judge("cat cat", max_count=2, **files)[1] is None
    assert judge("cat cat", max_count=None, max_share=0.5, **files)[1] == "listed_share"


def test_the_list_counts_for_identity_and_must_be_there(tmp_path) -> None:
    place = tmp_path / "list.txt"
    place.write_text("cat\n")
    before = WordList(files=(str(place),)).fingerprint()
    place.write_text("dog\n")
    assert WordList(files=(str(place),)).fingerprint() != before
    with pytest.raises(RecipeError, match="name files or words"):
        build(WordList, {})
    with pytest.raises(RecipeError, match="no such file"):
        build(WordList, {"files": [str(tmp_path / "lost.txt")]})
    place.write_text("cat\n!!\n")
    with pytest.raises(RecipeError, match=r"list.txt: '!!' is 0 words"):
        judge("x", files=[str(place)], words=("two",))


@REAL["needs_data"]
def test_it_equals_its_statement_on_real_texts() -> None:
    import re

    entries = {"the": r"\bthe\b", "of the": r"\bof[\W]+the\b", "agreement": r"\bagreement\b"}
    for text in REAL["real_texts"](4):
        if not text.isascii() or "_" in text:
            continue
        expected = sum(len(re.findall(pattern, text, re.IGNORECASE)) for pattern in entries.values())
        assert judge(text, words=list(entries))[0]["listed"] == expected
