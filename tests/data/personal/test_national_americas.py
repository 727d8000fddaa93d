import pytest

from firstwords.data.personal.national_americas import (
    is_brazilian_cnpj,
    is_brazilian_cpf,
    is_canadian_sin,
    is_us_ssn,
)
from firstwords.data.personal_data import personal_data


def found(text: str) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in personal_data(text)]


def test_social_security_numbers_that_are_never_assigned() -> None:
    assert is_us_ssn(b"078051120")  # the number on a wallet's sample card, 1938
    assert is_us_ssn(b"900700000") is False
    assert is_us_ssn(b"900701234")  # a taxpayer number
    for never in (b"000121234", b"666121234", b"123001234", b"123120000", b"900121234", b"999931234"):
        assert not is_us_ssn(never)


@pytest.mark.parametrize(
    ("check", "number"),
    [
        (is_canadian_sin, b"046454286"),
        (is_brazilian_cpf, b"11144477735"),
        (is_brazilian_cnpj, b"11222333000181"),
        (is_brazilian_cnpj, b"12ABC34501DE35"),
    ],
)
def test_published_examples_hold_and_no_other_last_digit_does(check, number: bytes) -> None:
    assert [digit for digit in b"0123456789" if check(number[:-1] + bytes([digit]))] == [number[-1]]
    assert not check(b"1" * len(number))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SSN: 078-05-1120.", [("us_ssn", "078-05-1120")]),
        ("his social security number 078051120", [("us_ssn", "078051120")]),
        ("My SIN number is 046 454 286", [("ca_sin", "046 454 286")]),
        ("CPF 111.444.777-35", [("br_cpf", "111.444.777-35")]),
        ("cpf: 11144477735", [("br_cpf", "11144477735")]),
        ("11.222.333/0001-81", [("br_cnpj", "11.222.333/0001-81")]),
        ("12.ABC.345/01DE-35", [("br_cnpj", "12.ABC.345/01DE-35")]),
        ("(11) 4706-6184 11.222.333/0001-81", [("phone", "(11) 4706-6184"), ("br_cnpj", "11.222.333/0001-81")]),
    ],
)  # fmt: skip
def test_in_a_text(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text", ["078051120", "a sin of 046454286", "046 454 286", "111.444.777-36", "11144477735", "12.ABC.345/01DE-36"]
)
def test_what_is_not_announced_or_has_a_wrong_digit_stays(text: str) -> None:
    assert [kind for kind, _ in found(text) if kind != "phone"] == []
