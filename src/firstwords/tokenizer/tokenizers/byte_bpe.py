"""Byte-level byte-pair encoding: every string has tokens, and every token sequence of a string gives it back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from firstwords.recipe import Count
from firstwords.tokenizer.patterns import Pattern, pre_tokenizer
from firstwords.tokenizer.sizing import chosen_size, refuse_below
from firstwords.tokenizer.tokenizer import INFILLING_TOKENS, SPECIAL_TOKENS, Tokenizer, TokenizerTrainer

if TYPE_CHECKING:
    from firstwords.tokenizer.text_buffers import Texts

SMALLEST = len(SPECIAL_TOKENS) + 256


@dataclass(frozen=True, kw_only=True)
class ByteBPE(TokenizerTrainer):
    """Byte-pair encoding over bytes (Sennrich et al. 2016; Radford et al. 2019).

    The merges are those of the Hugging Face trainer, learnt about ten times as fast
    (docs/log/2026-11-26-tokenizers.md). The only kind that llama.cpp can run.

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
        special = self.special_tokens()
        refuse_below(len(special) + 256, self.vocab_size, f"256 bytes and {len(special)} special tokens")

    def special_tokens(self) -> list[str]:
        """The first entries of the vocabulary."""
        return [*SPECIAL_TOKENS, *(INFILLING_TOKENS if self.infilling else ())]

    def size(self, num_bytes: int) -> tuple[int, str]:
        """The field, or a number from the size of the text; see `sizing.default_vocab_size`."""
        return chosen_size(self.vocab_size, num_bytes)

    def train(self, batches: "Iterable[Texts]", vocab_size: int) -> Tokenizer:
        """Learn the merges; special tokens have the first ids, bytes the next 256."""
        import numpy as np
        from tokenizers import Tokenizer as Backend
        from tokenizers import decoders, models

        from firstwords.tokenizer.alphabet import BYTE_CHARACTERS, VOCABULARY_ORDER
        from firstwords.tokenizer.merge_kernels import learn_merges
        from firstwords.tokenizer.word_counts import count_words

        special = self.special_tokens()
        smallest = len(special) + 256
        words = count_words(batches, self.pattern)
        byte_ids = np.empty(256, np.int32)
        byte_ids[list(VOCABULARY_ORDER)] = np.arange(len(special), smallest)
        pairs = learn_merges(
            byte_ids[words.data], words.offsets, words.counts, smallest, vocab_size - smallest, self.min_frequency
        )
        tokens = [*special, *(BYTE_CHARACTERS[byte] for byte in VOCABULARY_ORDER)]
        merges = []
        for left, right in pairs.tolist():
            merges.append((tokens[left], tokens[right]))
            tokens.append(tokens[left] + tokens[right])
        vocabulary = {token: number for number, token in enumerate(tokens)}
        assert len(vocabulary) == len(tokens), "two merges make the same token"
        # With the llama3 pattern llama.cpp takes a word that is an entry as it is, without walking through its merges.
        # The two differ for a few words with repeated letters; both sides must do the same.
        backend = Backend(models.BPE(vocab=vocabulary, merges=merges, ignore_merges=self.pattern == "llama3"))
        backend.pre_tokenizer = pre_tokenizer(self.pattern)
        backend.decoder = decoders.ByteLevel()
        return Tokenizer.trained(backend, special)
