"""An extended vocabulary: old ids and old texts stay, every string comes back, new entries stand for their pieces."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.errors import RecipeError
from firstwords.tokenizer.extension import Extension, extend
from firstwords.tokenizer.tokenizer import Tokenizer
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE
from firstwords.tokenizer.tokenizers.unigram import Unigram
from firstwords.tokenizer.tokenizers.word_piece import WordPiece

GENERAL = [f"the cat number {i} runs from the house to the garden and the river" for i in range(80)]
DOMAIN = [f"indemnification shall be governed by section {i} hereinafter the indemnified party" for i in range(80)]


@pytest.fixture(scope="module", params=["llama3", "gpt2"])
def made(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("extended")
    ByteBPE(pattern=request.param).train([GENERAL], 320).save(folder / "old")
    new = extend(folder / "old", folder / "new", [DOMAIN], 40)
    return Tokenizer.load(folder / "old"), new, Extension.read(folder / "new"), folder


def test_old_entries_keep_their_ids(made):
    old, new, added, _ = made
    assert [new.token(i) for i in range(old.vocab_size)] == [old.token(i) for i in range(old.vocab_size)]
    assert (old.end_of_text, old.pad, old.mask) == (new.end_of_text, new.pad, new.mask)
    assert added.first == old.vocab_size
    assert new.vocab_size == added.vocab_size == old.vocab_size + 40


def test_domain_text_becomes_shorter_and_other_text_stays(made):
    old, new, _, _ = made
    assert sum(map(len, new.encode_batch(DOMAIN))) < 0.6 * sum(map(len, old.encode_batch(DOMAIN)))
    assert new.encode("the cat runs to the river") == old.encode("the cat runs to the river")


def test_pieces_spell_the_entry(made):
    old, new, added, _ = made
    for number, pieces in enumerate(added.pieces, start=added.first):
        assert len(pieces) > 1 and max(pieces) < added.first
        assert "".join(old.token(piece) for piece in pieces) == new.token(number)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60) | st.lists(st.sampled_from(" ".join(DOMAIN[:3]).split()), max_size=9).map(" ".join))
def test_every_text_comes_back_and_its_new_tokens_open_into_the_old_ones(made, text):
    old, new, added, _ = made
    ids = new.encode(text)
    assert new.decode(ids) == text
    opened = [piece for i in ids for piece in (added.pieces[i - added.first] if i >= added.first else (i,))]
    assert old.decode(opened) == text
    assert len(ids) <= len(old.encode(text))


def test_the_compiled_encoder_agrees(made, monkeypatch):
    _, new, _, folder = made
    monkeypatch.setattr("firstwords.tokenizer.tokenizer.COMPILED_FROM_BYTES", 0)
    ids, bounds = Tokenizer.load(folder / "new").encode_flat(DOMAIN + GENERAL)
    lists = new.encode_batch(DOMAIN + GENERAL)
    assert ids.tolist() == [i for each in lists for i in each]
    assert len(bounds) == len(lists) + 1


def test_transformers_reads_it(made):
    transformers = pytest.importorskip("transformers")
    _, new, _, folder = made
    theirs = transformers.AutoTokenizer.from_pretrained(str(folder / "new"))
    assert [theirs.encode(text, add_special_tokens=False) for text in DOMAIN[:9]] == new.encode_batch(DOMAIN[:9])


def test_the_same_text_gives_the_same_bytes(made, tmp_path):
    _, _, _, folder = made
    extend(folder / "old", tmp_path, [DOMAIN[:30], DOMAIN[30:]], 40)
    for name in ("tokenizer.json", "extension.json"):
        assert (tmp_path / name).read_bytes() == (folder / "new" / name).read_bytes()


def test_rare_strings_get_no_entry(made, tmp_path):
    _, _, _, folder = made
    extend(folder / "old", tmp_path, [["quixotic"] * 19], 40)
    assert json.loads((tmp_path / "extension.json").read_text())["pieces"] == []


@pytest.mark.parametrize("kind", [Unigram(), WordPiece()])
def test_other_makes_are_refused(kind, tmp_path):
    kind.train([GENERAL], 300).save(tmp_path / "old")
    with pytest.raises(RecipeError, match="extend_vocabulary adds merges to byte-level BPE"):
        extend(tmp_path / "old", tmp_path / "new", [DOMAIN], 10)
