"""Text to token ids and back, and the contract of what makes a tokenizer.

A tokenizer is stored as `tokenizer.json` and `tokenizer_config.json`, which transformers' AutoTokenizer reads as they
are. Nothing is ever added to a text, and text never becomes a special token: a page that says `<|endoftext|>` is
encoded as those 13 characters, so no document can end itself or forge a boundary. Special ids are placed by code only.
"""

import json
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from firstwords.artifact import atomic_write, write_json
from firstwords.errors import RecipeError
from firstwords.recipe import Component
from firstwords.tokenizer.chat_template import ChatTemplate, read_template, special_names
from firstwords.tokenizer.correction import KNOWN_WORDS, KnownWords
from firstwords.tokenizer.patterns import pattern_of, pieces

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Tokenizer as Backend

    from firstwords.tokenizer.encoder import Encoder
    from firstwords.tokenizer.text_buffers import Texts

END_OF_TEXT = "<|endoftext|>"
PAD = "<|pad|>"
MASK = "<|mask|>"
SPECIAL_TOKENS = (END_OF_TEXT, PAD, MASK)
# Before a prefix, before a suffix, before the middle between them: for models that learn to fill in the middle.
INFILLING_TOKENS = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")

# The library keeps about 100 bytes for every byte it is encoding: longer texts are cut, batches are bounded.
PIECE_CHARACTERS = 2**17
BATCH_CHARACTERS = 2**22

# From so many bytes on, compiled code takes over from the library. It gives the same ids ten times as fast, but takes a
# second to load (and twenty to compile, once).
COMPILED_FROM_BYTES = 4 * 2**20


@dataclass(frozen=True, kw_only=True)
class TokenizerTrainer(Component):
    """Makes a tokenizer from text; one file of `tokenizers/` each."""

    @abstractmethod
    def size(self, num_bytes: int) -> tuple[int, str]:
        """The number of vocabulary entries to train, and why so many.

        Args:
            num_bytes: UTF-8 bytes of the training text.
        """

    @abstractmethod
    def train(self, batches: "Iterable[Texts]", vocab_size: int) -> "Tokenizer":
        """Learn a vocabulary; the same texts in the same order give the same tokenizer, byte for byte.

        Args:
            batches: The training texts, as lists or Arrow arrays, read once and never held together.
            vocab_size: As `size` gave it; the result has fewer entries where the text does not offer so many.
        """


class Tokenizer:
    """A trained tokenizer.

    Attributes:
        vocab_size: Number of ids, special ones included.
        end_of_text: Id that follows every document and stands before the first token (end and begin of sequence).
        pad: Id that fills up batches outside this package (ours have no padding).
        optional_mask: Id that hides a token from a masked language model; None where a foreign tokenizer has none.
        unknown: Id of what a foreign vocabulary cannot write; None where, as in ours, there is nothing of the kind.
        infilling: First of the three ids of `INFILLING_TOKENS`; None where the vocabulary has none.
        template: How conversations are written; None where the folder says nothing of it.
        known_words: What unknown words of a classifier's texts are corrected to; None where they stay.

    Args:
        backend: The library's.
        special: Names of these three tokens; another's are in its folder.
    """

    def __init__(self, backend: "Backend", special: tuple[str, str, str | None] = SPECIAL_TOKENS) -> None:
        self._backend = backend
        backend.encode_special_tokens = True  # text that looks like a special token stays text
        backend.no_truncation()
        backend.no_padding()
        self._can_be_cut = pattern_of(backend) is not None
        self._encoder: Encoder | None = None
        self._frame: tuple[list[int], list[int]] | None = None
        self._num_bytes = 0
        self.vocab_size: int = backend.get_vocab_size()
        self.end_of_text, self.pad = (self._special(token) for token in special[:2])
        self.optional_mask = None if special[2] is None else self._special(special[2])
        self.unknown = _unknown_id(backend)
        infilling = [backend.token_to_id(token) for token in INFILLING_TOKENS]
        first = infilling[0]
        self.infilling: int | None = first if first is not None and infilling[1:] == [first + 1, first + 2] else None
        self.template: ChatTemplate | None = None
        self.known_words: KnownWords | None = None

    @property
    def special(self) -> dict[str, int]:
        """All special tokens: name to id."""
        added = self._backend.get_added_tokens_decoder()
        return {token.content: number for number, token in sorted(added.items()) if token.special}

    @property
    def mask(self) -> int:
        """Id that hides a token from a masked language model.

        Raises:
            RecipeError: If there is none.
        """
        if self.optional_mask is None:
            raise RecipeError("the tokenizer has no token that stands for a hidden one: it cannot be used with masks")
        return self.optional_mask

    def _special(self, token: str) -> int:
        found = self._backend.token_to_id(token)
        if found is None:
            raise RecipeError(f"the tokenizer has no special token {token}")
        return found

    @property
    def frame(self) -> tuple[list[int], list[int]]:
        """Ids that stand before and behind every text a foreign model was trained on, `[CLS]` and `[SEP]` of BERT.

        They are in the tokenizer's template for one text; tokenizers made here have none.
        """
        if self._frame is None:
            encoded = self._backend.encode("a")
            added = encoded.special_tokens_mask
            first = added.index(0) if 0 in added else 0
            last = len(added) - added[::-1].index(0) if 0 in added else 0
            self._frame = encoded.ids[:first], encoded.ids[last:]
        return self._frame

    @classmethod
    def trained(cls, backend: "Backend", special: Sequence[str] = SPECIAL_TOKENS) -> "Tokenizer":
        """A tokenizer whose vocabulary begins with the special tokens, which become known as such."""
        backend.add_special_tokens(list(special))
        return cls(backend)

    @classmethod
    def load(cls, folder: Path | str) -> "Tokenizer":
        """Read `tokenizer.json` of a folder (a tokenizer's or a model's).

        Raises:
            RecipeError: If there is none, or it cannot be read.
        """
        from tokenizers import Tokenizer as Backend

        path = Path(folder) / "tokenizer.json"
        if not path.is_file():
            raise RecipeError(f"no tokenizer in {folder}: it has no file tokenizer.json")
        try:
            backend = Backend.from_file(str(path))
        except Exception as error:  # the library raises nothing more specific
            raise RecipeError(f"{path} is not a tokenizer: {error}") from error
        try:
            tokenizer = cls(backend, special_tokens(Path(folder)))
        except RecipeError as error:
            raise RecipeError(f"{path}: {error}") from None
        source = read_template(Path(folder))
        if source is not None:
            tokenizer.template = ChatTemplate(source, special_names(Path(folder)), tuple(tokenizer.special))
        tokenizer.known_words = KnownWords.load(Path(folder))
        return tokenizer

    def save(self, folder: Path) -> None:
        """Write `tokenizer.json` and `tokenizer_config.json`, the same bytes for the same tokenizer."""
        self.write_backend(folder)
        write_json(Path(folder) / "tokenizer_config.json", tokenizer_config())

    def write_backend(self, folder: Path) -> None:
        """Write `tokenizer.json` alone."""
        with atomic_write(Path(folder) / "tokenizer.json") as temporary:
            self._backend.save(str(temporary))

    def with_special(self, names: Sequence[str]) -> "Tokenizer":
        """The same tokenizer with more special tokens, whose ids follow those that are there."""
        from tokenizers import Tokenizer as Backend

        backend = Backend.from_str(self._backend.to_str())
        backend.add_special_tokens(list(names))
        optional = None if self.optional_mask is None else self.token(self.optional_mask)
        end, pad = self.token(self.end_of_text), self.token(self.pad)
        assert end is not None and pad is not None
        return Tokenizer(backend, (end, pad, optional))

    def encode(self, text: str) -> list[int]:
        """Token ids of a text; `decode` gives exactly this text back.

        Raises:
            ValueError: If the text has a lone surrogate, which no encoding can write.
        """
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: Iterable[str]) -> list[list[int]]:
        """Token ids of many texts; uses all cores, whole texts never depend on each other.

        Raises:
            ValueError: If a text has a lone surrogate.
        """
        encoded: list[list[int]] = []
        for owners, batch in _batches(self._pieces(texts)):
            try:
                found = self._backend.encode_batch_fast(batch, add_special_tokens=False)
            except TypeError:
                raise _not_unicode(batch) from None
            for owner, encoding in zip(owners, found, strict=True):
                if owner == len(encoded):
                    encoded.append(encoding.ids)
                else:
                    encoded[owner].extend(encoding.ids)
        return encoded

    def encode_flat(self, texts: "Texts", threads: int = 1) -> "tuple[np.ndarray, np.ndarray]":
        """Token ids of many texts as arrays: how a corpus is encoded.

        Args:
            texts: A list, or Arrow strings (which are not copied).
            threads: At most so many; the ids do not depend on it.

        Returns:
            (T,) int32 ids of all texts one after another, and (D + 1,) int64: text d is `ids[bounds[d]:bounds[d + 1]]`.

        Raises:
            ValueError: If a text has a lone surrogate.
        """
        import numpy as np

        from firstwords.tokenizer.text_buffers import text_buffers

        if self._num_bytes < COMPILED_FROM_BYTES:
            _, offsets = text_buffers(texts)
            self._num_bytes += int(offsets[-1] - offsets[0])
        if self._num_bytes >= COMPILED_FROM_BYTES and (encoder := self._compiled(threads)) is not None:
            return encoder.encode(texts)
        lists = self.encode_batch(texts.to_pylist() if hasattr(texts, "to_pylist") else texts)
        bounds = np.cumsum([0, *map(len, lists)])
        flat = np.fromiter((number for ids in lists for number in ids), np.int32, int(bounds[-1]))
        return flat, bounds

    def _compiled(self, threads: int) -> "Encoder | None":
        if self._encoder is None or self._encoder.threads != threads:
            from firstwords.tokenizer.encoder import Encoder, model_of

            model = model_of(self._backend)
            self._encoder = None if model is None else Encoder(model, threads)
        return self._encoder

    def encode_with_offsets(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Token ids of a text, and for each the characters it stands for.

        Returns:
            Ids, and (start, end) in characters. A space before a word belongs to the word's first token. The bytes of
            one character may be spread over several tokens, which then have the same place.

        Raises:
            ValueError: If the text has a lone surrogate.
        """
        try:
            encoding = self._backend.encode(text, add_special_tokens=False)
        except TypeError:
            raise _not_unicode([text]) from None
        return encoding.ids, encoding.offsets

    def encode_marked(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """As `encode_with_offsets`, but the name of a special token stands for the token itself.

        For text that code wrote (a template); in what people wrote, a name is just text.
        """
        self._backend.encode_special_tokens = False
        try:
            return self.encode_with_offsets(text)
        finally:
            self._backend.encode_special_tokens = True

    def decode(self, ids: Sequence[int], keep_special: bool = True) -> str:
        """The text of token ids.

        Args:
            ids: Bytes that are not valid UTF-8 become U+FFFD, as when a character was cut in two.
            keep_special: Whether special tokens appear in the text by name.
        """
        return self._backend.decode([int(i) for i in ids], skip_special_tokens=not keep_special)

    def token(self, token_id: int) -> str | None:
        """How a token is written in the vocabulary; None for an id that is none."""
        return self._backend.id_to_token(int(token_id))

    def _pieces(self, texts: Iterable[str]) -> Iterator[tuple[int, str]]:
        for number, text in enumerate(texts):
            if not self._can_be_cut or len(text) <= PIECE_CHARACTERS:
                yield number, text
            else:
                for piece in pieces(text, PIECE_CHARACTERS):
                    yield number, piece


def special_tokens(folder: Path) -> tuple[str, str, str | None]:
    """Names of end-of-text, padding and mask in a folder: those of its `tokenizer_config.json`, ours without one.

    A tokenizer without padding uses end-of-text (nothing here pads); one without a mask has none. Encoders that know no
    end-of-text close a text with their separator.

    Raises:
        RecipeError: If the file cannot be read or names no end-of-text.
    """
    path = folder / "tokenizer_config.json"
    if not path.is_file():
        return SPECIAL_TOKENS
    try:
        values = json.loads(path.read_bytes())
        names = [values.get(key) for key in ("eos_token", "pad_token", "mask_token", "sep_token")]
    except (ValueError, AttributeError, RecursionError) as error:
        raise RecipeError(f"{path} cannot be read: {error}") from None
    end, pad, mask, separator = (name.get("content") if isinstance(name, dict) else name for name in names)
    end = end if isinstance(end, str) else separator
    if not isinstance(end, str):
        raise RecipeError(f"{path} names no eos_token (nor sep_token), which must close every document")
    return end, pad if isinstance(pad, str) else end, mask if isinstance(mask, str) else None


def take_over(source: Path, folder: Path) -> Tokenizer:
    """Copy the tokenizer of a foreign model, all that transformers reads of it but for references to code.

    Args:
        source: A model's folder.
        folder: Where the files go.

    Raises:
        RecipeError: If it is no tokenizer that this package can use.
    """
    tokenizer = Tokenizer.load(source)
    for name in ("tokenizer.json", "chat_template.jinja", KNOWN_WORDS):
        if (source / name).is_file():
            with atomic_write(folder / name) as temporary:
                temporary.write_bytes((source / name).read_bytes())
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        if (source / name).is_file():
            values = json.loads((source / name).read_bytes())
            write_json(folder / name, {key: value for key, value in values.items() if key != "auto_map"})
    return tokenizer


def tokenizer_config() -> dict[str, object]:
    """What `tokenizer_config.json` says, so that AutoTokenizer gives the same ids as `Tokenizer`.

    For a folder whose `config.json` says qwen3, transformers would build a tokenizer of its own rules (another pattern,
    NFC) around our vocabulary unless this class is named; `split_special_tokens` keeps look-alikes in a text as text.
    """
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": END_OF_TEXT,
        "eos_token": END_OF_TEXT,
        "pad_token": PAD,
        "mask_token": MASK,
        "unk_token": None,
        "split_special_tokens": True,
        "clean_up_tokenization_spaces": False,
        "model_input_names": ["input_ids", "attention_mask"],
    }


def _unknown_id(backend: "Backend") -> int | None:
    name = getattr(backend.model, "unk_token", None)
    return backend.token_to_id(name) if isinstance(name, str) else None


def _batches(numbered: Iterable[tuple[int, str]]) -> Iterator[tuple[list[int], list[str]]]:
    """Numbers and texts in groups of bounded size."""
    numbers: list[int] = []
    texts: list[str] = []
    characters = 0
    for number, text in numbered:
        numbers.append(number)
        texts.append(text)
        characters += len(text)
        if characters >= BATCH_CHARACTERS:
            yield numbers, texts
            numbers, texts, characters = [], [], 0
    if texts:
        yield numbers, texts


def _not_unicode(texts: list[str]) -> ValueError:
    for text in texts:
        if not isinstance(text, str):
            return ValueError(f"expected a text, not {type(text).__name__}")
        place = next((i for i, character in enumerate(text) if "\ud800" <= character <= "\udfff"), None)
        if place is not None:
            return ValueError(f"character {place} of a text is a lone surrogate ({text[place]!a}): not Unicode")
    return ValueError("the tokenizer refused a text")
