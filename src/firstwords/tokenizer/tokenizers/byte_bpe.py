"""Byte-level byte-pair encoding: every string has tokens, and every token sequence of a string gives it back."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from firstwords.errors import RecipeError
from firstwords.recipe import Count
from firstwords.tokenizer.patterns import Pattern, pre_tokenizer
from firstwords.tokenizer.tokenizer import INFILLING_TOKENS, SPECIAL_TOKENS, Tokenizer, TokenizerTrainer

NUM_BYTES = 256
SMALLEST = NUM_BYTES + len(SPECIAL_TOKENS)


@dataclass(frozen=True, kw_only=True)
class ByteBPE(TokenizerTrainer):
    """Byte-pair encoding over bytes (Sennrich et al. 2016; Radford et al. 2019).

    Attributes:
        vocab_size: Entries: three special tokens, 256 bytes, merges. None: by the size of the training text.
        pattern: How text is cut into words, inside which merges stay. On the standard library's documentation without
            its indentation llama3 needs 11 % fewer tokens than gpt2, on novels 1 %; with the indentation 4 % more
            (docs/log/2026-11-22-word-patterns.md).
        min_frequency: A merge must have been seen so often.
        infilling: Whether there are three more special tokens, for models that learn to fill in the middle of a text.
    """

    libraries: ClassVar[tuple[str, ...]] = ("tokenizers",)

    vocab_size: Count | None = None
    pattern: Pattern = "llama3"
    min_frequency: int = 2
    infilling: bool = False

    def __post_init__(self) -> None:
        if self.vocab_size is not None and self.vocab_size < SMALLEST:
            raise RecipeError(
                f"vocab_size {self.vocab_size} is too small: {NUM_BYTES} bytes and {len(SPECIAL_TOKENS)} special "
                f"tokens need {SMALLEST}"
            )

    def size(self, num_bytes: int) -> tuple[int, str]:
        """The field, or a number from the size of the text; see `default_vocab_size`."""
        if self.vocab_size is not None:
            return self.vocab_size, "set in the recipe"
        return default_vocab_size(num_bytes)

    def train(self, batches: Iterable[list[str]], vocab_size: int) -> Tokenizer:
        """Learn the merges; special tokens have the ids 0, 1 and 2, bytes the next 256."""
        from tokenizers import Tokenizer as Backend
        from tokenizers import decoders, models, pre_tokenizers, trainers

        # With the llama3 pattern llama.cpp takes a word that is an entry as it is, without walking through its merges.
        # The two differ for a few words with repeated letters; both sides must do the same.
        backend = Backend(models.BPE(ignore_merges=self.pattern == "llama3"))
        backend.pre_tokenizer = pre_tokenizer(self.pattern)
        backend.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=vocab_size,
            min_frequency=self.min_frequency,
            special_tokens=[*SPECIAL_TOKENS, *(INFILLING_TOKENS if self.infilling else ())],
            # All bytes, also those the text lacks: nothing may ever be unknown.
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        backend.train_from_iterator(batches, trainer)
        return Tokenizer(backend)


def default_vocab_size(num_bytes: int) -> tuple[int, str]:
    """A vocabulary that fits the text: 16,384 entries for 100 MB, growing with the square root.

    Distinct words grow about with the square root of a text (Heaps 1978), so the share of entries that are too rare to
    be learnt stays alike. At most 65,536, the most that two bytes a token can number; a multiple of 256, which divides
    evenly into what matrix products work in.

    Args:
        num_bytes: UTF-8 bytes of the training text.

    Returns:
        The number of entries, and the reason in words.
    """
    entries = 256 * round(16_384 * math.sqrt(num_bytes / 100e6) / 256)
    chosen = min(max(entries, 512), 65_536)
    reason = f"16,384 x sqrt({num_bytes / 1e6:,.1f} MB / 100 MB), to the next 256 (distinct words: Heaps' law)"
    return chosen, reason if chosen == entries else f"{reason}, kept within 512 to 65,536"
