"""Numbers of persons in Europe: Britain, Germany, France, Spain, Italy, the Netherlands, Poland, Sweden."""

from __future__ import annotations

from collections import Counter

from firstwords.data.personal.check_digits import luhn, mod_11_10, weighted_sum
from firstwords.data.personal.finder import words
from firstwords.data.personal.number_rule import Lettered, Rule


def is_british_nhs(digits: bytes) -> bool:
    """Whether ten digits are a British NHS number: a check digit modulo 11.

    Source: NHS Data Model and Dictionary, NHS Number (example 943 476 5919).
    """
    rest = -weighted_sum(digits, range(10, 1, -1)) % 11
    return rest == digits[9] - 48 and len(set(digits)) > 1


def is_german_tax_id(digits: bytes) -> bool:
    """Whether eleven digits are a German tax identification number: MOD 11,10; of the first ten digits exactly one
    stands twice or three times.

    Source: Bundeszentralamt fuer Steuern, "Steuerliche Identifikationsnummer" (example 86 095 742 719).
    """
    counts = Counter(digits[:10])
    repeated = [count for count in counts.values() if count > 1]
    return digits[:1] != b"0" and len(repeated) == 1 and repeated[0] <= 3 and mod_11_10(digits)


def is_french_nir(characters: bytes) -> bool:
    """Whether fifteen characters are a French social security number (NIR): sex, year, month, place, order and a key
    of two digits modulo 97; Corsica's departments 2A and 2B stand for 19 and 18. Sex is 1 or 2, for provisional numbers
    7 or 8; what begins with 3 is rather an American Express card, which is as long.

    Source: INSEE, Numero d'inscription au repertoire (example 2 55 08 14 168 025 38).
    """
    month = int(characters[3:5])
    if characters[:1] not in b"1278" or not (1 <= month <= 12 or 20 <= month <= 42 or month >= 50):
        return False
    number = characters[:13].replace(b"2A", b"19").replace(b"2B", b"18")
    return 97 - int(number) % 97 == int(characters[13:])


def is_spanish_dni(characters: bytes) -> bool:
    """Whether a Spanish identity number (DNI 12345678Z, for foreigners NIE X1234567L) has its letter, modulo 23.

    Source: Ministerio del Interior, "Calculo del digito de control del NIF/NIE".
    """
    characters = characters.upper()
    number = characters[:-1].translate(bytes.maketrans(b"XYZ", b"012"))
    return b"TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == characters[-1]


# Values of characters at odd places, for the digits 0 to 9 and, the same, the letters A to J, then K to Z.
_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
_DIGIT_PLACES = (6, 7, 9, 10, 12, 13, 14)
_TO_DIGITS = bytes.maketrans(b"LMNPQRSTUV", b"0123456789")


def is_italian_fiscal_code(characters: bytes) -> bool:
    """Whether sixteen characters are an Italian fiscal code with its check letter; where two persons would have the
    same code, digits are written as the letters L to V.

    Source: Decreto del Ministero delle Finanze 23 December 1976 (example RSSMRA85T10A562S).
    """
    characters = characters.upper()
    values = [byte - 48 if byte < 58 else byte - 65 for byte in characters]
    total = sum(_ODD[value] if place % 2 == 0 else value for place, value in enumerate(values[:15]))
    day = int(characters[9:11].translate(_TO_DIGITS))
    num_written = sum(characters[place] < 58 for place in _DIGIT_PLACES)
    return total % 26 == values[15] and (1 <= day <= 31 or 41 <= day <= 71) and num_written >= 3


def is_dutch_bsn(digits: bytes) -> bool:
    """Whether nine digits are a Dutch citizen service number (BSN): the "eleven test".

    Source: Rijksdienst voor Identiteitsgegevens, Logisch Ontwerp BSN (example 111222333).
    """
    return weighted_sum(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0 and len(set(digits)) > 1


def is_polish_pesel(digits: bytes) -> bool:
    """Whether eleven digits are a Polish PESEL number: a date of birth, its month telling the century, and a check
    digit.

    Source: Rozporzadzenie Ministra Spraw Wewnetrznych on the PESEL register (example 44051401359).
    """
    month, day = int(digits[2:4]) % 20, int(digits[4:6])
    total = weighted_sum(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1))
    return 1 <= month <= 12 and 1 <= day <= 31 and total % 10 == 0


def is_swedish_personal_number(digits: bytes) -> bool:
    """Whether ten or twelve digits are a Swedish personal number (or co-ordination number, its day raised by 60): a
    date and Luhn over the last ten digits.

    Source: Skatteverket, SKV 704 and SKV 707 (example 640823-3234).
    """
    short = digits[-10:]
    month, day = int(short[2:4]), int(short[4:6]) % 60
    century = digits[:-10] in (b"", b"18", b"19", b"20")
    return century and 1 <= month <= 12 and 1 <= day <= 31 and int(short[4:6]) < 92 and luhn(short)


RULES = (
    Rule(
        "uk_nhs",
        announced=("9999999999", "999 999 9999", "999-999-9999"),
        holds=is_british_nhs,
        words=words("nhs"),
    ),
    Rule(
        "de_tax_id",
        announced=("99999999999", "99 999 999 999"),
        holds=is_german_tax_id,
        words=words(
            "steuer id", "steuer idnr", "idnr", "steueridentifikationsnummer", "identifikationsnummer", "tax id"
        ),
    ),
    Rule(
        "fr_nir",
        plain=("999999999999999", "9 99 99 99 999 999 99", "9 99 99 99 999 999 / 99", "9999999999999 99"),
        holds=is_french_nir,
    ),
    Rule(
        "es_dni",
        plain=("99999999-A", "99.999.999-A"),
        announced=("99999999A", "99999999 A"),
        holds=is_spanish_dni,
        words=words("dni", "nif", "d.n.i", "n.i.f", "documento nacional de identidad"),
    ),
    Rule(
        "nl_bsn",
        announced=("999999999", "9999 99 999", "9999.99.999", "999 999 999"),
        holds=is_dutch_bsn,
        words=words("bsn", "burgerservicenummer", "sofinummer", "sofi nummer", "citizen service number"),
    ),
    Rule(
        "pl_pesel",
        announced=("99999999999",),
        holds=is_polish_pesel,
        words=words("pesel"),
    ),
    Rule(
        "se_personnummer",
        plain=("999999-9999", "99999999-9999"),
        announced=("9999999999", "999999999999"),
        holds=is_swedish_personal_number,
        words=words("personnummer", "samordningsnummer", "personal identity number", "pnr"),
    ),
)

_DIGIT_OR_LETTER = "[0-9LMNP-Vlmnp-v]"
FINDERS = (
    # HM Revenue and Customs, National Insurance Manual NIM39110 (example QQ 12 34 56 A, a prefix never used): it has
    # no check digit, so its pairs must be written apart, or a word announce it.
    Lettered(
        "uk_nino",
        trigger=r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] [0-9]{2} [0-9]{2} [0-9]{2} [A-D]\b",
        holds=lambda characters: characters[:2] not in (b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"),
    ).finder,
    Lettered(
        "uk_nino",
        trigger=r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{6} ?[A-D]\b",
        holds=lambda characters: characters[:2] not in (b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"),
        words=words("nino", "ni number", "ni no", "national insurance", "ni"),
    ).finder,
    Lettered("es_dni", trigger=r"\b[XYZ]-?[0-9]{7}-?[A-Z]\b", holds=is_spanish_dni).finder,
    Lettered(
        "it_fiscal_code",
        trigger=rf"\b[A-Za-z]{{6}}{_DIGIT_OR_LETTER}{{2}}[A-EHLMPR-Ta-ehlmpr-t]{_DIGIT_OR_LETTER}{{2}}"
        rf"[A-Za-z]{_DIGIT_OR_LETTER}{{3}}[A-Za-z]\b",
        holds=is_italian_fiscal_code,
    ).finder,
    Lettered(
        "fr_nir", trigger=r"\b[12] ?[0-9]{2} ?[0-9]{2} ?2[AB] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}\b", holds=is_french_nir
    ).finder,
)
