import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.personal.bank import is_card, is_iban
from firstwords.data.personal_data import personal_data

# The IBAN registry's own examples.
_EXAMPLES = """
AL47212110090000000235698741 AD1200012030200359100100 AT611904300234573201 BE68539007547034
BG80BNBG96611020345678 BR9700360305000010009795493P1 CH9300762011623852957 CY17002001280000001200527600
CZ6508000000192000145399 DE89370400440532013000 DK5000400440116243 EE382200221020145685 ES9121000418450200051332
FI2112345600000785 FR1420041010050500013M02606 GB29NWBK60161331926819 GE29NB0000000101904917
GI75NWBK000000007099453 GR1601101250000000012300695 HR1210010051863000160 HU42117730161111101800000000
IE29AIBK93115212345678 IL620108000000099999999 IS140159260076545510730339 IT60X0542811101000000123456
KZ86125KZT5004100100 LI21088100002324013AA LT121000011101001000 LU280019400644750000 LV80BANK0000435195001
MC5811222000010123456789030 MD24AG000225100013104168 MT84MALT011000012345MTLCAST001S NL91ABNA0417164300
NO9386011117947 PL61109010140000071219812874 PT50000201231234567890154 RO49AAAA1B31007593840000
RS35260005601001611379 SA0380000000608010167519 SE4550000000058398257466 SI56263300012039086
SK3112000000198742637541 SM86U0322509800000000270100 TR330006100519786457841326 UA213223130000026007233566001
XK051212012345678906
"""
IBANS = _EXAMPLES.split()


@pytest.mark.parametrize("iban", IBANS)
def test_the_registrys_examples_are_found_compact_and_in_groups(iban: str) -> None:
    grouped = " ".join(iban[place : place + 4] for place in range(0, len(iban), 4))
    for text in (iban, iban.lower(), grouped, grouped.replace(" ", "\N{NO-BREAK SPACE}")):
        spans = personal_data(f"Pay to {text}, please")
        assert [(span.type, span.start, span.end) for span in spans] == [("iban", 7, 7 + len(text))]


@given(st.sampled_from(IBANS), st.integers(2, 14), st.sampled_from("0123456789"))
def test_one_wrong_character_is_told(iban: str, place: int, digit: str) -> None:
    other = iban[:place] + digit + iban[place + 1 :]
    assert is_iban(other.encode()) == (other == iban)


def test_length_belongs_to_the_country() -> None:
    assert not is_iban(b"GB29NWBK6016133192681")
    assert not is_iban(b"ZZ29NWBK60161331926819")


# Test numbers that the networks publish for merchants.
CARDS = ["4111111111111111", "5555555555554444", "2223003122003222", "378282246310005", "6011111111111117",
         "30569309025904", "3530111333300000", "6200000000000005", "6759649826438453", "4222222222222"]  # fmt: skip


@pytest.mark.parametrize("card", CARDS)
def test_the_networks_test_numbers(card: str) -> None:
    assert is_card(card.encode())
    assert [span.type for span in personal_data(f"card#{card}.")] == ["card"]
    assert not any(is_card(card[:-1].encode() + b"%d" % digit) for digit in range(10) if str(digit) != card[-1])


def test_another_number_may_stand_behind_a_card() -> None:
    text = "4111 1111 1111 1111 123 Main Street"
    assert [text[span.start : span.end] for span in personal_data(text)] == ["4111 1111 1111 1111"]
    assert personal_data("“4111 1111 1111 1111”")[0].start == 1
