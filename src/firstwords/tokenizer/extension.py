"""More entries for a byte-level vocabulary, learnt on another text and put behind those that are there.

The new merges rank behind all old ones, so a text becomes the tokens that it was, and then some neighbours of them are
joined: old ids keep their meaning, and a text without the new strings keeps its tokens. What a new entry is made of is
written down, so that a model can begin with what it knows of the pieces.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from firstwords.artifact import atomic_write, write_json
from firstwords.errors import RecipeError
from firstwords.tokenizer.patterns import PATTERNS, pattern_of
from firstwords.tokenizer.tokenizer import Tokenizer, take_over

if TYPE_CHECKING:
    from firstwords.tokenizer.text_buffers import Texts

EXTENSION = "extension.json"
# Chosen, not measured: an entry that is met more rarely moves little from where it began.
MIN_COUNT = 20


@dataclass(frozen=True)
class Extension:
    """The entries that were added.

    Attributes:
        first: Id of the first; the others follow.
        pieces: Of each, the ids of the old vocabulary that it takes the place of.
    """

    first: int
    pieces: tuple[tuple[int, ...], ...]

    @property
    def vocab_size(self) -> int:
        """Entries of the whole vocabulary."""
        return self.first + len(self.pieces)

    @classmethod
    def read(cls, folder: Path) -> Extension | None:
        """What was added to the tokenizer of a folder; None if it was not extended."""
        place = folder / EXTENSION
        if not place.is_file():
            return None
        values = json.loads(place.read_text(encoding="utf-8"))
        return cls(values["first"], tuple(map(tuple, values["pieces"])))


def extend(source: Path, folder: Path, batches: Iterable[Texts], num_entries: int) -> Tokenizer:
    """Write the tokenizer of a folder with more entries into another, with `extension.json` beside it.

    Args:
        source: With `tokenizer.json`.
        folder: Where the files go.
        batches: The text to learn them from.
        num_entries: At most so many; fewer where the text does not repeat itself.

    Raises:
        RecipeError: If the tokenizer is not a byte-level BPE with one of our patterns.
    """
    from tokenizers import Tokenizer as Backend

    take_over(source, folder)
    backend = Backend.from_file(str(source / "tokenizer.json"))
    pattern = pattern_of(backend)
    state = json.loads(backend.to_str())
    if state["model"]["type"] != "BPE" or pattern is None:
        raise RecipeError(
            "extend_vocabulary adds merges to byte-level BPE with the pattern of "
            f"{' or '.join(PATTERNS)}; this tokenizer is a {state['model']['type']} of another make"
        )
    first = backend.get_vocab_size(with_added_tokens=True)
    pairs = _learn(backend, pattern, batches, first, num_entries)  # type: ignore[arg-type]
    pieces = _add(state["model"], pairs, first, num_entries)
    with atomic_write(folder / "tokenizer.json") as temporary:
        Backend.from_str(json.dumps(state)).save(str(temporary))
    write_json(folder / EXTENSION, {"first": first, "pieces": pieces})
    return Tokenizer.load(folder)


def _learn(backend: Any, pattern: Any, batches: Iterable[Texts], first: int, num_entries: int) -> list[list[int]]:
    """Pairs to merge, in the order in which they are learnt: the old encoding of every word is where it begins."""
    from firstwords.tokenizer.alphabet import BYTE_CHARACTERS
    from firstwords.tokenizer.merge_kernels import learn_merges
    from firstwords.tokenizer.word_counts import count_words

    words = count_words(batches, pattern)
    data = words.data.tobytes()
    symbols: list[int] = []
    offsets = [0]
    for begin, end in zip(words.offsets[:-1].tolist(), words.offsets[1:].tolist(), strict=True):
        written = "".join(BYTE_CHARACTERS[byte] for byte in data[begin:end])
        symbols += [token.id for token in backend.model.tokenize(written)]
        offsets.append(len(symbols))
    # Some pairs spell an entry that is there already, by another way; they need no new one.
    most = num_entries + num_entries // 4 + 16
    found = learn_merges(np.array(symbols, np.int32), np.array(offsets, np.int64), words.counts, first, most, MIN_COUNT)
    return [list(map(int, pair)) for pair in found]


def _add(model: dict[str, Any], pairs: list[list[int]], first: int, num_entries: int) -> list[list[int]]:
    """Put the pairs behind the merges of a tokenizer's description; the old pieces of each new entry."""
    vocabulary: dict[str, int] = model["vocab"]
    token_of = {number: token for token, number in vocabulary.items()}
    as_text = bool(model["merges"]) and isinstance(model["merges"][0], str)
    known = {tuple(each.split(" ")) if as_text else tuple(each) for each in model["merges"]}
    pieces: list[list[int]] = []
    ids: dict[int, int] = {}  # what an entry was called while learning, and its id
    for called, (left_called, right_called) in enumerate(pairs, start=first):
        if len(pieces) == num_entries:
            break
        left, right = ids.get(left_called, left_called), ids.get(right_called, right_called)
        pair = (token_of[left], token_of[right])
        token = pair[0] + pair[1]
        if token not in vocabulary:
            vocabulary[token] = first + len(pieces)
            token_of[vocabulary[token]] = token
            pieces.append([*_old(left, first, pieces), *_old(right, first, pieces)])
        ids[called] = vocabulary[token]
        if pair not in known:
            known.add(pair)
            model["merges"].append(" ".join(pair) if as_text else list(pair))
    return pieces


def _old(token: int, first: int, pieces: list[list[int]]) -> list[int]:
    return [token] if token < first else pieces[token - first]
