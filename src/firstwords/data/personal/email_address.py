"""E-mail addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence

from firstwords.data.personal.finder import Finder, Span

_LOCAL = re.compile(rb"[0-9A-Za-z_\x80-\xff][0-9A-Za-z._%+'\-\x80-\xff]{0,63}+\Z")
_DOMAIN = re.compile(rb"[0-9A-Za-z\-\x80-\xff]{1,63}+(?:\.[0-9A-Za-z\-\x80-\xff]{1,63}+){1,8}+")
_LOCAL_END = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_%+'-") | frozenset(
    range(0x80, 0x100)
)
# The last label has two characters or more and no digit.
_TOP = re.compile(rb"\.[^0-9.]{2,}\Z")
# Pictures are often named picture@2x.png.
_NOT_A_DOMAIN = re.compile(rb"\.(?:png|jpe?g|gif|svg|webp|ico|css|html?)\Z", re.IGNORECASE)
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_FIRST_EAST_ASIAN = 0x1100


def _find(text: bytes, start: int, end: int, regions: tuple[str, ...]) -> Sequence[Span]:
    """An address around the @ at `start`."""
    if not start or text[start - 1] not in _LOCAL_END:
        return ()
    local = _LOCAL.search(text, max(0, start - 64), start)
    domain = _DOMAIN.match(text, start + 1, start + 256)
    if not local or not domain:
        return ()
    first, last = local.start(), domain.end()
    if _NOT_ASCII.search(text, first, last):
        first, last = _without_neighbours(text, first, start, last)
    # A sentence may end right behind the address, and a quoted one is followed by an apostrophe.
    while text[last - 1 : last] in (b"-", b"."):
        last -= 1
    if first >= start or not _TOP.search(text, start + 1, last) or b".." in text[first:last]:
        return ()
    if _NOT_A_DOMAIN.search(text, start, last):
        return ()
    return (Span("email", first, last),)


def _without_neighbours(text: bytes, first: int, at: int, last: int) -> tuple[int, int]:
    """The address without quotes, dashes and, beside ASCII, East Asian text, which is written without spaces."""
    local = text[first:at].decode("utf-8", "ignore")
    kept = len(local)
    ascii_end = local[-1:].isascii()
    while kept and _belongs(local[kept - 1], "._%+'-", ascii_end):
        kept -= 1
    local = local[kept:].lstrip(".%+'-")
    domain = text[at + 1 : last].decode("utf-8", "ignore")
    ascii_begin = domain[:1].isascii()
    length = 0
    while length < len(domain) and _belongs(domain[length], ".-", ascii_begin):
        length += 1
    return at - len(local.encode()), at + 1 + len(domain[:length].encode())


def _belongs(character: str, signs: str, ascii_only_neighbours: bool) -> bool:
    if character.isascii():
        return character.isalnum() or character in signs
    return character.isalnum() and not (ascii_only_neighbours and ord(character) >= _FIRST_EAST_ASIAN)


EMAIL = Finder(("email",), r"@[0-9A-Za-z\x80-\xff]", _find)
