"""Payment cards and international bank account numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from firstwords.data.personal.check_digits import luhn, mod_97_10
from firstwords.data.personal.finder import Finder, Span
from firstwords.data.personal.number_rule import Rule

# Issuer prefixes and lengths: Visa, Mastercard, American Express, Discover and UnionPay, Diners Club, JCB, Maestro
# (its 12-digit cards too), Mir.
_ISSUERS = re.compile(
    rb"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|(?:5[1-5]|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12,14}"
    rb"|3[47][0-9]{13}|(?:6011|64[4-9]|65|62)[0-9]{10,15}|3(?:0[0-5]|[689])[0-9]{11,16}"
    rb"|(?:2131|1800|3088|3096|3112|3158|3337|35)[0-9]{11,14}|(?:50|5[6-9]|6[0-9])[0-9]{10,17}|220[0-4][0-9]{12,15}"
)


def is_card(digits: bytes) -> bool:
    """Whether digits have an issuer's prefix, one of its lengths, and the check digit (ISO/IEC 7812-1)."""
    return _ISSUERS.fullmatch(digits) is not None and luhn(digits)


def _grouped(*sizes: int) -> tuple[str, ...]:
    return tuple(separator.join("9" * size for size in sizes) for separator in " -")


CARD = Rule(
    "card",
    plain=(
        *("9" * length for length in range(12, 20)),
        *_grouped(4, 4, 4, 4),
        *_grouped(4, 4, 4, 1),
        *_grouped(4, 4, 4, 2),
        *_grouped(4, 4, 4, 3),
        *_grouped(4, 4, 4, 4, 1),
        *_grouped(4, 4, 4, 4, 2),
        *_grouped(4, 4, 4, 4, 3),
        *_grouped(4, 6, 4),
        *_grouped(4, 6, 5),
    ),
    holds=is_card,
)

# Source: SWIFT, IBAN Registry (ISO 13616-2).
_COUNTRIES = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
_LENGTHS = {code.encode(): length for length, codes in _COUNTRIES.items() for code in codes.split()}
_SEPARATOR = rb"(?: |-|\xc2\xa0)"


@cache
def _forms(length: int) -> re.Pattern[bytes]:
    """An account number of so many characters, in one piece or in groups of four."""
    groups, rest = divmod(length - 1, 4)
    whole = b"[0-9A-Za-z]{%d}" % length
    grouped = rb"(?:[0-9A-Za-z]{4}" + _SEPARATOR + b"){%d}[0-9A-Za-z]{%d}" % (groups, rest + 1)
    return re.compile(rb"(?:" + whole + b"|" + grouped + rb")(?![0-9A-Za-z_])")


def is_iban(characters: bytes) -> bool:
    """Whether characters are an international bank account number: its country's length, and MOD 97-10.

    Source: ISO 13616-1.
    """
    characters = characters.upper()
    return _LENGTHS.get(characters[:2]) == len(characters) and mod_97_10(characters[4:] + characters[:4])


def _find_iban(text: bytes, start: int, end: int, regions: tuple[str, ...]) -> Iterator[Span]:
    length = _LENGTHS.get(text[start : start + 2].upper())
    match = _forms(length).match(text, start) if length else None
    if match and is_iban(match[0].replace(b"\xc2\xa0", b"").translate(None, b" -")):
        yield Span("iban", *match.span())


IBAN = Finder(("iban",), r"\b[A-Za-z]{2}[0-9]{2}(?: |-|\xc2\xa0)?[0-9A-Za-z]{4}", _find_iban)
