"""Bytes: one id a byte."""

from firstwords.recipe import build
from firstwords.tokenizer.tokenizers.bytes import Bytes


def test_every_byte_has_its_id():
    trainer = build(Bytes, {})
    assert trainer.size(10**9) == (259, "256 bytes and 3 special tokens")
    tokenizer = trainer.train(iter([]), 259)
    assert tokenizer.vocab_size == 259
    text = "a\u00e9\u4e2d\U0001f642\x00\n "
    ids = tokenizer.encode(text)
    assert len(ids) == len(text.encode())
    assert min(ids) >= 3
    assert tokenizer.decode(ids) == text
    assert tokenizer.decode(ids[:2]) == "a\ufffd"
