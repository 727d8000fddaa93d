"""Numbers of persons in the Americas: United States, Canada, Brazil."""

from __future__ import annotations

from firstwords.data.personal.check_digits import luhn, weighted_sum
from firstwords.data.personal.finder import words
from firstwords.data.personal.number_rule import Lettered, Rule


def is_us_ssn(digits: bytes) -> bool:
    """Whether a US social security number (3-2-4) could have been assigned; there is no check digit.

    Source: Social Security Administration, "Social Security Number Randomization": area 000, 666 and 900-999, group 00
    and serial 0000 are never assigned. 9xx with group 50-65, 70-88, 90-92 or 94-99 is a taxpayer number (ITIN; IRS
    Publication 1915) and counts.
    """
    area, group, serial = digits[:3], int(digits[3:5]), digits[5:]
    if area in (b"000", b"666") or group == 0 or serial == b"0000":
        return False
    return area < b"900" or 50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or group >= 94


def is_canadian_sin(digits: bytes) -> bool:
    """Whether nine digits are a Canadian social insurance number: Luhn; a first digit of 8 is not used, 0 only in
    examples.

    Source: Employment and Social Development Canada, Social Insurance Register (example 046 454 286).
    """
    return luhn(digits) and digits[:1] != b"8" and len(set(digits)) > 1


def _check_digit_11(digits: bytes, first_weight: int, last_weight: int = 2) -> int:
    """Brazil's check digit over all the characters given: weights fall to 2 and begin again at `first_weight`."""
    period = first_weight - last_weight + 1
    weights = [last_weight + position % period for position in range(len(digits))][::-1]
    rest = weighted_sum(digits, weights) % 11
    return 0 if rest < 2 else 11 - rest


def is_brazilian_cpf(digits: bytes) -> bool:
    """Whether eleven digits are a Brazilian person's tax number (CPF): two check digits modulo 11.

    Source: Receita Federal, Cadastro de Pessoas Fisicas (example 111.444.777-35).
    """
    if len(set(digits)) == 1:
        return False
    return all(_check_digit_11(digits[:size], size + 1) == digits[size] - 48 for size in (9, 10))


def is_brazilian_cnpj(characters: bytes) -> bool:
    """Whether fourteen characters are a Brazilian company's number (CNPJ): twelve digits or letters, two check digits.

    Source: Receita Federal, Instrucao Normativa RFB 2.229/2024 (letters from 2026 on; example 12.ABC.345/01DE-35).
    """
    if len(set(characters)) == 1:
        return False
    return all(_check_digit_11(characters[:size], 9) == characters[size] - 48 for size in (12, 13))


RULES = (
    Rule(
        "us_ssn",
        plain=("999-99-9999",),
        announced=("999999999", "999 99 9999", "999.99.9999"),
        holds=is_us_ssn,
        words=words("ssn", "ssns", "social security", "itin", "taxpayer identification"),
    ),
    Rule(
        "ca_sin",
        announced=("999999999", "999 999 999", "999-999-999"),
        holds=is_canadian_sin,
        words=words("sin number", "sin no", "sin #", "sin:", "social insurance", "assurance sociale", "nas"),
    ),
    Rule(
        "br_cpf",
        plain=("999.999.999-99",),
        announced=("99999999999", "999999999-99"),
        holds=is_brazilian_cpf,
        words=words("cpf", "cadastro de pessoas"),
    ),
    Rule(
        "br_cnpj",
        plain=("99.999.999/9999-99",),
        announced=("99999999999999", "99999999/9999-99"),
        holds=is_brazilian_cnpj,
        words=words("cnpj", "cadastro nacional da pessoa"),
    ),
)

FINDERS = (
    Lettered(
        "br_cnpj",
        trigger=r"\b[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-[0-9]{2}\b",
        holds=is_brazilian_cnpj,
    ).finder,
)
