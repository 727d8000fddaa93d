import pytest

from firstwords.data.personal_data import ALL_TYPES, personal_data


def found(text: str) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in personal_data(text, ALL_TYPES)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("user@192.0.2.7", [("ip_address", "192.0.2.7")]),
        ("“192.0.2.7”", [("ip_address", "192.0.2.7")]),
        ("地址是192.0.2.7。", [("ip_address", "192.0.2.7")]),
        ("é192.0.2.7", []),
        ("192.0.2.07", []),
        ("fixed in 2.6.35.5 and 8.2.4.45", []),
        ("host 2.6.35.5, [8.2.4.45]", [("ip_address", "2.6.35.5"), ("ip_address", "8.2.4.45")]),
        ("2.6.35.5:80 2.6.35.0/24", [("ip_address", "2.6.35.5"), ("ip_address", "2.6.35.0")]),
        ("2.6.35.0/24 10.0.0.7", [("ip_address", "2.6.35.0"), ("ip_address", "10.0.0.7")]),
        ("v4 ::ffff:192.0.2.7 in v6", [("ip_address", "::ffff:192.0.2.7")]),
        ("::ffff:127.0.0.1", []),
        ("addr:2001:db8::7", [("ip_address", "2001:db8::7")]),
        ("1:2:3:4:5:6:7:8:9:a", []),
        (":".join(["ab3f"] * 30), []),
        ("2001:db8:1::/48", [("ip_address", "2001:db8:1::")]),
    ],
)
def test_addresses_of_machines(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


def test_credentials_in_a_url_leave_the_url() -> None:
    usual = personal_data("postgres://bob:s3cr3t-Pw@db.example.com/x")
    assert [(span.type, span.start, span.end) for span in usual] == [("url_credentials", 11, 24)]


@pytest.mark.parametrize(
    "url",
    [
        "ssh://git@example.com/x",
        "http://user:password@example.com/",
        "http://user:${PASSWORD}@example.com/",
        "http://user:***@example.com/",
        "http://example.com:8080/a@b",
    ],
)
def test_names_alone_and_what_stands_for_a_password_stay(url: str) -> None:
    assert "url_credentials" not in {span.type for span in personal_data(url)}


def test_urls_and_hardware_addresses_only_where_they_are_asked_for() -> None:
    text = "See (https://www.example.org/a?b=c), 00:1b:44:11:3a:b7 or 00-1B-44-11-3A-B7; 00:11:22:33:44:55:66:77"
    assert personal_data(text) == []
    assert found(text) == [
        ("url", "https://www.example.org/a?b=c"),
        ("mac_address", "00:1b:44:11:3a:b7"),
        ("mac_address", "00-1B-44-11-3A-B7"),
    ]
