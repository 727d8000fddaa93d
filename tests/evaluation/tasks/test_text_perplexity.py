import runpy
from pathlib import Path

import numpy as np
import pytest

from firstwords.errors import RecipeError
from firstwords.evaluation.tasks.text_perplexity import TextPerplexity

SHARED = runpy.run_path(str(Path(__file__).parent / "shared.py"))
LINES = SHARED["TINY"]["sentences"](3, 120)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return SHARED["noisy_model"](tmp_path_factory.mktemp("text"))


def test_sums_over_passages_are_those_of_the_text(model, tmp_path):
    text = "".join(LINES) + "naïve über — end"
    (tmp_path / "mine.txt").write_text(text)
    task = TextPerplexity(path=str(tmp_path / "mine.txt"), stride=7)
    examples, _, items = SHARED["asked"](task, model)
    ids = model.tokenizer.encode(text)
    (known,) = model.token_log_likelihoods([ids], stride=7)
    assert sum(items["nats"]) == pytest.approx(-known.sum())
    assert (sum(items["tokens"]), sum(items["bytes"])) == (len(ids), len(text.encode()))
    assert sum(items["words"]) == len(text.split())
    assert len(set(items["group"])) == len(items["id"]) > 3
    by_name = {metric.name: metric.value(items) for metric in task.metrics(examples)}
    assert by_name["perplexity"] == pytest.approx(np.exp(-known.sum() / len(ids)))
    assert by_name["perplexity_per_byte"] == pytest.approx(2 ** by_name["bits_per_byte"])


def test_a_smaller_stride_gives_tokens_more_to_see(model, tmp_path):
    (tmp_path / "mine.txt").write_text("".join(LINES))
    found = [SHARED["asked"](TextPerplexity(path=str(tmp_path / "mine.txt"), stride=s), model)[2] for s in (4, 32)]
    assert found[0]["tokens"] == found[1]["tokens"] and found[0]["nats"] != found[1]["nats"]


def test_many_texts_are_the_units(model, tmp_path):
    for number in range(7):
        (tmp_path / f"{number}.txt").write_text(LINES[number])
    (tmp_path / "empty.txt").write_text(" \n")
    for path in (str(tmp_path), str(tmp_path / "*.txt")):
        items = SHARED["asked"](TextPerplexity(path=path), model)[2]
        assert len(set(items["group"])) == 7
    (tmp_path / "table.jsonl").write_text('{"page": "the list", "source": "a"}\n')
    task = TextPerplexity(path=str(tmp_path / "table.jsonl"), column="page")
    assert SHARED["asked"](task, model)[2]["source"] == ["a"]


def test_what_holds_no_text_is_refused(tmp_path):
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(RecipeError, match="holds no text"):
        TextPerplexity(path=str(tmp_path / "empty.txt")).examples({})
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(RecipeError, match=r"bad\.txt:1: not UTF-8"):
        TextPerplexity(path=str(tmp_path / "bad.txt")).examples({})
