"""Where words begin in rows of token ids, for masking and scoring whole words.

Whether a token begins a word depends on the token before it: `cat` behind ` con` goes on with a word, behind `(` it
begins one. Two tables over the vocabulary decide it for whole rows at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from firstwords.tokenizer.tokenizer import Tokenizer

# How vocabularies write a space before a word (byte-level BPE, SentencePiece), and the rest of one (WordPiece).
SPACE_MARKS = ("\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}", "\N{LOWER ONE EIGHTH BLOCK}")
REST_MARK = "##"


@dataclass(frozen=True)
class WordJoints:
    """How tokens join to words.

    Attributes:
        goes_on: (V,) bool, the token's first character can stand inside a word.
        is_open: (V,) bool, its last one can, or is the space before a word.
    """

    goes_on: np.ndarray
    is_open: np.ndarray

    def word_starts(self, ids: np.ndarray, bounds: np.ndarray) -> np.ndarray:
        """(T,) bool, whether a word begins at each token; a sign is a word by itself.

        Args:
            ids: (T,) token ids of documents.
            bounds: (D + 1,) where the documents begin.
        """
        starts = np.ones(len(ids), dtype=bool)
        starts[1:] = ~(self.goes_on[ids[1:]] & self.is_open[ids[:-1]])
        starts[bounds[:-1]] = True
        return starts


def word_joints(tokenizer: Tokenizer | Path) -> WordJoints:
    """The tables of a tokenizer, or of the one in a folder."""
    from firstwords.tokenizer.tokenizer import Tokenizer

    if isinstance(tokenizer, Path):
        tokenizer = Tokenizer.load(tokenizer)
    goes_on = np.zeros(tokenizer.vocab_size, dtype=bool)
    is_open = np.zeros(tokenizer.vocab_size, dtype=bool)
    special = {tokenizer.end_of_text, tokenizer.pad, tokenizer.mask}
    if tokenizer.infilling is not None:
        special |= {tokenizer.infilling + number for number in range(3)}
    for token_id in range(tokenizer.vocab_size):
        written, text = tokenizer.token(token_id) or "", tokenizer.decode([token_id])
        if token_id in special or not text:
            continue
        # A space that found no token of its word is the word's beginning.
        is_open[token_id] = text[-1] == " " or _is_inside(text[-1])
        has_space = written.startswith(SPACE_MARKS) or text[0].isspace()
        goes_on[token_id] = written.startswith(REST_MARK) or (not has_space and _is_inside(text[0]))
    return WordJoints(goes_on, is_open)


def _is_inside(character: str) -> bool:
    # A part of a character decodes to the replacement character: such parts belong together.
    return character.isalnum() or character in "_\N{REPLACEMENT CHARACTER}"
