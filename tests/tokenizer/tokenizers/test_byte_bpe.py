"""Byte-level BPE: what it learns, how large it gets, and that it learns it the same way every time."""

import json
import random
from collections import Counter
from itertools import pairwise

import pytest
from tokenizers import Tokenizer as Backend
from tokenizers import decoders, models, pre_tokenizers, trainers

from firstwords.errors import RecipeError
from firstwords.recipe import build
from firstwords.tokenizer.patterns import pre_tokenizer
from firstwords.tokenizer.tokenizer import SPECIAL_TOKENS, Tokenizer
from firstwords.tokenizer.tokenizers.byte_bpe import SMALLEST, ByteBPE

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


@pytest.mark.parametrize("alphabet", ["ab", "a", "abcdefgh", "a\u00e9\U0001f642 "])
def test_the_merges_are_those_of_the_library(alphabet):
    draw = random.Random(1)
    texts = [" ".join("".join(draw.choices(alphabet, k=draw.randint(1, 12))) for _ in range(80)) for _ in range(3)]
    for size, pattern in ((262, "gpt2"), (280, "llama3"), (900, "llama3")):
        ours = json.loads(ByteBPE(pattern=pattern).train([texts], size)._backend.to_str())
        assert ours == json.loads(reference(texts, size, pattern))


def reference(texts, size, pattern):
    """The tokenizer as the library trains it."""
    backend = Backend(models.BPE(ignore_merges=pattern == "llama3"))
    backend.pre_tokenizer, backend.decoder = pre_tokenizer(pattern), decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=2,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator([texts], trainer)
    return backend.to_str()


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
