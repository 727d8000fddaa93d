"""Check digits and characters: the arithmetic that tells most typing errors, and most random numbers, from real ones.

Every function takes the whole number without separators, as ASCII bytes, its check digits last unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence


def luhn(digits: bytes) -> bool:
    """The Luhn formula (ISO/IEC 7812-1, annex B): payment cards, Canadian and Swedish numbers."""
    total = 0
    for position, byte in enumerate(reversed(digits)):
        value = byte - 48
        # Every second digit is doubled, and the digits of the result added.
        total += value if position % 2 == 0 else 2 * value - 9 * (value > 4)
    return total % 10 == 0


# Verhoeff 1969: the multiplication of the dihedral group of ten elements, and one permutation of the digits by place.
_DIHEDRAL = [[(a + b) % 5 if b < 5 else 5 + (a + b) % 5 for b in range(10)] for a in range(5)] + [
    [5 + (a - b) % 5 if b < 5 else (a - b) % 5 for b in range(10)] for a in range(5, 10)
]
_PERMUTATIONS = [list(range(10))]
for _ in range(7):
    _PERMUTATIONS.append([[1, 5, 7, 6, 2, 8, 3, 0, 9, 4][digit] for digit in _PERMUTATIONS[-1]])


def verhoeff(digits: bytes) -> bool:
    """Verhoeff's check over the dihedral group: Indian Aadhaar numbers."""
    state = 0
    for position, byte in enumerate(reversed(digits)):
        state = _DIHEDRAL[state][_PERMUTATIONS[position % 8][byte - 48]]
    return state == 0


def weighted_sum(digits: bytes, weights: Sequence[int]) -> int:
    """The sum of digits times weights; digits beyond the weights do not count, letters count by their code (A = 17)."""
    return sum((byte - 48) * weight for byte, weight in zip(digits, weights, strict=False))


def mod_11_10(digits: bytes) -> bool:
    """The hybrid system MOD 11,10 of ISO/IEC 7064: German tax identification numbers."""
    product = 10
    for byte in digits[:-1]:
        total = (byte - 48 + product) % 10 or 10
        product = 2 * total % 11
    return (product + digits[-1] - 48) % 10 == 1


def mod_97_10(characters: bytes) -> bool:
    """The system MOD 97-10 of ISO/IEC 7064, letters read as 10 to 35: bank accounts after their first four characters
    have been moved to the end.
    """
    return int("".join(str(int(chr(byte), 36)) for byte in characters)) % 97 == 1
