import unicodedata

import pytest

from firstwords.data.characters import IDEOGRAPH, LETTER, MARK, NUMBER, SPACE, SYMBOL, tables


@pytest.mark.parametrize(
    ("characters", "expected"),
    [
        ("aZéßЖ한ก", LETTER),
        ("09_²Ⅷ٣", NUMBER),
        (" \t\n\r\u00a0\u2028\u3000", SPACE),
        (".,-'’“…#<\u200b\ufeff€", SYMBOL),
        ("\u0301\u093f", MARK),
        ("日語ひカㄅ", IDEOGRAPH),
    ],
)
def test_classes(characters: str, expected: int) -> None:
    classes, _ = tables()
    assert {classes[ord(character)] for character in characters} == {expected}


def test_every_letter_and_number_of_unicode_is_part_of_words() -> None:
    classes, _ = tables()
    for code in range(0x10000):
        in_words = classes[code] in (LETTER, NUMBER, IDEOGRAPH)
        assert in_words == (unicodedata.category(chr(code))[0] in "LN" or chr(code) == "_"), hex(code)


def test_lower_case_is_pythons_where_it_is_one_character() -> None:
    _, lower = tables()
    assert "".join(chr(lower[ord(character)]) for character in "AZÉЖΣ") == "azéжσ"
    assert lower[ord("İ")] == ord("İ")  # its lower-case form is two characters
