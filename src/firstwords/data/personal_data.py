"""Finding personal data in text: e-mail addresses, phone numbers, IP addresses, payment cards.

One RE2 alternation, in time linear in the text whatever is in it, marks the few areas worth a look; exact patterns
and checks (a card's check digit, the numbering plans of telephone regions) decide inside them. Found values are never
logged or stored: what leaves this module is type, start and end.
"""

from __future__ import annotations

import bisect
import ipaddress
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from firstwords.data.phone_numbers import find_phone_numbers

if TYPE_CHECKING:
    import pyarrow as pa

TYPES = ("email", "phone", "ip_address", "card")
REGIONS = ("US", "GB", "DE", "FR", "IN", "BR")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A piece of personal data: its type (one of `TYPES`) and where it is."""

    type: str
    start: int
    end: int


def personal_data(text: str, types: Sequence[str] = TYPES, regions: Sequence[str] = REGIONS) -> list[Span]:
    """The personal data in a text, in the order of the text, without overlaps; positions count characters.

    - `email`: an address with a domain of at least two labels.
    - `phone`: a number written in an international form, in a form that `regions` dial, or beside a word such as
      "call".
    - `ip_address`: IPv4 and IPv6, except the addresses that name no machine of anybody: loopback, unspecified,
      broadcast and net masks. Addresses reserved for private nets and for examples do count, as a reader cannot tell
      whose they are. Four numbers after a word such as "version" are no address.
    - `card`: 12 to 19 digits, alone or in a card's groups, with an issuer's prefix and the right check digit (ISO/IEC
      7812).

    Args:
        text: Any text.
        types: Which types to look for.
        regions: Telephone regions (ISO 3166) whose national forms count as phone numbers.

    Raises:
        ValueError: If a type is unknown.
    """
    data = text.encode("utf-8", "surrogatepass")
    spans = [span for _, span in find_personal_data([data], types, regions)]
    if len(data) == len(text):
        return spans
    # Bytes to characters: every byte that does not continue a character begins one.
    begins = list(itertools.accumulate(((byte & 0xC0) != 0x80 for byte in data), initial=0))
    return [Span(span.type, begins[span.start], begins[span.end]) for span in spans]


def find_personal_data(
    texts: Sequence[bytes], types: Sequence[str] = TYPES, regions: Sequence[str] = REGIONS
) -> Iterator[tuple[int, Span]]:
    """The personal data in a batch of UTF-8 texts: index of the text and span in bytes, in order.

    Raises:
        ValueError: If a type is unknown.
    """
    unknown = [each for each in types if each not in TYPES]
    if unknown:
        raise ValueError(f"personal data of type '{unknown[0]}' is not known; there are {', '.join(TYPES)}")
    # No pattern matches across a zero byte, so one scan serves the whole batch.
    joined = b"\0".join(texts)
    begins = list(itertools.accumulate((len(text) + 1 for text in texts), initial=0))
    last = (-1, 0)  # text and end of the span before: what one area takes from the next is not found again
    for match in _areas().finditer(joined):
        start, end = match.span()
        index = bisect.bisect_right(begins, start) - 1
        text, offset = texts[index], begins[index]
        if match.lastindex == 1:
            found = _emails(text, start - offset, end - offset)
        elif match.lastindex == 2:
            found = _ipv6(text, start - offset, end - offset)
        else:
            found = _numbers(text, start - offset, end - offset, tuple(regions))
        for span in found:
            if span.type in types and (index, span.start) >= last:
                last = (index, span.end)
                yield index, span


def replace_personal_data(text: bytes, spans: Sequence[Span]) -> str:
    """The text with a placeholder such as `<EMAIL>` in place of each span (in bytes, ordered, without overlaps)."""
    parts, at = [], 0
    for span in spans:
        parts += [text[at : span.start], f"<{span.type.upper()}>".encode()]
        at = span.end
    return b"".join([*parts, text[at:]]).decode()


def texts_as_bytes(texts: pa.StringArray) -> list[bytes]:
    """The UTF-8 bytes of each text of an Arrow array; a null is empty."""
    import pyarrow as pa

    # Null rows would break the alignment of rows and texts.
    return [value or b"" for value in texts.cast(pa.binary()).to_pylist()]


# Spaces and dashes beyond ASCII that stand inside numbers: no-break space, narrow ones, the Unicode hyphens and dashes.
_SEPARATOR = r"(?:[ ().\-/]|\xc2\xa0|\xe2\x80[\x87-\x95\xaf])"
_EMAIL = r"([0-9A-Za-z_\x80-\xff][0-9A-Za-z._%+'\-\x80-\xff]*@[0-9A-Za-z\-\x80-\xff]+(?:\.[0-9A-Za-z\-\x80-\xff]+)+)"
_COLONS = r"([0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?:\.[0-9]{1,3}){0,3})"
_DIGITS = rf"[+(]{{0,2}}[0-9](?:{_SEPARATOR}{{0,4}}[0-9]){{6,}}"
_FOUR = r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}"


@cache
def _areas() -> Any:
    """Where to look closer. E-mail first: its local part may begin like a number."""
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes as they are
    return re2.compile(f"{_EMAIL}|{_COLONS}|{_DIGITS}|{_FOUR}".encode("ascii"), options)


# Pictures are often named picture@2x.png.
_NOT_A_DOMAIN = re.compile(rb"\.(?:png|jpe?g|gif|svg|webp|ico|css|html?)$", re.IGNORECASE)


def _emails(text: bytes, start: int, end: int) -> Iterator[Span]:
    # A sentence may end right behind the address, and a quoted one is followed by an apostrophe.
    while end > start and text[end - 1 : end] in (b"-", b"."):
        end -= 1
    local, _, domain = text[start:end].partition(b"@")
    labels = domain.split(b".")
    top = labels[-1]
    if any(not label for label in labels) or len(labels) < 2 or len(top) < 2 or any(48 <= c <= 57 for c in top):
        return
    if local.endswith(b".") or b".." in local or _NOT_A_DOMAIN.search(domain):
        return
    yield Span("email", start, end)


def _ipv6(text: bytes, start: int, end: int) -> Iterator[Span]:
    value = text[start:end]
    if value.endswith(b":") and not value.endswith(b"::"):  # "2001:db8::1: no route"
        value, end = value[:-1], end - 1
    if _extends_word(text, start, end) or (value.count(b":") < 7 and b"::" not in value):
        return
    try:
        address = ipaddress.IPv6Address(value.decode())
    except ValueError:
        return
    # `a[1::2]` and `std::add` read as addresses; a shortened one must lie in a range that is in use (global 2000::/3,
    # local fc00::/7, link fe80::/10, multicast ff00::/8), and a full one must not be eight pairs of digits (a
    # hardware address).
    high = int(address) >> 112
    if b"::" in value:
        if not (0x2000 <= high <= 0x3FFF or high >= 0xFC00) or len(value) < 7:
            return
    elif all(len(group) <= 2 for group in value.split(b":")):
        return
    yield Span("ip_address", start, end)


def _numbers(text: bytes, start: int, end: int, regions: tuple[str, ...]) -> Iterator[Span]:
    """Cards, then addresses, then phone numbers in what is left between them."""
    found = sorted([*_cards(text, start, end), *_ipv4(text, start, end)], key=lambda span: span.start)
    at = start
    for span in found:
        if span.start < at:
            continue
        yield from _phones(text, at, span.start, regions)
        yield span
        at = span.end
    yield from _phones(text, at, end, regions)


def _phones(text: bytes, start: int, end: int, regions: tuple[str, ...]) -> Iterator[Span]:
    for first, last in find_phone_numbers(text, start, end, regions):
        yield Span("phone", first, last)


_FOUR_NUMBERS = re.compile(rb"(?<![0-9])(?<![0-9]\.)[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9])(?!\.[0-9])")
_VERSION = re.compile(
    rb"(?:version|release|revision|firmware|build|section|chapter|clause|ver|rev|linux|kernel|\bv)[\s.:=(]*$",
    re.IGNORECASE,
)
_NOBODY = tuple(ipaddress.ip_network(net) for net in ("127.0.0.0/8", "0.0.0.0/8", "255.0.0.0/8"))


def _ipv4(text: bytes, start: int, end: int) -> Iterator[Span]:
    for match in _beginning_in(_FOUR_NUMBERS, text, start, end):
        if _extends_word(text, *match.span()) or _VERSION.search(text, max(0, match.start() - 20), match.start()):
            continue
        try:
            address = ipaddress.IPv4Address(match[0].decode())
        except ValueError:
            continue
        if not any(address in net for net in _NOBODY):
            yield Span("ip_address", *match.span())


_CARD = re.compile(
    rb"(?<![0-9])(?<![0-9][.\-/])(?:[0-9]{12,19}"
    rb"|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}(?:\1[0-9]{1,3})?"
    rb"|[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5})(?![0-9])(?![.\-/][0-9])"
)
# Issuer prefixes and lengths: Visa, Mastercard, American Express, Discover and UnionPay, Diners Club, JCB, Maestro
# (its 12-digit cards too), Mir.
_ISSUERS = re.compile(
    rb"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|(?:5[1-5]|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12,14}"
    rb"|3[47][0-9]{13}|(?:6011|64[4-9]|65|62)[0-9]{10,15}|3(?:0[0-5]|[689])[0-9]{11,16}|(?:2131|1800|3088|3096|3112|3158|3337|35)[0-9]{11,14}"
    rb"|(?:50|5[6-9]|6[0-9])[0-9]{10,17}|220[0-4][0-9]{12,15}"
)


def _cards(text: bytes, start: int, end: int) -> Iterator[Span]:
    for match in _beginning_in(_CARD, text, start, end):
        digits = re.sub(rb"[ -]", b"", match[0])
        if _ISSUERS.fullmatch(digits) and check_digit_holds(digits) and not _extends_word(text, *match.span()):
            yield Span("card", *match.span())


def check_digit_holds(digits: bytes) -> bool:
    """Whether the last of some ASCII digits is their check digit (ISO/IEC 7812-1, annex B: the Luhn formula)."""
    total = 0
    for position, byte in enumerate(reversed(digits)):
        value = byte - 48
        # Every second digit is doubled, and the digits of the result added.
        total += value if position % 2 == 0 else 2 * value - 9 * (value > 4)
    return total % 10 == 0


def _beginning_in(pattern: re.Pattern[bytes], text: bytes, start: int, end: int) -> Iterator[re.Match[bytes]]:
    """Matches that begin in an area; they see what stands behind it, such as a fifth number of a version."""
    for match in pattern.finditer(text, start, end + 32):
        if match.start() >= end:
            return
        yield match


_WORD_BEFORE = re.compile(rb"(?:[0-9A-Za-z_:#$%\x80-\xbf]|[A-Za-z_][-.])$")
_WORD_AFTER = re.compile(rb"[0-9A-Za-z_]|-[A-Za-z]")


def _extends_word(text: bytes, start: int, end: int) -> bool:
    """Whether letters or digits go on before or behind a number, which then is part of a name, a hash or a version."""
    before = _WORD_BEFORE.search(text, max(0, start - 2), start)
    # "Tel:020..." is a label, not a part of the number.
    if before and text[start - 1 : start] == b":" and not text[start - 2 : start - 1].isdigit():
        before = None
    return bool(before or _WORD_AFTER.match(text, end, end + 2))
