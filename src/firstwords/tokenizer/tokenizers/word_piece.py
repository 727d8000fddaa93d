"""WordPiece over bytes: a word is read from the left, each time the longest entry; every string comes back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from firstwords.recipe import Count
from firstwords.tokenizer.patterns import Pattern, pre_tokenizer
from firstwords.tokenizer.sizing import chosen_size, refuse_below
from firstwords.tokenizer.tokenizer import END_OF_TEXT, SPECIAL_TOKENS, Tokenizer, TokenizerTrainer

if TYPE_CHECKING:
    from firstwords.tokenizer.text_buffers import Texts

CONTINUES = "\uff03\uff03"
"""Stands before an entry that does not begin a word. BERT's `##` is also text: there `##a` in a page is taken for the
rest of a word. These two full-width signs stand for no byte, so nothing in a text can be mistaken for them."""

MAX_WORD_BYTES = 64
"""Longer words are cut: the library's search for the longest entry takes time with the cube of a word's length."""

SMALLEST = len(SPECIAL_TOKENS) + 2 * 256


@dataclass(frozen=True, kw_only=True)
class WordPiece(TokenizerTrainer):
    """WordPiece (Schuster & Nakajima 2012; Devlin et al. 2019) over bytes, so that nothing is unknown.

    Entries are learnt as in the Hugging Face trainer: by merging the most frequent pairs. All 256 bytes are entries
    both at the start of a word and inside one. llama.cpp has no counterpart; models with it leave as Hugging Face
    folders.

    Attributes:
        vocab_size: Entries: three special tokens, 512 for the bytes, merges. None: by the size of the training text.
        pattern: How text is cut into words.
        min_frequency: A merge must have been seen so often.
    """

    libraries: ClassVar[tuple[str, ...]] = ("tokenizers",)

    vocab_size: Count | None = None
    pattern: Pattern = "llama3"
    min_frequency: int = 2

    def __post_init__(self) -> None:
        refuse_below(SMALLEST, self.vocab_size, f"twice 256 bytes and {len(SPECIAL_TOKENS)} special tokens")

    def size(self, num_bytes: int) -> tuple[int, str]:
        """The field, or a number from the size of the text, at least 1,024."""
        entries, reason = chosen_size(self.vocab_size, num_bytes)
        if self.vocab_size is None and entries < 1024:
            return 1024, f"{reason}; at least 1,024, because every byte has two entries"
        return entries, reason

    def train(self, batches: "Iterable[Texts]", vocab_size: int) -> Tokenizer:
        """Learn the entries: special tokens are 0, 1 and 2, then bytes that begin a word, then bytes inside one."""
        import numpy as np
        from tokenizers import Regex, decoders, models
        from tokenizers import Tokenizer as Backend

        from firstwords.tokenizer.alphabet import BYTE_CHARACTERS, VOCABULARY_ORDER
        from firstwords.tokenizer.merge_kernels import learn_merges
        from firstwords.tokenizer.word_counts import count_words

        words = count_words(batches, self.pattern).cut(MAX_WORD_BYTES)
        byte_ids = np.empty(256, np.int32)
        byte_ids[list(VOCABULARY_ORDER)] = np.arange(len(SPECIAL_TOKENS), len(SPECIAL_TOKENS) + 256)
        symbols = byte_ids[words.data] + 256
        symbols[words.offsets[:-1]] -= 256
        pairs = learn_merges(symbols, words.offsets, words.counts, SMALLEST, vocab_size - SMALLEST, self.min_frequency)
        signs = [BYTE_CHARACTERS[byte] for byte in VOCABULARY_ORDER]
        tokens = [*SPECIAL_TOKENS, *signs, *(CONTINUES + sign for sign in signs)]
        for left, right in pairs.tolist():
            tokens.append(tokens[left] + tokens[right].removeprefix(CONTINUES))
        vocabulary = {token: number for number, token in enumerate(tokens)}
        assert len(vocabulary) == len(tokens), "two merges make the same token"
        backend = Backend(
            models.WordPiece(
                vocab=vocabulary,
                # Never given: every byte is an entry and no word is too long. The library wants one all the same.
                unk_token=END_OF_TEXT,
                max_input_chars_per_word=MAX_WORD_BYTES,
                continuing_subword_prefix=CONTINUES,
            )
        )
        backend.pre_tokenizer = pre_tokenizer(self.pattern, MAX_WORD_BYTES)
        backend.decoder = decoders.Sequence([decoders.Replace(Regex("^" + CONTINUES), ""), decoders.ByteLevel()])
        return Tokenizer.trained(backend)
