"""Numbers of persons in Asia: India, China."""

from __future__ import annotations

from firstwords.data.personal.check_digits import verhoeff, weighted_sum
from firstwords.data.personal.finder import words
from firstwords.data.personal.number_rule import Rule


def is_indian_aadhaar(digits: bytes) -> bool:
    """Whether twelve digits are an Indian Aadhaar number: Verhoeff's check, never beginning with 0 or 1.

    Source: UIDAI, "A UID Numbering Scheme" (2010).
    """
    return digits[:1] not in b"01" and verhoeff(digits)


def is_chinese_resident_id(characters: bytes) -> bool:
    """Whether eighteen characters are a Chinese resident identity number: region, date of birth, order and a check
    character modulo 11, X for ten.

    Source: GB 11643-1999 (example 11010519491231002X).
    """
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    year, month, day = int(characters[6:10]), int(characters[10:12]), int(characters[12:14])
    if not (1900 <= year <= 2099 and 1 <= month <= 12 and 1 <= day <= 31 and b"11" <= characters[:2] <= b"83"):
        return False
    return b"10X98765432"[weighted_sum(characters[:17], weights) % 11] == characters[17]


RULES = (
    Rule(
        "in_aadhaar",
        announced=("999999999999", "9999 9999 9999", "9999-9999-9999"),
        holds=is_indian_aadhaar,
        words=words("aadhaar", "aadhar", "adhaar", "uidai", "uid"),
    ),
    Rule("cn_resident_id", plain=("9" * 18, "9" * 17 + "A"), holds=is_chinese_resident_id),
)
