"""Addresses in networks: IP addresses, credentials in URLs and, where asked for, URLs and hardware addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from firstwords.data.personal.finder import Finder, Span, extends_word

# 127/8 is this machine, 0/8 none, 255/8 net masks and broadcast.
_NOBODY = (0, 127, 255)


def _find_ipv6(text: bytes, start: int, end: int, regions: tuple[str, ...]) -> Iterator[Span]:
    value = text[start:end]
    if value.endswith(b":") and not value.endswith(b"::"):  # "2001:db8::1: no route"
        value, end = value[:-1], end - 1
    if value.startswith(b":") and not value.startswith(b"::"):  # "address:2001:db8::1"
        value, start = value[1:], start + 1
    if _extends_address(text, start, end) or (value.count(b":") < 7 and b"::" not in value):
        return
    try:
        address = ipaddress.IPv6Address(value.decode())
    except ValueError:
        return
    # `a[1::2]` and `std::add` read as addresses; a shortened one must lie in a range that is in use (global 2000::/3,
    # local fc00::/7, link fe80::/10, multicast ff00::/8), and a full one must not be eight pairs of digits (a
    # hardware address).
    high = int(address) >> 112
    if address.ipv4_mapped:
        if address.ipv4_mapped.packed[0] in _NOBODY:
            return
    elif b"::" in value:
        if not (0x2000 <= high <= 0x3FFF or high >= 0xFC00) or len(value) < 7:
            return
    elif all(len(group) <= 2 for group in value.split(b":")):
        return
    yield Span("ip_address", start, end)


_MORE_GROUPS = re.compile(rb"(?:[0-9A-Fa-f:]:|\A:)\Z")


def _extends_address(text: bytes, start: int, end: int) -> bool:
    return extends_word(text, start, end) or bool(_MORE_GROUPS.search(text, max(0, start - 2), start))


_FOUR_NUMBERS = re.compile(rb"(?<![0-9])(?<![0-9]\.)[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9])(?!\.[0-9])")
_VERSION = re.compile(
    rb"(?:version|release|revision|firmware|build|section|chapter|clause|ver|rev|linux|kernel|\bv)[\s.:=(]*\Z",
    re.IGNORECASE,
)


# Random addresses have a number of 64 or more in 996 of 1,000 cases, versions and numbers of sections hardly ever; so
# four small ones need a word, a port or a prefix length beside them. Private 10/8 is written with small numbers.
_SMALL = 64
_ADDRESS_BEFORE = re.compile(
    rb"(?:\b(?:ips?|ipv4|inet|dns|nameservers?|ping|ifconfig|gateway|subnet|netmask|proxy|peer|router?)\b|address|addr\b"
    rb"|hosts?\b|server|network|://|\[)[^\n]{0,30}\Z",
    re.IGNORECASE,
)
_ADDRESS_AFTER = re.compile(rb":[0-9]{1,5}(?![0-9.])|/[0-9]{1,2}(?![0-9.])")


def find_ipv4(text: bytes, start: int, end: int, regions: tuple[str, ...] = ()) -> Iterator[Span]:
    """The IPv4 addresses that begin in a part of a text; they see what stands behind it, such as a fifth number."""
    for match in _FOUR_NUMBERS.finditer(text, start, end + 32):
        if match.start() >= end:
            return
        numbers = match[0].split(b".")
        if any(int(number) > 255 or (len(number) > 1 and number[:1] == b"0") for number in numbers):
            continue
        if int(numbers[0]) in _NOBODY or extends_word(text, *match.span()):
            continue
        if not _is_version(text, *match.span(), [int(number) for number in numbers]):
            yield Span("ip_address", *match.span())


def _is_version(text: bytes, start: int, end: int, numbers: list[int]) -> bool:
    if _VERSION.search(text, max(0, start - 20), start):
        return True
    if numbers[0] == 10 or max(numbers) >= _SMALL:
        return False
    return not (_ADDRESS_BEFORE.search(text, max(0, start - 60), start) or _ADDRESS_AFTER.match(text, end))


_CREDENTIALS = re.compile(rb"://([^\s:/?#@\"'<>]{0,64}:[^\s/?#@\"'<>]{1,128})@[0-9A-Za-z\[]")
# What documentation writes in place of a password, and variables that a program puts in later.
_NO_PASSWORD = re.compile(
    rb"[^:]*:(?:[\[{(%$].*|[*x.]+|pass|passwd|password|pwd|pw|secret|your[_-]?password|my[_-]?password)", re.IGNORECASE
)


def _find_credentials(text: bytes, start: int, end: int, regions: tuple[str, ...]) -> Iterator[Span]:
    match = _CREDENTIALS.match(text, start)
    if match and not _NO_PASSWORD.fullmatch(match[1]):
        yield Span("url_credentials", *match.span(1))


_URL = re.compile(rb"[A-Za-z]{3,5}://[^\s<>\"{}|\\^`\x00-\x20]{1,2000}+")
_BEHIND_URL = b".,;:!?'*_"


def _find_url(text: bytes, start: int, end: int, regions: tuple[str, ...]) -> Iterator[Span]:
    match = _URL.match(text, start)
    if not match:
        return
    last = match.end()
    while last > end and (
        text[last - 1] in _BEHIND_URL
        or (text[last - 1 : last] in (b")", b"]") and b"(" not in text[start:last] and b"[" not in text[start:last])
    ):
        last -= 1
    yield Span("url", start, last)


def _find_mac(text: bytes, start: int, end: int, regions: tuple[str, ...]) -> Iterator[Span]:
    if not re.match(rb"[:\-][0-9A-Fa-f]{2}", text[end : end + 3]) and not extends_word(text, start, end):
        yield Span("mac_address", start, end)


IPV6 = Finder(
    ("ip_address",),
    r"[0-9A-Fa-f]{0,4}(?:(?::[0-9A-Fa-f]{0,4}){3,8}|::[0-9A-Fa-f]{1,4})(?:\.[0-9]{1,3}){0,3}",
    _find_ipv6,
    undecided=5,  # the last group may be the beginning of another number
)
CREDENTIALS = Finder(("url_credentials",), r"://[^\s:/?#@\"'<>]{0,64}:[^\s/?#@\"'<>]{1,128}@", _find_credentials)
URL = Finder(("url",), r"\b(?i:https?|ftp)://[0-9A-Za-z\[\x80-\xff]", _find_url)
MAC = Finder(("mac_address",), r"\b[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})\b", _find_mac)
