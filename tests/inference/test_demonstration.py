"""A prompt is the same tokens as a whole and piece by piece, with every kind of tokenizer."""

import runpy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.find import catalogue, find
from firstwords.inference import demonstration
from firstwords.recipe import build

TINY = runpy.run_path(str(Path(__file__).parents[1] / "evaluation" / "tiny_artifacts.py"))
KINDS = sorted(catalogue("tokenizer.tokenizers"))
TOKENIZERS = {
    kind: build(find("tokenizer.tokenizers", kind), {}).train([TINY["sentences"](0, 200)], 320) for kind in KINDS
}
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=40)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3))
def test_pieces_join_into_the_whole(kind, pairs) -> None:
    tokenizer = TOKENIZERS[kind]
    for direct in (True, False):
        pieces = []
        for written, named in pairs:
            text, label = demonstration.tidy(written), demonstration.label_words(named)
            if not text or not label:
                continue
            if direct:
                pieces += [demonstration.question(text), demonstration.answer(label)]
            else:
                pieces += [demonstration.announcement(label), demonstration.announced(text)]
        joined = [token for piece in pieces for token in tokenizer.encode(piece)]
        assert joined == tokenizer.encode("".join(pieces))


def test_texts_are_put_on_one_line_and_cut() -> None:
    assert demonstration.tidy("a\n b\tc  d", 3) == "a b c"
    assert demonstration.tidy("x" * 900, 2) == "x" * 16
    assert demonstration.label_words("card_arrival ") == "card arrival"
