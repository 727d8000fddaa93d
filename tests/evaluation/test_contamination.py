import random

import pyarrow as pa
import pytest

from firstwords.data.shards import write_table
from firstwords.data.survivors import SURVIVOR
from firstwords.errors import RecipeError
from firstwords.evaluation.contamination import Contamination, states_of
from firstwords.recipe import build
from firstwords.stages.evaluate import Evaluate


def sentence(seed, words=30):
    draws = random.Random(seed)
    return " ".join(f"word{draws.randrange(5000)}" for _ in range(words))


def corpus(folder, texts, split="train"):
    for shard in range(2):
        rows = [{"id": f"{shard}-{n}", "text": t, "split": split} for n, t in enumerate(texts[shard::2])]
        write_table(folder / f"{shard}.parquet", pa.Table.from_pylist(rows, schema=SURVIVOR))
    return folder


def test_items_in_the_corpus_overlap_and_others_do_not(tmp_path):
    planted, half, common = sentence("planted"), sentence("half"), sentence("common")
    texts = [sentence(f"other {n}") + " " + common for n in range(40)]
    texts[3] += " " + planted
    texts[8] += " " + " ".join(half.split()[:15])
    items = [planted, sentence("clean"), half, common, "too short"]
    told = []
    found = states_of(items, corpus(tmp_path, texts), Contamination(), lambda *done: told.append(done))
    assert found == ["overlapping", "clean", "overlapping", "commonplace", "too short to say"]
    assert told == [(1, 2), (2, 2)]


def test_what_nothing_is_learnt_from_does_not_count(tmp_path):
    planted = sentence("planted")
    assert states_of([planted], corpus(tmp_path, [planted, "x"], split="test"), Contamination()) == ["clean"]


def test_stricter_rules_find_more(tmp_path):
    item = sentence("item", 100)
    folder = corpus(tmp_path, ["y", " ".join(item.split()[:14])])
    assert states_of([item], folder, Contamination()) == ["clean"]
    assert states_of([item], folder, Contamination(min_share=0.1)) == ["overlapping"]


def test_a_recipe_asks_with_true_or_with_rules():
    tasks = [{"kind": "perplexity"}]
    assert build(Evaluate, {"tasks": tasks}).contamination is None
    assert build(Evaluate, {"tasks": tasks, "contamination": True}).contamination == Contamination()
    assert build(Evaluate, {"tasks": tasks, "contamination": False}).contamination is None
    assert build(Evaluate, {"tasks": tasks, "contamination": {"ngram_words": 8}}).contamination.ngram_words == 8
    with pytest.raises(RecipeError, match="Did you mean 'ngram_words'"):
        build(Evaluate, {"tasks": tasks, "contamination": {"ngram_word": 8}})
