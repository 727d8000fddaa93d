"""Numbers of passports: in the machine-readable lines, which are full of check digits, and behind words that say so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from firstwords.data.personal.check_digits import weighted_sum
from firstwords.data.personal.finder import Finder, Span, words
from firstwords.data.personal.number_rule import Lettered, Rule

_VALUES = {ord(character): number for number, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
# The country code, or one of the codes of organisations; "<" fills.
_LINE = re.compile(
    rb"([A-Z0-9<]{9})([0-9])[A-Z<]{3}([0-9]{6})([0-9])[MFX<]([0-9]{6})([0-9])([A-Z0-9<]{14})([0-9<])([0-9])\Z"
)


def check_digit(characters: bytes) -> int:
    """The check digit of a field of a machine-readable document.

    Source: ICAO Doc 9303, part 3, section 4.9: weights 7, 3, 1; letters count from A = 10, a filler 0.
    """
    values = bytes(48 + _VALUES.get(character, 0) for character in characters)
    return weighted_sum(values, [(7, 3, 1)[place % 3] for place in range(len(values))]) % 10


def is_passport_line(line: bytes) -> bool:
    """Whether 44 characters are the second line of a passport: five check digits hold.

    Source: ICAO Doc 9303, part 4, section 4.2.2 and appendix B (example L898902C36UTO7408122F1204159ZE184226B<<<<<10).
    """
    match = _LINE.match(line)
    if match is None:
        return False
    number, first, born, second, until, third, own, fourth, last = match.groups()
    whole = number + first + born + second + until + third + own + fourth
    # Where the holder's own number is not used, its check digit may be left out.
    own_holds = check_digit(own) == (0 if fourth == b"<" else int(fourth))
    dated = zip((number, born, until, whole), (first, second, third, last), strict=True)
    return own_holds and all(check_digit(field) == int(digit) for field, digit in dated)


def _find_line(text: bytes, start: int, end: int, regions: tuple[str, ...]) -> Sequence[Span]:
    return (Span("passport", start, end),) if is_passport_line(text[start:end]) else ()


# Not "passport" alone: what stands behind it may be a year, a price, the number of a form.
_WORDS = words(
    "passport no", "passport number", "passport nr", "passport id", "passport:", "passport #", "passnummer",
    "reisepassnummer", "reisepass nr", "numéro de passeport", "passeport no", "número de pasaporte", "pasaporte no",
    "numero di passaporto", "número do passaporte", "paspoortnummer", "numer paszportu",
)  # fmt: skip

RULES = (Rule("passport", announced=("999999999", "99999999"), words=_WORDS),)

FINDERS = (
    Finder(
        ("passport",),
        r"[A-Z0-9<]{9}[0-9][A-Z<]{3}[0-9]{6}[0-9][MFX<][0-9]{6}[0-9][A-Z0-9<]{14}[0-9<][0-9]",
        _find_line,
    ),
    # Most countries: one letter or two and six to eight digits; Germany, Italy, the Netherlands: letters anywhere.
    Lettered("passport", trigger=r"\b[A-Z]{1,2}[0-9]{6,8}\b", holds=lambda number: True, words=_WORDS).finder,
    Lettered(
        "passport",
        trigger=r"\b[A-Z][0-9A-Z]{7}[0-9]\b",
        holds=lambda number: sum(character < 58 for character in number) >= 3,
        words=_WORDS,
    ).finder,
)
