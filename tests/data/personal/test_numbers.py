from firstwords.data.personal.numbers import NUMBERS

REGIONS = ("US", "GB")


def found(text: bytes, start: int = 0, end: int | None = None) -> list[tuple[str, bytes]]:
    spans = NUMBERS.find(text, start, len(text) if end is None else end, REGIONS)
    return [(span.type, text[span.start : span.end]) for span in spans]


def test_telephone_numbers_fill_what_others_leave() -> None:
    text = b"(202) 555-0123 4111 1111 1111 1111 (202) 555-0199 192.0.2.7 531-21-7351"
    assert found(text) == [
        ("phone", b"(202) 555-0123"),
        ("card", b"4111 1111 1111 1111"),
        ("phone", b"(202) 555-0199"),
        ("ip_address", b"192.0.2.7"),
        ("us_ssn", b"531-21-7351"),
    ]


def test_a_number_with_a_wrong_check_digit_is_no_telephone_number_either() -> None:
    assert found(b"4111 1111 1111 1112") == []
    assert found(b"111.444.777-36") == []
