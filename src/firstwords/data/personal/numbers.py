"""Runs of digits: cards, numbers of persons, IPv4 addresses and, in what is left between them, telephone numbers."""

from __future__ import annotations

from collections.abc import Iterator

from firstwords.data.personal import national_americas, national_asia, national_europe, passport
from firstwords.data.personal.bank import CARD
from firstwords.data.personal.finder import Finder, Span
from firstwords.data.personal.network import find_ipv4
from firstwords.data.personal.number_rule import RuleBook
from firstwords.data.personal.phone_numbers import find_phone_numbers

# Where a shape has several plain rules, the stricter comes first: a resident's number before a card.
RULES = (*national_americas.RULES, *national_europe.RULES, *national_asia.RULES, *passport.RULES, CARD)
_BOOK = RuleBook(RULES)


def _find(text: bytes, start: int, end: int, regions: tuple[str, ...]) -> Iterator[Span]:
    if text[end : end + 1] == b"@" and b" " not in text[start:end]:
        return  # the beginning of an e-mail address, such as a message's id
    found = list(_BOOK.find(text, start, end))
    if text.count(b".", start, end) >= 3:
        found = sorted([*found, *find_ipv4(text, start, end)], key=lambda span: span.start)
    at = start
    for span in found:
        if span.start < at:
            continue
        yield from _phones(text, at, span.start, regions, limit=span.start)
        yield span
        at = span.end
    yield from _phones(text, at, end, regions)


def _phones(text: bytes, start: int, end: int, regions: tuple[str, ...], limit: int | None = None) -> Iterator[Span]:
    for first, last in find_phone_numbers(text, start, end, regions, limit):
        yield Span("phone", first, last)


# Spaces and dashes beyond ASCII that stand inside numbers: no-break space, narrow ones, the Unicode hyphens and dashes.
_SEPARATOR = r"(?:[ ().\-/]|\xc2\xa0|\xe2\x80[\x87-\x95\xaf])"
NUMBERS = Finder(
    (*dict.fromkeys(rule.type for rule in RULES), "ip_address", "phone"),
    # Seven digits, whatever parts them; four numbers with dots may have fewer.
    rf"[+(]{{0,2}}[0-9](?:{_SEPARATOR}{{0,4}}[0-9]){{6,}}|[0-9]{{1,3}}\.[0-9]{{1,3}}\.[0-9]{{1,3}}\.[0-9]{{1,3}}",
    _find,
    undecided=0,
)
