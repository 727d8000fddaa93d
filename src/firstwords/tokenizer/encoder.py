"""The fast way from texts to token ids, for the tokenizers that are trained here.

It reads what it needs from the library's own description of a tokenizer, so that there is one source of truth, and
gives the ids that the library gives. Its memory does not grow with the amount of text.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from firstwords.tokenizer import encode_kernels as kernels
from firstwords.tokenizer.alphabet import BYTE_CHARACTERS, read
from firstwords.tokenizer.characters import character_classes
from firstwords.tokenizer.patterns import max_word_bytes, pattern_of
from firstwords.tokenizer.text_buffers import shares, text_buffers
from firstwords.tokenizer.word_counts import PATTERN_NUMBERS

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Backend

    from firstwords.tokenizer.text_buffers import Texts

# Words that are kept at most: their table takes 8 MB a thread, about what stays near a core.
WORD_ROWS = 2**18
_FREE = np.uint64(2**64 - 1)
_NO_IDS = np.zeros(0, np.int32)


@dataclass(frozen=True)
class Model:
    """What the kernel needs to know of a tokenizer; see `encode_kernels.encode`."""

    pattern: int
    max_word: int
    kind: int
    table: np.ndarray
    byte_ids: np.ndarray = field(default_factory=lambda: _NO_IDS)
    piece_ids: np.ndarray = field(default_factory=lambda: _NO_IDS)
    scores: np.ndarray = field(default_factory=lambda: np.zeros(0))
    whole_words: tuple[tuple[bytes, int], ...] = ()


def model_of(backend: Backend) -> Model | None:
    """The tokenizer as the kernel needs it; None if it is of another make than those trained here."""
    pattern = pattern_of(backend)
    state = json.loads(backend.to_str())
    if pattern is None or any(not token["special"] for token in state["added_tokens"]):
        return None
    special = {token["content"] for token in state["added_tokens"]}
    settings: dict[str, Any] = {"pattern": PATTERN_NUMBERS[pattern], "max_word": max_word_bytes(backend)}
    model = state["model"]
    build = {"BPE": _merges, "Unigram": _pieces, "WordPiece": _longest}.get(model["type"])
    return build(model, special, settings) if build else None


def _merges(model: dict[str, Any], special: set[str], settings: dict[str, Any]) -> Model | None:
    vocabulary = model["vocab"]
    plain = not any(
        model.get(name) for name in ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback")
    )
    if not plain or model.get("unk_token") or any(character not in vocabulary for character in BYTE_CHARACTERS):
        return None
    merges = [tuple(each.split(" ")) if isinstance(each, str) else each for each in model["merges"]]
    keys = np.array([vocabulary[a] << 32 | vocabulary[b] for a, b in merges], np.uint64)
    values = np.array([rank << 32 | vocabulary[a + b] for rank, (a, b) in enumerate(merges)], np.uint64)
    whole: tuple[tuple[bytes, int], ...] = ()
    if model.get("ignore_merges"):
        found = [(read(token), number) for token, number in vocabulary.items() if token not in special]
        if any(token is None for token, _ in found):
            return None
        whole = tuple((token, number) for token, number in found if token)
    byte_ids = np.array([vocabulary[character] for character in BYTE_CHARACTERS], np.int32)
    return Model(kind=kernels.MERGES, table=_table(keys, values), byte_ids=byte_ids, whole_words=whole, **settings)


def _pieces(model: dict[str, Any], special: set[str], settings: dict[str, Any]) -> Model | None:
    pieces = {}
    for number, (token, _) in enumerate(model["vocab"]):
        if token not in special:
            pieces[read(token)] = number
    if None in pieces or model.get("byte_fallback") or any(bytes([byte]) not in pieces for byte in range(256)):
        return None
    table, ids = _trie([pieces])
    scores = np.array([score for _, score in model["vocab"]], np.float64)
    return Model(kind=kernels.LIKELIEST, table=table, piece_ids=ids, scores=scores, **settings)


def _longest(model: dict[str, Any], special: set[str], settings: dict[str, Any]) -> Model | None:
    prefix = model["continuing_subword_prefix"]
    first: dict[bytes | None, int] = {}
    later: dict[bytes | None, int] = {}
    for token, number in model["vocab"].items():
        if token in special:
            continue
        if prefix and token.startswith(prefix):
            later[read(token.removeprefix(prefix))] = number
        else:
            first[read(token)] = number
    bounded = 0 < settings["max_word"] <= model["max_input_chars_per_word"]
    complete = all(bytes([byte]) in first and bytes([byte]) in later for byte in range(256))
    if None in first or None in later or not bounded or not complete:
        return None
    table, ids = _trie([first, later])
    return Model(kind=kernels.LONGEST, table=table, piece_ids=ids, **settings)


def _trie(roots: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """A trie for each set of pieces, node numbers beginning with the roots; its children as a table, its pieces."""
    children: dict[tuple[int, int], int] = {}
    ids = [-1] * len(roots)
    for root, pieces in enumerate(roots):
        for piece, number in pieces.items():
            node = root
            for byte in piece:
                below = children.setdefault((node, byte), len(ids))
                if below == len(ids):
                    ids.append(-1)
                node = below
            ids[node] = number
    keys = np.array([node << 8 | byte for node, byte in children], np.uint64)
    return _table(keys, np.array(list(children.values()), np.uint64)), np.array(ids, np.int32)


def _table(keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """A table for `find_pair`, at most a quarter full."""
    table = np.full((max(16, 1 << (4 * len(keys)).bit_length()), 2), _FREE, np.uint64)
    if len(keys):
        kernels.fill_pairs(table, keys, values)
    return table


class Encoder:
    """Encodes many texts with compiled code.

    Args:
        model: The tokenizer.
        threads: The ids do not depend on their number.
    """

    def __init__(self, model: Model, threads: int) -> None:
        self._model = model
        self.threads = threads
        self._known = kernels.CACHED_BYTES
        rows = max(WORD_ROWS, 1 << (4 * len(model.whole_words)).bit_length())
        words = np.zeros((rows, 4), np.uint64)
        state = np.zeros(6, np.int64)
        met = (np.empty(2 * rows, np.int32), np.empty(8 * rows, np.uint8))
        if model.whole_words:
            texts, ids = zip(*model.whole_words, strict=True)
            self._known = max(self._known, *map(len, texts))
            data = np.frombuffer(b"".join(texts), np.uint8)
            met = (met[0], np.empty(len(met[1]) + len(data), np.uint8))
            offsets = np.cumsum([0, *map(len, texts)])
            kernels.remember_all(data, offsets, np.array(ids, np.int32), words, *met, state)
        # Words of the vocabulary may lie anywhere in the arrays, so every thread begins with a copy.
        self._fresh = words, state[:3].copy()
        self._memories = [
            _Memory(words.copy(), met[0].copy(), met[1].copy(), state.copy()) for _ in range(max(1, threads))
        ]

    def encode(self, texts: Texts) -> tuple[np.ndarray, np.ndarray]:
        """Ids of texts, one after another (int32), and the bounds of each text in them (D + 1, int64).

        Raises:
            ValueError: If a text has a lone surrogate.
        """
        data, offsets = text_buffers(texts)
        if self.threads <= 1 or offsets[-1] - offsets[0] < 2**16:
            parts = [self._part(self._memories[0], data, offsets)]
        else:
            runs = shares(offsets, self.threads)
            with ThreadPoolExecutor(self.threads) as pool:
                parts = list(pool.map(lambda memory, run: self._part(memory, data, run), self._memories, runs))
        if len(parts) == 1:
            return parts[0]
        starts = np.cumsum([0, *(len(ids) for ids, _ in parts)])
        bounds = [each[1:] + start for (_, each), start in zip(parts, starts[:-1], strict=True)]
        return np.concatenate([ids for ids, _ in parts]), np.concatenate([[0], *bounds])

    def _part(self, memory: _Memory, data: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        model = self._model
        out = np.empty(int(offsets[-1] - offsets[0]) // 2 + 1024, np.int32)
        bounds = np.zeros(len(offsets), np.int64)
        memory.state[3:] = 0
        while not kernels.encode(
            data, offsets, character_classes(), model.pattern, model.max_word, self._known, model.kind, model.table,
            model.byte_ids, model.piece_ids, model.scores, memory.words, memory.ids, memory.bytes, *self._fresh,
            memory.state, out, bounds,
        ):  # fmt: skip
            out = np.concatenate([out, np.empty_like(out)])
        return out[: memory.state[kernels.WRITTEN]], bounds


@dataclass(frozen=True)
class _Memory:
    """The words that one thread has met."""

    words: np.ndarray
    ids: np.ndarray
    bytes: np.ndarray
    state: np.ndarray
