"""WordPiece: learnt like the library's, the longest entry first, and nothing in a text is taken for a mark."""

import json

import pytest
from tokenizers import Tokenizer, models, trainers

from firstwords.errors import RecipeError
from firstwords.recipe import build
from firstwords.tokenizer.patterns import pre_tokenizer
from firstwords.tokenizer.tokenizer import SPECIAL_TOKENS
from firstwords.tokenizer.tokenizers.word_piece import CONTINUES, MAX_WORD_BYTES, SMALLEST, WordPiece

TEXTS = ["low lower lowest newer wider newest", "low low low new new wide", "##ow ##er # ## ###"] * 9


def test_entries_are_those_of_the_library():
    size = SMALLEST + 30
    ours = WordPiece().train([TEXTS], size)
    backend = Tokenizer(models.WordPiece(unk_token="<|pad|>"))
    backend.pre_tokenizer = pre_tokenizer("llama3", MAX_WORD_BYTES)
    trainer = trainers.WordPieceTrainer(
        vocab_size=60, min_frequency=2, special_tokens=list(SPECIAL_TOKENS), continuing_subword_prefix=CONTINUES,
        show_progress=False,
    )  # fmt: skip
    backend.train_from_iterator(TEXTS, trainer)
    theirs = {token for token in backend.get_vocab() if len(token.removeprefix(CONTINUES)) > 1} - set(SPECIAL_TOKENS)
    learnt = {ours.token(i) for i in range(SMALLEST, size)}
    assert len(theirs & learnt) >= 0.9 * len(theirs)  # ties go by ids, which the two number differently


def test_signs_that_mark_entries_elsewhere_are_text():
    tokenizer = WordPiece().train([TEXTS], SMALLEST + 60)
    for text in ("##ow", "a##ow", f"{CONTINUES}ow a{CONTINUES}", "[UNK]", "x" * 1000, "low" * 100):
        assert tokenizer.decode(tokenizer.encode(text)) == text
    tokens = [tokenizer.token(i) for i in tokenizer.encode(" lowxyz")]
    assert tokens[0] == "\u0120low"
    assert all(token.startswith(CONTINUES) for token in tokens[1:])


def test_sizes():
    assert WordPiece(vocab_size=2000).size(1)[0] == 2000
    assert WordPiece().size(1)[0] == 1024
    assert "every byte has two entries" in WordPiece().size(1)[1]
    assert WordPiece().size(100_000_000)[0] == 16_384
    with pytest.raises(RecipeError, match="need 515"):
        build(WordPiece, {"vocab_size": 514})
    state = json.loads(WordPiece().train([], 600)._backend.to_str())
    assert len(state["model"]["vocab"]) == SMALLEST
