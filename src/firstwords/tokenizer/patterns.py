"""How text is cut into words before merges are learnt, and where a long text may be cut without changing a token.

Only patterns that llama.cpp implements are offered, so that a trained model can always leave for GGUF.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.pre_tokenizers import PreTokenizer

Pattern = Literal["gpt2", "llama3"]

PATTERNS: dict[str, str] = {
    # Radford et al. 2019 (llama.cpp: "gpt-2").
    "gpt2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    # Dubey et al. 2024 (llama.cpp: "llama-bpe"): at most three digits a word, line ends stay with what they end.
    "llama3": (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
}

# A single line end after a printed ASCII character and before an ASCII letter: in both patterns a word ends there
# whatever stands to the left and right. ASCII only, because Python and the tokenizer differ on other white space.
_SAFE_CUT = re.compile(r"(?<=[!-~]\n)(?=[A-Za-z])")


def pre_tokenizer(pattern: Pattern, max_word: int = 0) -> PreTokenizer:
    """Cuts text into words by a pattern and writes their bytes as printable characters.

    Args:
        pattern: Of `PATTERNS`.
        max_word: Words of more bytes are cut after so many; 0: never.
    """
    from tokenizers import Regex, pre_tokenizers

    steps: list[PreTokenizer] = [
        pre_tokenizers.Split(Regex(PATTERNS[pattern]), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]
    if max_word:
        steps.append(pre_tokenizers.FixedLength(length=max_word))
    return pre_tokenizers.Sequence(steps)


def pattern_of(backend: Tokenizer) -> str | None:
    """The name of the pattern that a tokenizer uses, None if it is not one of ours."""
    if backend.pre_tokenizer is None or backend.normalizer is not None:
        return None
    steps = _steps(backend)
    # Old files of GPT-2 have the pattern built into one step; ours are always written as two, or three.
    if [step.get("type") for step in steps] not in (["Split", "ByteLevel"], ["Split", "ByteLevel", "FixedLength"]):
        return None
    if steps[1]["add_prefix_space"] or steps[1]["use_regex"] or steps[0]["invert"]:
        return None
    written = steps[0]["pattern"].get("Regex")
    return next((name for name, pattern in PATTERNS.items() if pattern == written), None)


def max_word_bytes(backend: Tokenizer) -> int:
    """After how many bytes a tokenizer of ours cuts a word; 0: never."""
    return next((int(step["length"]) for step in _steps(backend) if step["type"] == "FixedLength"), 0)


def _steps(backend: Tokenizer) -> list[dict[str, Any]]:
    state = json.loads(backend.pre_tokenizer.__getstate__())
    return list(state.get("pretokenizers", []))


def pieces(text: str, max_characters: int) -> Iterator[str]:
    """A long text in pieces whose tokens, one after another, are the tokens of the whole.

    Holds for tokenizers with one of our patterns. A piece is longer than asked where the text has no place to cut.

    Args:
        text: Any text.
        max_characters: Pieces end at the first safe place after so many characters.
    """
    start = 0
    while len(text) - start > max_characters:
        cut = _SAFE_CUT.search(text, start + max_characters)
        if cut is None:
            break
        yield text[start : cut.start()]
        start = cut.start()
    yield text[start:]
