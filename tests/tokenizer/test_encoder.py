"""Which tokenizers the compiled code takes over, and that others are left alone."""

import json

import pytest
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from firstwords.tokenizer.encoder import Encoder, model_of
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE
from firstwords.tokenizer.tokenizers.bytes import Bytes
from firstwords.tokenizer.tokenizers.unigram import Unigram
from firstwords.tokenizer.tokenizers.word_piece import WordPiece

TEXTS = ["the longest words of the longest text, again and again"] * 9


@pytest.mark.parametrize("trainer", [ByteBPE(), Unigram(), WordPiece(), Bytes()])
def test_our_own_are_taken_over(trainer):
    assert model_of(trainer.train([TEXTS], 600)._backend) is not None


def changed(**fields):
    state = json.loads(ByteBPE().train([TEXTS], 300)._backend.to_str())
    state["model"] |= fields
    return Tokenizer.from_str(json.dumps(state))


def test_what_the_compiled_code_does_not_do_is_left_to_the_library():
    assert model_of(changed()) is not None
    assert model_of(changed(dropout=0.1)) is None
    assert model_of(changed(unk_token="<|pad|>")) is None
    added = changed()
    added.add_tokens([AddedToken("again", special=False)])
    assert model_of(added) is None
    normalized = changed()
    normalized.normalizer = normalizers.NFC()
    assert model_of(normalized) is None
    other = changed()
    other.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(r"\w+"), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
    )
    assert model_of(other) is None
    words = Tokenizer(models.WordLevel({"a": 0}, unk_token="a"))
    words.pre_tokenizer, words.decoder = changed().pre_tokenizer, decoders.ByteLevel()
    assert model_of(words) is None


def test_arrow_slices_and_many_threads_give_the_same():
    import pyarrow as pa

    own = model_of(ByteBPE().train([TEXTS], 300)._backend)
    texts = [f"{i} times the longest text" * 40 for i in range(200)]
    ids, bounds = Encoder(own, 1).encode(texts)
    again, places = Encoder(own, 4).encode(pa.array(["x", *texts]).slice(1))
    assert again.tolist() == ids.tolist()
    assert places.tolist() == bounds.tolist()
