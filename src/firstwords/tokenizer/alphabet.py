"""How bytes are written as printable characters in a vocabulary (Radford et al. 2019), and read back."""

from __future__ import annotations

NUM_BYTES = 256


def _characters() -> tuple[str, ...]:
    """Printable Latin-1 stands for itself; the other 68 bytes take the characters from U+0100 on, in their order."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return tuple(chr(byte if byte in printable else next(others)) for byte in range(NUM_BYTES))


BYTE_CHARACTERS = _characters()
"""The character that stands for each byte."""

BYTES_BY_CHARACTER = {character: byte for byte, character in enumerate(BYTE_CHARACTERS)}

VOCABULARY_ORDER = tuple(sorted(range(NUM_BYTES), key=BYTE_CHARACTERS.__getitem__))
"""Bytes in the order of their characters, in which they have their ids."""


def written(data: bytes) -> str:
    """Bytes as the characters that stand for them."""
    return "".join(BYTE_CHARACTERS[byte] for byte in data)


def read(token: str) -> bytes | None:
    """The bytes that a token is written for; None if a character stands for no byte."""
    try:
        return bytes(BYTES_BY_CHARACTER[character] for character in token)
    except KeyError:
        return None
