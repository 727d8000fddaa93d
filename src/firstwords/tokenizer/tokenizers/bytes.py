"""Every byte of UTF-8 is a token: nothing is learnt, nothing is ever unknown."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from firstwords.tokenizer.tokenizer import SPECIAL_TOKENS, Tokenizer, TokenizerTrainer

if TYPE_CHECKING:
    from firstwords.tokenizer.text_buffers import Texts


@dataclass(frozen=True, kw_only=True)
class Bytes(TokenizerTrainer):
    """The 256 bytes (ByT5: Xue et al. 2022); sequences are about four times as long as with a learnt vocabulary.

    Written as byte-pair encoding without merges, which transformers and llama.cpp read.
    """

    libraries: ClassVar[tuple[str, ...]] = ("tokenizers",)

    def size(self, num_bytes: int) -> tuple[int, str]:
        """259, whatever the text."""
        return len(SPECIAL_TOKENS) + 256, f"256 bytes and {len(SPECIAL_TOKENS)} special tokens"

    def train(self, batches: "Iterable[Texts]", vocab_size: int) -> Tokenizer:
        """The tokenizer; no text is read. Special tokens have the ids 0, 1 and 2, byte b the id that `token` tells."""
        from tokenizers import Tokenizer as Backend
        from tokenizers import decoders, models

        from firstwords.tokenizer.alphabet import BYTE_CHARACTERS, VOCABULARY_ORDER
        from firstwords.tokenizer.patterns import pre_tokenizer

        tokens = [*SPECIAL_TOKENS, *(BYTE_CHARACTERS[byte] for byte in VOCABULARY_ORDER)]
        backend = Backend(models.BPE(vocab={token: number for number, token in enumerate(tokens)}, merges=[]))
        # Words change nothing here, but let long texts be cut, and are what llama.cpp asks for.
        backend.pre_tokenizer = pre_tokenizer("gpt2")
        backend.decoder = decoders.ByteLevel()
        return Tokenizer.trained(backend)
