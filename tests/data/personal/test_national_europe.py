import pytest

from firstwords.data.personal.national_europe import (
    is_british_nhs,
    is_dutch_bsn,
    is_french_nir,
    is_german_tax_id,
    is_italian_fiscal_code,
    is_polish_pesel,
    is_spanish_dni,
    is_swedish_personal_number,
)
from firstwords.data.personal_data import personal_data


def found(text: str) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in personal_data(text)]


@pytest.mark.parametrize(
    ("check", "number"),
    [
        (is_british_nhs, b"9434765919"),
        (is_german_tax_id, b"86095742719"),
        (is_french_nir, b"255081416802538"),
        (is_spanish_dni, b"12345678Z"),
        (is_spanish_dni, b"X1234567L"),
        (is_italian_fiscal_code, b"RSSMRA85T10A562S"),
        (is_dutch_bsn, b"111222333"),
        (is_polish_pesel, b"44051401359"),
        (is_swedish_personal_number, b"6408233234"),
        (is_swedish_personal_number, b"196408233234"),
    ],
)
def test_published_examples_hold_and_no_other_last_character_does(check, number: bytes) -> None:
    alphabet = b"0123456789" if chr(number[-1]).isdigit() else b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert [each for each in alphabet if check(number[:-1] + bytes([each]))] == [number[-1]]


def test_what_no_person_has() -> None:
    assert not is_german_tax_id(b"12345678903")  # no digit twice in the first ten
    assert not is_polish_pesel(b"44131401353")  # month 13
    assert not is_swedish_personal_number(b"6413233233")
    assert not is_british_nhs(b"0000000000")


def test_where_two_italians_share_a_code_digits_become_letters() -> None:
    assert is_italian_fiscal_code(b"RSSMRA85T10A56NH")
    assert found("rssmra85t10a562s") == [("it_fiscal_code", "rssmra85t10a562s")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NHS no. 943 476 5919", [("uk_nhs", "943 476 5919")]),
        ("AB 12 34 56 C", [("uk_nino", "AB 12 34 56 C")]),
        ("National Insurance: AB123456C", [("uk_nino", "AB123456C")]),
        ("Steuer-ID: 86 095 742 719", [("de_tax_id", "86 095 742 719")]),
        ("Sécu 2 55 08 14 168 025 38", [("fr_nir", "2 55 08 14 168 025 38")]),
        ("255081416802538", [("fr_nir", "255081416802538")]),
        ("né en Corse : 1 84 12 2A 451 089 33", [("fr_nir", "1 84 12 2A 451 089 33")]),
        ("12345678-Z, NIE X-1234567-L", [("es_dni", "12345678-Z"), ("es_dni", "X-1234567-L")]),
        ("DNI 12345678Z", [("es_dni", "12345678Z")]),
        ("BSN 111222333", [("nl_bsn", "111222333")]),
        ("PESEL: 44051401359", [("pl_pesel", "44051401359")]),
        ("640823-3234 eller 19640823-3234", [("se_personnummer", "640823-3234"), ("se_personnummer", "19640823-3234")]),
    ],
)  # fmt: skip
def test_in_a_text(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "943 476 5919 of them",
        "part AB123456C",
        "GB 12 34 56 C and QQ 12 34 56 A",
        "86095742719",
        "12345678L, x = 12345678Z",
        "12345678-A",
        "111222333 and 44051401359",
        "640823-3235",
        "2 55 08 14 168 025 39",
    ],
)
def test_what_is_not_announced_or_has_a_wrong_check_stays(text: str) -> None:
    assert [kind for kind, _ in found(text) if kind != "phone"] == []
