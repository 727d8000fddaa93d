import pytest

from firstwords.data.personal.passport import check_digit, is_passport_line
from firstwords.data.personal_data import personal_data

LINE = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"  # of the specimen in ICAO Doc 9303


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in personal_data(text) if span.type == "passport"]


def test_check_digits_of_the_specimen() -> None:
    assert [check_digit(field) for field in (b"L898902C3", b"740812", b"120415", b"ZE184226B<<<<<")] == [6, 2, 9, 1]
    assert is_passport_line(LINE.encode())
    for place in (0, 8, 9, 14, 22, 30, 43):
        changed = LINE[:place] + ("7" if LINE[place] != "7" else "8") + LINE[place + 1 :]
        assert not is_passport_line(changed.encode()), place


def test_the_second_line_is_found_and_what_only_looks_like_one_is_not() -> None:
    names = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
    assert found(f"{names}\n{LINE}\n") == [LINE]
    assert found(LINE[:-1] + "1") == []
    # Without a number of the holder's own, its check digit may be left out.
    fields = LINE[:28] + "<" * 15
    last = check_digit((fields[:10] + fields[13:20] + fields[21:]).encode())
    assert found(f"{fields}{last}") == [f"{fields}{last}"]
    assert found(f"{fields}{(last + 1) % 10}") == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Passport No. 531217351", "531217351"),
        ("passport number: C01234567", "C01234567"),
        ("PASSPORT NO: AB1234567.", "AB1234567"),
        ("Reisepassnummer C01X00T47", "C01X00T47"),
        ("Passport: 12345678", "12345678"),
    ],
)
def test_numbers_behind_words_that_say_so(text: str, number: str) -> None:
    assert found(text) == [number]


@pytest.mark.parametrize(
    "text",
    [
        "his passport was 123456789 days old",
        "Order C01234567 was sent",
        "Passport number: see page AB",
        "the passport number of SOMEBODY9",
        "531217351 is a number",
    ],
)
def test_numbers_without_such_words_are_not(text: str) -> None:
    assert found(text) == []
