import pytest

from firstwords.data.personal.phone_numbers import find_phone_numbers

REGIONS = ("US", "GB", "DE", "FR", "IN", "BR")


def numbers(text: str, regions: tuple[str, ...] = REGIONS) -> list[str]:
    data = text.encode()
    return [data[start:end].decode() for start, end in find_phone_numbers(data, 0, len(data), regions)]


@pytest.mark.parametrize(
    "number",
    [
        "+41 (0)21 863 51 11",
        "+43/662/2450-510",
        "+1.408.244.6554",
        "001-420-335-7509x38548",
        "1-800-225-6242 ext. 325",
        "(408)373-1441",
        "905-674-3793",
        "415.688.8231",
        "020 7946 0958",
        "+49.30901820",
        "01.84.17.61.18",
        "98765 43210",
        "(11) 4706-6184",
    ],
)
def test_numbers_in_their_usual_dress(number: str) -> None:
    assert numbers(f"Ask ({number}), please.") == [number]
    assert numbers(f"{number}\n") == [number]


@pytest.mark.parametrize("before", ["Call", "fax: ", "Tel. no. ", "reach me at", "☎ "])
def test_a_word_before_makes_any_shape_a_number(before: str) -> None:
    assert numbers(f"{before} 891-3818") == ["891-3818"]
    assert numbers(f"{before} 5551234567") == ["5551234567"]


def test_a_word_behind_does_too() -> None:
    assert numbers("78 651 450 (office), 737 219 628-Fax") == ["78 651 450", "737 219 628"]


@pytest.mark.parametrize(
    "text",
    [
        "891-3818",
        "5551234567",
        "2147483647",
        "12 34 56 78",
        "abc0603260973",
        "$1 234 567",
        "+1 234",
        "00000000000",
        "call 911",
        "+3.1400000",
        "+1.4142135",
        "+35236450.6",
        "phi = 9.064678",
        "357  679 1036",
        "70000-20000=50000",
    ],
)
def test_digits_alone_are_no_number(text: str) -> None:
    assert numbers(text) == []


def test_regions_decide_about_national_forms() -> None:
    assert numbers("at 0603 260 973 today", ("GB",)) == []
    assert numbers("at 01603 260 973 today", ("GB",)) == ["01603 260 973"]
    assert numbers("at 01603 260 973 today", ("US",)) == []


def test_only_numbers_that_begin_in_the_area_are_looked_for() -> None:
    data = b"(202) 555-0123 and (202) 555-0199"
    assert list(find_phone_numbers(data, 0, 16, REGIONS)) == [(0, 14)]
    assert list(find_phone_numbers(data, 16, len(data), REGIONS)) == [(19, 33)]
