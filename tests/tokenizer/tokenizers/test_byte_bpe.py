"""Byte-level BPE: what it learns, how large it gets, and that it learns it the same way every time."""

import json
import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import pytest

from firstwords.errors import RecipeError
from firstwords.recipe import build
from firstwords.tokenizer.tokenizer import Tokenizer
from firstwords.tokenizer.tokenizers.byte_bpe import SMALLEST, ByteBPE, default_vocab_size

TEXTS = ["low lower lowest newer wider newest", "low low low new new wide"] * 5


def test_the_first_merge_is_the_most_frequent_pair():
    tokenizer = ByteBPE(vocab_size=SMALLEST + 1).train([TEXTS], SMALLEST + 1)
    words = [word for text in TEXTS for word in text.split()]
    pairs = Counter(pair for word in words for pair in pairwise(word))
    best = max(pairs.values())
    merged = tokenizer.token(SMALLEST)
    assert pairs[tuple(merged)] == best


@pytest.mark.parametrize(("pattern", "whole_words"), [("gpt2", False), ("llama3", True)])
def test_whole_words_come_before_merges_where_llama_cpp_does_so(tmp_path, pattern, whole_words):
    tokenizer = ByteBPE(vocab_size=300, pattern=pattern).train([TEXTS], 300)
    tokenizer.save(tmp_path)
    assert json.loads((tmp_path / "tokenizer.json").read_text())["model"]["ignore_merges"] is whole_words


def test_batches_do_not_matter():
    one = ByteBPE(vocab_size=290).train([TEXTS], 290)
    many = ByteBPE(vocab_size=290).train(([text] for text in TEXTS), 290)
    assert [one.token(i) for i in range(290)] == [many.token(i) for i in range(290)]


def test_a_small_text_gives_a_smaller_vocabulary():
    tokenizer = ByteBPE(vocab_size=5000).train([["abab abab"]], 5000)
    assert SMALLEST < tokenizer.vocab_size < 300
    assert ByteBPE(vocab_size=5000).train([], 5000).vocab_size == SMALLEST


def test_training_is_the_same_on_any_number_of_threads():
    program = (
        "import hashlib, random\n"
        "from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE\n"
        "draw = random.Random(1)\n"
        "word = lambda: ''.join(draw.choices('abcde', k=draw.randint(1, 6)))\n"
        "texts = [' '.join(word() for _ in range(400)) for _ in range(50)]\n"
        "tokenizer = ByteBPE(vocab_size=800).train((texts[i:i + 7] for i in range(0, 50, 7)), 800)\n"
        "print(hashlib.sha256(repr([tokenizer.token(i) for i in range(800)]).encode()).hexdigest())\n"
    )
    results = set()
    for threads, seed in (("1", "0"), ("2", "1"), ("3", "2")):
        environment = os.environ | {"RAYON_NUM_THREADS": threads, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        results.add(done.stdout)
    assert len(results) == 1


def test_the_size_follows_the_text():
    assert default_vocab_size(100_000_000)[0] == 16_384
    assert default_vocab_size(25_000_000)[0] == 8_192
    assert default_vocab_size(100)[0] == 512
    assert "kept within" in default_vocab_size(100)[1]
    assert default_vocab_size(10**12)[0] == 65_536
    assert "25.0 MB" in default_vocab_size(25_000_000)[1]
    assert ByteBPE(vocab_size=1000).size(10**9) == (1000, "set in the recipe")


def test_an_impossible_size_is_refused():
    with pytest.raises(RecipeError, match="need 259"):
        build(ByteBPE, {"vocab_size": 258})
    with pytest.raises(RecipeError, match="vocab_siz"):
        build(ByteBPE, {"vocab_siz": 258})


def test_tokens_for_infilling_are_there_only_if_asked_for(tmp_path):
    plain = ByteBPE().train([["the cat sat"]], 300)
    assert plain.infilling is None
    asked = ByteBPE(infilling=True).train([["the cat sat"]], 300)
    assert asked.infilling == 3
    asked.save(tmp_path)
    assert Tokenizer.load(tmp_path).infilling == 3
    assert asked.decode(asked.encode("<|fim_prefix|>x")) == "<|fim_prefix|>x"
    assert 3 not in asked.encode("<|fim_prefix|>x")  # text never becomes a mark
