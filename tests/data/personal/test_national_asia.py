from firstwords.data.personal.check_digits import verhoeff
from firstwords.data.personal.national_asia import is_chinese_resident_id, is_indian_aadhaar
from firstwords.data.personal_data import personal_data


def found(text: str) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in personal_data(text)]


def test_a_chinese_number_has_a_date_and_a_check_character() -> None:
    assert is_chinese_resident_id(b"11010519491231002X")  # the standard's own example
    assert not any(is_chinese_resident_id(b"11010519491231002%d" % digit) for digit in range(10))
    assert not is_chinese_resident_id(b"11010519491331002X")
    assert found("身份证11010519491231002X。") == [("cn_resident_id", "11010519491231002X")]


def test_an_indian_number_needs_its_word() -> None:
    number = b"23412341234"
    last = next(digit for digit in range(10) if verhoeff(number + b"%d" % digit))
    whole = f"2341 2341 234{last}"
    assert is_indian_aadhaar(whole.replace(" ", "").encode())
    assert not is_indian_aadhaar(b"1" + whole.replace(" ", "").encode()[1:])
    assert found(f"Aadhaar: {whole}") == [("in_aadhaar", whole)]
    assert found(f"rows {whole}") == []
