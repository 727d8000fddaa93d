"""Sub-words of one class are spelt alike."""

import functools

import numpy as np
import pytest

from firstwords.tokenizer.spelling import SPACE, spelling_classes
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE


@functools.cache
def tokenizer():
    text = "the Name of HTTPServer and getName, 12 names; caf\xe9 JSONError the Name of the Thing of HTTP"
    return ByteBPE().train([[text] * 50], 330)


def class_of(token_id):
    classes = spelling_classes(tokenizer())
    start = classes.starts[token_id]
    return classes.members[start : start + classes.sizes[token_id]].tolist()


def test_every_id_is_in_its_class_and_classes_share_nothing():
    found = {tuple(class_of(token_id)) for token_id in range(tokenizer().vocab_size)}
    assert sorted(token_id for ids in found for token_id in ids) == list(range(tokenizer().vocab_size))
    assert all(token_id in class_of(token_id) for token_id in range(tokenizer().vocab_size))


@pytest.mark.parametrize(
    ("text", "alike", "unlike"),
    [(" the", " of", "the"), (" Name", " Thing", "Name"), ("HTTP", "JSON", "H"), ("n", "a", "N")],
)
def test_case_and_space_decide(text, alike, unlike):
    ids = {each: tokenizer().encode(each)[0] for each in (text, alike, unlike)}
    assert ids[alike] in class_of(ids[text])
    assert ids[unlike] not in class_of(ids[text])


def test_signs_digits_bytes_and_special_tokens_are_alone():
    for text in (";", "1", "\xe9"):
        assert class_of(tokenizer().encode(text)[0]) == [tokenizer().encode(text)[0]]
    assert class_of(tokenizer().mask) == [tokenizer().mask]


def test_draws_stay_in_the_class_and_reach_all_of_it():
    classes = spelling_classes(tokenizer())
    ids = np.arange(tokenizer().vocab_size)
    for chance in (0.0, 0.5, np.nextafter(1.0, 0.0)):
        drawn = classes.draw(ids, np.full((len(ids), 2), chance))
        assert all(new in class_of(old) for old, pair in zip(ids, drawn, strict=True) for new in pair)
    lower = tokenizer().encode("n")[0]
    drawn = classes.draw(np.array([lower]), np.linspace(0, 1, 2000, endpoint=False)[None])
    assert set(drawn[0].tolist()) == set(class_of(lower))
    assert SPACE not in {tokenizer().token(i)[0] for i in drawn[0]}
