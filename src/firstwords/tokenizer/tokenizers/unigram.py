"""Unigram over bytes: of all ways to write a word with the entries the most probable one; every string comes back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from firstwords.recipe import Count
from firstwords.tokenizer.patterns import Pattern, pre_tokenizer
from firstwords.tokenizer.sizing import chosen_size, refuse_below
from firstwords.tokenizer.tokenizer import SPECIAL_TOKENS, Tokenizer, TokenizerTrainer

if TYPE_CHECKING:
    from firstwords.tokenizer.text_buffers import Texts

SMALLEST = len(SPECIAL_TOKENS) + 256
# Of special tokens, which are part of the list of pieces: less than any word could sum up to.
NEVER = -1e6


@dataclass(frozen=True, kw_only=True)
class Unigram(TokenizerTrainer):
    """The unigram language model of Kudo (2018), over bytes, so that nothing is unknown.

    A piece is a byte or whole characters inside a word of the pattern. llama.cpp has no counterpart; models with it
    leave as Hugging Face folders.

    Attributes:
        vocab_size: Entries: three special tokens, 256 bytes, pieces. None: by the size of the training text.
        pattern: How text is cut into words.
    """

    libraries: ClassVar[tuple[str, ...]] = ("tokenizers", "numba", "scipy")

    vocab_size: Count | None = None
    pattern: Pattern = "llama3"

    def __post_init__(self) -> None:
        refuse_below(SMALLEST, self.vocab_size, f"256 bytes and {len(SPECIAL_TOKENS)} special tokens")

    def size(self, num_bytes: int) -> tuple[int, str]:
        """The field, or a number from the size of the text; see `sizing.default_vocab_size`."""
        return chosen_size(self.vocab_size, num_bytes)

    def train(self, batches: "Iterable[Texts]", vocab_size: int) -> Tokenizer:
        """Learn the pieces; special tokens have the ids 0, 1 and 2, bytes the next 256, then pieces, best first."""
        from tokenizers import Tokenizer as Backend
        from tokenizers import decoders, models

        from firstwords.machine import num_cores
        from firstwords.tokenizer.alphabet import VOCABULARY_ORDER, written
        from firstwords.tokenizer.unigram_training import NUM_BYTES, learn_pieces
        from firstwords.tokenizer.word_counts import count_words

        pieces = learn_pieces(count_words(batches, self.pattern), vocab_size - len(SPECIAL_TOKENS), threads=num_cores())
        ordered = [pieces[byte] for byte in VOCABULARY_ORDER] + pieces[NUM_BYTES:]
        vocabulary = [(token, NEVER) for token in SPECIAL_TOKENS]
        vocabulary += [(written(text), score) for text, score in ordered]
        backend = Backend(models.Unigram(vocabulary, unk_id=None, byte_fallback=False))
        backend.pre_tokenizer = pre_tokenizer(self.pattern)
        backend.decoder = decoders.ByteLevel()
        return Tokenizer.trained(backend)
