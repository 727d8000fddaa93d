import pytest

from firstwords.data.personal.check_digits import luhn, mod_11_10, mod_97_10, verhoeff, weighted_sum

# Published examples: Luhn 79927398713 (ISO/IEC 7812 literature), Verhoeff 2363 (Verhoeff 1969's example in its usual
# form), MOD 11,10 0794 (ISO/IEC 7064), MOD 97-10 794 44 (ISO/IEC 7064).
EXAMPLES = [(luhn, b"79927398713"), (verhoeff, b"2363"), (mod_11_10, b"07945"), (mod_97_10, b"79444")]


@pytest.mark.parametrize(("check", "number"), EXAMPLES)
def test_every_wrong_digit_is_told(check, number: bytes) -> None:
    assert check(number)
    for place in range(len(number)):
        for digit in b"0123456789":
            other = number[:place] + bytes([digit]) + number[place + 1 :]
            assert check(other) == (other == number), other


def test_verhoeff_tells_neighbours_that_changed_places() -> None:
    number = b"236385719207463"
    number += next(bytes([d]) for d in b"0123456789" if verhoeff(number + bytes([d])))
    for place in range(len(number) - 1):
        swapped = number[:place] + number[place : place + 2][::-1] + number[place + 2 :]
        assert verhoeff(swapped) == (swapped == number)


def test_a_weighted_sum_reads_letters_as_their_distance_from_zero() -> None:
    assert weighted_sum(b"12A", (3, 2, 1)) == 3 + 4 + 17
