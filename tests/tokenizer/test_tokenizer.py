"""The tokenizer: exact round trips, no injection of special tokens, the same ids in transformers."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.errors import RecipeError
from firstwords.tokenizer.tokenizer import END_OF_TEXT, MASK, PAD, SPECIAL_TOKENS, Tokenizer
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE

TRAINING = [
    "Return the next item from the iterator. If default is given, it's returned.\n\n  >>> next(it)\n  12345\n",
    "Stra\u00dfe; \u3053\u3093\u306b\u3061\u306f \u4e16\u754c \U0001f642\U0001f642\r\n\tTabs too.",
    "the end <|endoftext|> is written as <|pad|> or <|mask|> in <|endoftext|> some pages",
] * 20

any_text = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.fixture(scope="module", params=["gpt2", "llama3"])
def tokenizer(request):
    return ByteBPE(vocab_size=420, pattern=request.param).train([TRAINING], 420)


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
    assert tokenizer.vocab_size == tokenizer._backend.get_vocab_size() <= 420
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
    ("pattern", "model_type"),
    [("llama3", None), ("llama3", "qwen3"), ("llama3", "llama"), ("llama3", "eurobert"), ("gpt2", "qwen3")],
)
def test_transformers_gives_the_same_ids(tmp_path, pattern, model_type):
    transformers = pytest.importorskip("transformers")
    ByteBPE(pattern=pattern).train([TRAINING], 420).save(tmp_path)
    if model_type:
        (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type, "vocab_size": 420}))
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
