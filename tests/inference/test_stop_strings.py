import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.errors import RecipeError
from firstwords.inference.stop_strings import StopStrings
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE

TEXT = "One. Two! Three?\n\nFour été. " * 20
TOKENIZER = ByteBPE(vocab_size=300).train([[TEXT]], 300)


def stops(*strings):
    return StopStrings(strings, TOKENIZER)


def test_a_string_is_seen_however_it_is_cut_into_tokens():
    ids = TOKENIZER.encode("One. Two! Three?")
    ends = [n for n in range(len(ids) + 1) if stops("wo! T")(ids[:n])]
    first = next(n for n in range(len(ids) + 1) if "wo! T" in TOKENIZER.decode(ids[:n]))
    assert ends[0] == first
    assert not stops()(ids)
    assert not stops("five")(ids)


def test_the_first_string_cuts():
    assert stops("c", "b").cut("abcd") == "a"
    assert stops("x").cut("abcd") == "abcd"


@given(st.text("ab", max_size=12), st.lists(st.text("ab", min_size=1, max_size=4), max_size=3))
def test_what_is_sure_never_belongs_to_a_stop(text, strings):
    stop = stops(*strings)
    text = stop.cut(text)
    sure = stop.num_sure(text)
    # Whatever follows, nothing that was given out is taken back.
    for more in ("", "a", "b", "ab", "ba", "aab", "bba", "abab"):
        assert stop.cut(text + more)[:sure] == text[:sure]
    if not strings:
        assert sure == len(text)


def test_an_empty_string_is_refused():
    with pytest.raises(RecipeError, match="empty"):
        stops("")
