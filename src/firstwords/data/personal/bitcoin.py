"""Bitcoin addresses, both forms with their checksums."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from firstwords.data.personal.finder import Finder, Span

_BASE58 = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def is_base58_address(value: bytes) -> bool:
    """Whether a base 58 string holds 21 bytes and the first four of their double SHA-256.

    Source: Bitcoin developer reference, "Base58Check Encoding".
    """
    number = 0
    for byte in value:
        number = number * 58 + _BASE58.index(byte)
    try:
        data = number.to_bytes(25, "big")
    except OverflowError:
        return False
    leading = len(value) - len(value.lstrip(b"1"))
    if leading != len(data) - len(data.lstrip(b"\0")):
        return False
    return hashlib.sha256(hashlib.sha256(data[:21]).digest()).digest()[:4] == data[21:]


def is_segwit_address(value: bytes) -> bool:
    """Whether a string in one case has the prefix bc and a Bech32 (or, from version 1 on, Bech32m) checksum.

    Source: BIP 173 and BIP 350.
    """
    if value not in (value.lower(), value.upper()):
        return False
    data = [_BECH32.find(byte) for byte in value.lower()[3:]]
    if min(data) < 0:
        return False
    remainder = 1
    for number in [3, 3, 0, 2, 3, *data]:  # the prefix "bc" expanded: high bits, 0, low bits
        top = remainder >> 25
        remainder = (remainder & 0x1FFFFFF) << 5 ^ number
        for bit, generator in enumerate(_GENERATORS):
            remainder ^= generator if top >> bit & 1 else 0
    return remainder == (1 if data[0] == 0 else 0x2BC830A3)


def _find(text: bytes, start: int, end: int, regions: tuple[str, ...]) -> Iterator[Span]:
    value = text[start:end]
    holds = is_segwit_address if value[:3].lower() == b"bc1" else is_base58_address
    if holds(value):
        yield Span("bitcoin_address", start, end)


BITCOIN = Finder(
    ("bitcoin_address",),
    r"\b(?:[13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1[02-9ac-hj-np-z]{11,71}|BC1[02-9AC-HJ-NP-Z]{11,71})\b",
    _find,
)
