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

# Length by country. Source: SWIFT, IBAN Registry (ISO 13616-2).
_LENGTHS = {
    code: int(length)
    for code, length in (
        (each[:2].encode(), each[2:])
        for each in (
            "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 "
            "EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 "
            "KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 "
            "PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 "
            "UA29 VA22 VG24 XK20 YE30"
        ).split()
    )
}
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
