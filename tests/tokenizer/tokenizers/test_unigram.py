"""The unigram kind: sizes, and the ids are in the promised order."""

import pytest

from firstwords.errors import RecipeError
from firstwords.recipe import build
from firstwords.tokenizer.tokenizers.unigram import SMALLEST, Unigram

TEXTS = ["low lower lowest newer wider newest", "low low low new new wide"] * 9


def test_sizes():
    assert Unigram(vocab_size=1000).size(10**9) == (1000, "set in the recipe")
    with pytest.raises(RecipeError, match="need 259"):
        build(Unigram, {"vocab_size": 258})


def test_bytes_come_before_pieces_and_the_size_is_kept():
    tokenizer = Unigram(pattern="gpt2").train([TEXTS], 264)
    assert tokenizer.vocab_size == 264
    assert [tokenizer.token(i) for i in (3, 4, SMALLEST - 1)] == ["!", '"', "\u0143"]
    assert "\u0120low" in [tokenizer.token(i) for i in range(SMALLEST, 264)]
    assert len(tokenizer.encode(" low")) == 1
    assert Unigram().train([], 5000).vocab_size == SMALLEST
