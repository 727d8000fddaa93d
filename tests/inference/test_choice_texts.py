import runpy
from pathlib import Path

import pytest

from firstwords.errors import RecipeError
from firstwords.inference.choice_texts import encode_choices

TINY = runpy.run_path(str(Path(__file__).parents[1] / "evaluation" / "tiny_artifacts.py"))


def test_both_are_encoded_together_and_an_empty_context_is_the_beginning():
    tokenizer = TINY["tokenizer"]()
    first, second = encode_choices(tokenizer, [[("the list", " of"), ("the list", " of names")], [("", "json")]])
    assert first.tokens == (tuple(tokenizer.encode("the list of")), tuple(tokenizer.encode("the list of names")))
    assert first.num_given == (len(tokenizer.encode("the list")),) * 2
    assert second.tokens == ((tokenizer.end_of_text, *tokenizer.encode("json")),) and second.num_given == (1,)


def test_a_continuation_without_tokens_is_refused():
    with pytest.raises(RecipeError, match="'' has no token of its own"):
        encode_choices(TINY["tokenizer"](), [[("the", "")]])
