"""The default size follows the text, and says so."""

import pytest

from firstwords.errors import RecipeError
from firstwords.tokenizer.sizing import chosen_size, default_vocab_size, refuse_below


def test_the_size_follows_the_text():
    assert default_vocab_size(100_000_000)[0] == 16_384
    assert default_vocab_size(25_000_000)[0] == 8_192
    assert default_vocab_size(100)[0] == 512
    assert "kept within" in default_vocab_size(100)[1]
    assert default_vocab_size(10**12)[0] == 65_536
    assert "25.0 MB" in default_vocab_size(25_000_000)[1]
    assert chosen_size(1000, 10**9) == (1000, "set in the recipe")
    assert chosen_size(None, 100_000_000) == default_vocab_size(100_000_000)


def test_too_small_a_size_is_refused():
    refuse_below(10, None, "ten things")
    refuse_below(10, 10, "ten things")
    with pytest.raises(RecipeError, match="vocab_size 9 is too small: ten things need 10"):
        refuse_below(10, 9, "ten things")
