"""Words become ids by merges, by likelihood or by the longest match; what was met before changes nothing."""

import itertools
import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.tokenizer import encode_kernels as kernels
from firstwords.tokenizer import encoder
from firstwords.tokenizer.encoder import Encoder, Model, model_of
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE

draw = random.Random(5)
TEXTS = [" ".join("".join(draw.choices("abc", k=draw.randint(1, 30))) for _ in range(40)) for _ in range(20)]


def model():
    return model_of(ByteBPE(pattern="gpt2").train([TEXTS], 330)._backend)


@settings(max_examples=60)
@given(st.text("abc", min_size=1, max_size=40))
def test_the_heap_finds_what_looking_at_all_pairs_finds(word):
    own = MODEL
    data = np.frombuffer(word.encode(), np.uint8)
    out, other = np.empty((2, 64), np.int32)
    number = kernels.merge_short(data, 0, len(data), own.byte_ids, own.table, out, 2, np.empty(64, np.int64))
    assert kernels.merge_long(data, 0, len(data), own.byte_ids, own.table, other, 2) == number
    assert out[2 : 2 + number].tolist() == other[2 : 2 + number].tolist()


MODEL = model()


def test_a_full_memory_is_emptied_and_space_for_ids_grows(monkeypatch):
    expected = Encoder(MODEL, 1).encode(TEXTS)
    monkeypatch.setattr(encoder, "WORD_ROWS", 8)
    small = Encoder(MODEL, 1)
    for _ in range(2):
        ids, bounds = small.encode(TEXTS)
        assert ids.tolist() == expected[0].tolist()
        assert bounds.tolist() == expected[1].tolist()
    # One id a byte, which is more than is set aside at first.
    texts = ["xyz" * 2000, "z"]
    ids, bounds = small.encode(texts)
    assert bounds.tolist() == [0, 6000, 6001]
    assert ids.tolist() == [*[MODEL.byte_ids[ord(sign)] for sign in "xyz" * 2000 + "z"]]


@settings(max_examples=60)
@given(st.lists(st.integers(-9, -1), min_size=8, max_size=8), st.text("ab", min_size=1, max_size=7))
def test_the_likeliest_segmentation_is_found(numbers, word):
    texts = [b"a", b"b", b"ab", b"ba", b"aa", b"aba", b"bb", b"abab"]
    scores = dict(zip(texts, numbers, strict=True))
    table, piece_ids = encoder._trie([{text: i for i, text in enumerate(texts)}])
    data, out = np.frombuffer(word.encode(), np.uint8), np.empty(9, np.int32)
    number = kernels.likeliest(data, 0, len(data), table, piece_ids, np.array(numbers, np.float64), out, 0)
    found = [texts[i] for i in out[:number]]
    assert b"".join(found) == word.encode()
    ways = [split(word.encode(), cuts) for cuts in itertools.product((False, True), repeat=len(word) - 1)]
    best = max(sum(scores[part] for part in way) for way in ways if set(way) <= set(scores))
    assert sum(scores[part] for part in found) == best


def split(word, cuts):
    places = [0, *(i + 1 for i, cut in enumerate(cuts) if cut), len(word)]
    return [word[a:b] for a, b in itertools.pairwise(places)]


def test_the_longest_match_knows_the_start_of_a_word():
    table, piece_ids = encoder._trie([{b"a": 1, b"b": 2, b"ab": 3}, {b"a": 4, b"b": 5, b"ba": 6}])
    data, out = np.frombuffer(b"xababba", np.uint8), np.empty(9, np.int32)
    number = kernels.longest_match(data, 1, 6, table, piece_ids, out, 0)
    assert out[:number].tolist() == [3, 4, 5, 6]


def test_long_words_are_cut_where_asked():
    model = Model(pattern=1, max_word=2, kind=MODEL.kind, table=MODEL.table, byte_ids=MODEL.byte_ids)
    whole, parts = Encoder(MODEL, 1).encode(["aa", "bc"])[0], Encoder(model, 1).encode(["aabc"])[0]
    assert parts.tolist() == whole.tolist()
