"""Finding telephone numbers: shapes first, numbering plans (phonenumberslite) after, context for the doubtful rest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_SPACE = rb"(?:[ .\-/]|\xc2\xa0|\xe2\x80[\x87-\x95\xaf])"
_EXTENSION = rb"(?:[ ,;]{0,2}(?:x|ext|extension)[ .:]{0,2}[0-9]{1,6}(?![0-9]))?"
# Not inside a longer chain of numbers ("1.2.3", "2024-10-12").
_BEGIN = rb"(?<![0-9A-Za-z_#$%&=])(?<![0-9][.\-/:,])"
_END = rb"(?![0-9A-Za-z_%@=])(?![.\-/:,][0-9])"

_NORTH_AMERICA = rb"(?:\+?1" + _SPACE + rb"?)?(?:\([0-9]{3}\)" + _SPACE + rb"?|[0-9]{3}(?:-|\.))[0-9]{3}[\-. ][0-9]{4}"
# Possessive repeats (++): a shape that does not end well is not tried again in all the ways its digits could be
# grouped.
_INTERNATIONAL = (
    rb"(?:\+[ ]?+|00"
    + _SPACE
    + rb"?+)[1-9][0-9]{0,14}+(?:"
    + _SPACE
    + rb"{0,2}+(?:\([0-9]{1,4}+\)|[0-9]{1,12}+)){0,7}+"
)
_GROUPS = rb"(?:\([0-9]{1,5}+\)|[0-9]{1,15}+)(?:" + _SPACE + rb"{0,2}+[0-9]{2,12}+){0,6}+"
_SHAPES = re.compile(
    _BEGIN
    + rb"(?:(?P<america>" + _NORTH_AMERICA + rb")|(?P<international>" + _INTERNATIONAL + rb")|(?P<groups>" + _GROUPS +
    rb"))" + _EXTENSION + _END, re.IGNORECASE,
)  # fmt: skip

# Words that announce a number, up to 40 characters before it on its line; the last two are the telephone signs.
_ANNOUNCING = (
    rb"\b(?:(?:tele)?phones?|tel|fax|call(?:ing)?|mobile|cell|cellular|whatsapp|sms|hotline|dial|desk|ph\b|contact|answering"
    rb"|(?:text|reach|ring) (?:me|us|you|him|her|them))|\xe2\x98\x8e|\xf0\x9f\x93\x9e"
)
_BEFORE = re.compile(rb"(?:" + _ANNOUNCING + rb")[^0-9\n]{0,40}$", re.IGNORECASE)
_AFTER = re.compile(rb"[ \-(]{1,3}(?:office|fax|home|mobile|cell|desk|work|direct)\b", re.IGNORECASE)
# US social security numbers and nine-digit postal codes are grouped as no phone number is.
_OTHER_NUMBER = re.compile(rb"[0-9]{3}-[0-9]{2}-[0-9]{4}|[0-9]{5}-[0-9]{4}")
# How national numbers are grouped: area code with trunk 0 or in parentheses, 3-3-4 (North America), 5-5 (India,
# Britain).
_ONE = rb"(?: |[^0-9 ]{1,3})"  # columns of a table stand farther apart
_NATIONAL = re.compile(rb"\(?0[0-9].*|\(.*|[0-9]{3}%b[0-9]{3}%b[0-9]{4}|[0-9]{5}[ -][0-9]{5}" % (_ONE, _ONE), re.DOTALL)
_YEAR, _DAY = rb"(?:1[89]|20)[0-9]{2}", rb"[0-9]{1,2}"
_DATE = re.compile(
    rb"(?<![0-9])(?:%b[ .\-/]%b[ .\-/]%b|%b[ .\-/]%b[ .\-/]%b)(?![0-9])" % (_YEAR, _DAY, _DAY, _DAY, _DAY, _YEAR)
)
_YEARS = re.compile(rb"(?:1[5-9]|20)[0-9]{2}[^0-9]+(?:1[5-9]|20)[0-9]{2}")


def find_phone_numbers(
    text: bytes, start: int, end: int, regions: tuple[str, ...], limit: int | None = None
) -> Iterator[tuple[int, int]]:
    """Start and end of the telephone numbers that begin between `start` and `end` of a UTF-8 text.

    A number counts when it is written internationally (+ or 00) with a length its country uses, in the North American
    form with hyphens, dots or parentheses, in a form valid in one of `regions` with separators, or in any shape of 7
    to 15 digits beside a word such as "call" or "fax". Digits without separators count only with such a word: they
    are counters, keys and offsets far more often than numbers to dial.
    """
    at = start
    while match := _SHAPES.search(text, at, min(len(text), end + 12) if limit is None else limit):
        if match.start() >= end:
            return
        at = match.end()
        if _is_phone_number(match, text, regions):
            yield match.span()


def _is_phone_number(match: re.Match[bytes], text: bytes, regions: tuple[str, ...]) -> bool:
    shape = match.lastgroup
    assert shape is not None
    number = match[shape]
    digits = re.sub(rb"[^0-9]", b"", number)
    if not 7 <= len(digits) <= 15 or len(set(digits)) < 3:
        return False
    if _DATE.search(number) or _YEARS.fullmatch(number) or _OTHER_NUMBER.fullmatch(number):
        return False
    if shape == "america":
        return True
    if shape == "international" and number.startswith(b"+"):
        return _fits_a_country(digits.decode()) and not _is_decimal(number)
    if _BEFORE.search(text, max(0, match.start() - 60), match.start()) or _AFTER.match(text, match.end()):
        return True
    if len(digits) == len(number):
        return False
    if shape == "international":
        return _fits_a_country(digits[2:].decode())
    return 9 <= len(digits) <= 12 and bool(_NATIONAL.fullmatch(number)) and _valid_in_a_region(digits.decode(), regions)


@lru_cache(maxsize=4096)
def _fits_a_country(digits: str) -> bool:
    """Whether some country has numbers of this calling code and length."""
    import phonenumbers

    try:
        reason = phonenumbers.is_possible_number_with_reason(phonenumbers.parse(f"+{digits}"))
    except phonenumbers.NumberParseException:
        return False
    return reason == phonenumbers.ValidationResult.IS_POSSIBLE  # not for calls within a town only


def _is_decimal(number: bytes) -> bool:
    """Whether digits with one dot are a decimal number: before the dot of +49.30901820 stands a calling code."""
    import phonenumbers

    match = re.fullmatch(rb"\+?([0-9]+)\.([0-9]+)", number)
    if not match:
        return False
    return len(match[2]) < 4 or int(match[1]) not in phonenumbers.COUNTRY_CODE_TO_REGION_CODE


def _valid_in_a_region(digits: str, regions: tuple[str, ...]) -> bool:
    import phonenumbers

    for region in regions:
        try:
            if phonenumbers.is_valid_number_for_region(phonenumbers.parse(digits, region), region):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False
