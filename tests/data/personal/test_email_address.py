import pytest

from firstwords.data.personal_data import personal_data


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in personal_data(text, types=("email",))]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("“jane@example.org”", "jane@example.org"),
        ("mail—jane@example.org—now", "jane@example.org"),
        ("邮箱是jane@example.org。", "jane@example.org"),
        ("jane@example.org的邮箱", "jane@example.org"),
        ("用户@例子.公司", "用户@例子.公司"),
        ("Ärger: jörg@müller.de!", "jörg@müller.de"),
        ("12345678@example.org", "12345678@example.org"),
        ("'o'brien@example.org'", "o'brien@example.org"),
        ("x" * 64 + "@example.org", "x" * 64 + "@example.org"),
    ],
)
def test_what_stands_around_an_address_is_none_of_it(text: str, address: str) -> None:
    assert found(text) == [address]


def test_addresses_that_share_a_part_are_one() -> None:
    assert found("a@b.org@c.org") == ["a@b.org"]


@pytest.mark.parametrize("text", ["@example.org", "jane@localhost", "a@1.2.3.4", "jane@x.c", "x@-.org", "a@b..org"])
def test_what_is_no_address(text: str) -> None:
    assert found(text) == []
