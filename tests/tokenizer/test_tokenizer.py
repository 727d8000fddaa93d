"""The tokenizer: exact round trips, no injection of special tokens, the same ids in transformers."""

import functools
import itertools
import json
import os
import random
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.errors import RecipeError
from firstwords.tokenizer.tokenizer import END_OF_TEXT, MASK, PAD, SPECIAL_TOKENS, Tokenizer
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE
from firstwords.tokenizer.tokenizers.bytes import Bytes
from firstwords.tokenizer.tokenizers.unigram import Unigram
from firstwords.tokenizer.tokenizers.word_piece import WordPiece

TRAINING = [
    "Return the next item from the iterator. If default is given, it's returned.\n\n  >>> next(it)\n  12345\n",
    "Stra\u00dfe; \u3053\u3093\u306b\u3061\u306f \u4e16\u754c \U0001f642\U0001f642\r\n\tTabs too.",
    "the end <|endoftext|> is written as <|pad|> or <|mask|> in <|endoftext|> some pages",
] * 20

any_text = st.text(st.characters(exclude_categories=["Cs"]))


TRAINERS = {
    "gpt2": ByteBPE(pattern="gpt2"),
    "llama3": ByteBPE(pattern="llama3"),
    "unigram": Unigram(),
    "word_piece": WordPiece(pattern="gpt2"),
    "bytes": Bytes(),
}
SIZE = 600


@functools.cache
def trained(name):
    return TRAINERS[name].train([TRAINING], SIZE)


@pytest.fixture(scope="module", params=list(TRAINERS))
def tokenizer(request):
    return trained(request.param)


@given(text=any_text)
def test_every_string_comes_back(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(before=any_text, special=st.sampled_from(SPECIAL_TOKENS), after=any_text)
def test_text_never_becomes_a_special_token(tokenizer, before, special, after):
    text = before + special + after
    ids = tokenizer.encode(text)
    assert not set(ids) & {tokenizer.end_of_text, tokenizer.pad, tokenizer.mask}
    assert tokenizer.decode(ids, keep_special=False) == text


@given(text=any_text)
def test_offsets_cover_the_text(tokenizer, text):
    ids, offsets = tokenizer.encode_with_offsets(text)
    assert ids == tokenizer.encode(text)
    assert {i for start, end in offsets for i in range(start, end)} == set(range(len(text)))


def test_special_ids_come_first_and_are_named(tokenizer):
    assert (tokenizer.end_of_text, tokenizer.pad, tokenizer.mask) == (0, 1, 2)
    assert tokenizer.vocab_size == tokenizer._backend.get_vocab_size() <= SIZE
    ids = [*tokenizer.encode("ab"), tokenizer.end_of_text]
    assert tokenizer.decode(ids) == "ab<|endoftext|>"
    assert tokenizer.decode(ids, keep_special=False) == "ab"
    assert [tokenizer.token(i) for i in (0, 1, 2, tokenizer.vocab_size)] == [END_OF_TEXT, PAD, MASK, None]


def test_a_lone_surrogate_is_refused_with_its_place(tokenizer):
    for refuse in (tokenizer.encode, tokenizer.encode_with_offsets):
        with pytest.raises(ValueError, match=r"character 2 .*ud800"):
            refuse("ab\ud800")


def test_loading_says_what_is_wrong(tmp_path):
    with pytest.raises(RecipeError, match=r"no file tokenizer\.json"):
        Tokenizer.load(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(RecipeError, match="is not a tokenizer"):
        Tokenizer.load(tmp_path)
    from tokenizers import Tokenizer as Backend
    from tokenizers import models

    Backend(models.BPE()).save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(RecipeError, match="no special token"):
        Tokenizer.load(tmp_path)


def fuzzed(number: int) -> list[str]:
    """Strings that tell tokenizers apart: leading spaces, look-alikes, composed and decomposed letters, odd spaces."""
    draw = random.Random(7)
    parts = [
        *[" ", "  ", "\n", "\n\n", "\t", "\r\n", "\u00a0", "\u2028", "\u200b", "\x00", "\x1c", "\ufeff", "\ufffd"],
        *["the", "The", " next", "it's", "IT'S", "'ll", "1", "2024", "123456", ".", "...", "!?", "(x)", "_a"],
        *["<|endoftext|>", "<|pad|>", "<|mask|>", "<|endoftext", "|>", "<s>", "</s>", "[MASK]", "<|im_start|>"],
        *["\u00e9", "e\u0301", "\u00df", "\ufb01", "\uac00", "\u1100\u1161", "\u3053\u3093", "\u0627\u0644"],
        *["\U0001f642", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u2581", "\u0120"],
    ]
    made = [" leading", "  two", "", "<|endoftext|>", " <|endoftext|> ", "\u2581x"]
    while len(made) < number:
        text = "".join(draw.choices(parts, k=draw.randint(1, 12)))
        noise = "".join(chr(draw.choice([*range(0xD800), *range(0xE000, 0x11000)])) for _ in range(draw.randint(0, 3)))
        made.append(text + noise)
    return made


@pytest.mark.parametrize(
    ("name", "model_type"),
    [
        *[("llama3", None), ("llama3", "qwen3"), ("llama3", "llama"), ("llama3", "eurobert"), ("gpt2", "qwen3")],
        *[("unigram", "eurobert"), ("word_piece", "eurobert"), ("bytes", "llama"), ("unigram", None)],
    ],
)
def test_transformers_gives_the_same_ids(tmp_path, name, model_type):
    transformers = pytest.importorskip("transformers")
    trained(name).save(tmp_path)
    if model_type:
        (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type, "vocab_size": SIZE}))
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    ours = Tokenizer.load(tmp_path)
    texts = fuzzed(1000)
    expected = ours.encode_batch(texts)
    assert theirs(texts)["input_ids"] == expected
    assert [theirs.decode(ids) for ids in expected] == texts
    assert (theirs.bos_token_id, theirs.eos_token_id, theirs.pad_token_id, theirs.mask_token_id) == (0, 0, 1, 2)
    assert "token_type_ids" not in theirs("a")
    # What transformers saves again is still the same tokenizer.
    theirs.save_pretrained(tmp_path / "again")
    assert transformers.AutoTokenizer.from_pretrained(tmp_path / "again")(texts)["input_ids"] == expected
    assert Tokenizer.load(tmp_path / "again").encode_batch(texts) == expected


def test_saving_gives_equal_bytes(tokenizer, tmp_path):
    tokenizer.save(tmp_path / "a")
    Tokenizer.load(tmp_path / "a").save(tmp_path / "b")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def flat(tokenizer, texts, threads=1):
    ids, bounds = tokenizer.encode_flat(texts, threads)
    return [ids[a:b].tolist() for a, b in itertools.pairwise(bounds.tolist())]


@pytest.fixture
def compiled(monkeypatch):
    """As for a large corpus."""
    monkeypatch.setattr("firstwords.tokenizer.tokenizer.COMPILED_FROM_BYTES", 0)


def test_a_corpus_gets_the_ids_of_single_texts(tokenizer, compiled):
    texts = [*fuzzed(1000), "", "a" * 3000, "-" * 500 + "\u00e9" * 200, "abab" * 100, "\n" * 100 + "\t" * 90 + "x"]
    expected = tokenizer.encode_batch(texts)
    for threads in (1, 3):
        assert flat(tokenizer, texts, threads) == expected
        assert flat(tokenizer, texts[::-1], threads) == expected[::-1]  # whatever was met before
    assert flat(tokenizer, []) == []
    with pytest.raises(ValueError, match="lone surrogate"):
        tokenizer.encode_flat(["\ud800"])


def test_little_text_is_left_to_the_library(tokenizer, monkeypatch):
    monkeypatch.setattr(tokenizer, "_num_bytes", 0)
    monkeypatch.setattr(tokenizer, "_compiled", None)
    assert flat(tokenizer, ["a b", "", "c"]) == tokenizer.encode_batch(["a b", "", "c"])


def real_texts(name):
    folder = Path(os.environ.get("FIRSTWORDS_DATA", "nowhere"))
    if not (folder / name).is_dir():
        pytest.skip("FIRSTWORDS_DATA is not set")
    if name == "robust-blns":
        return json.loads((folder / name / "blns.json").read_text(encoding="utf-8"))
    texts = []
    with tarfile.open(folder / name / "language-testdata.tar.xz") as archive:
        for member in archive:
            if member.isfile() and "sentences" in member.name:
                texts.append(archive.extractfile(member).read().decode("utf-8")[:12_000])
    assert len(texts) == 75
    return texts


@pytest.mark.parametrize("name", ["robust-blns", "langid-lingua"])
def test_real_strings_come_back_in_every_language(tokenizer, compiled, name):
    texts = real_texts(name)
    encoded = flat(tokenizer, texts, 2)
    assert [tokenizer.decode(ids) for ids in encoded] == texts
    assert encoded == tokenizer.encode_batch(texts)
    assert not {i for ids in encoded for i in ids} & {tokenizer.end_of_text, tokenizer.pad, tokenizer.mask}
