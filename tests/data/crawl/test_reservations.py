import json

import pytest

from firstwords.data.crawl.fetch import FetchFailed, Response
from firstwords.data.crawl.reservations import PLACE, Reservations, read_reservations

RULES = [
    {"location": "/", "tdm-reservation": 1, "tdm-policy": "https://a.test/policy"},
    {"location": "/free/", "tdm-reservation": 0},
    {"location": "/free/*.jpg$", "tdm-reservation": 1},
    {"location": "/same", "tdm-reservation": 1},
    {"location": "/same", "tdm-reservation": 0},
]


def response(status: int, body: bytes = b"", **headers: str) -> Response:
    return Response("", status, "", tuple(headers.items()), body)


def loaded(answers: dict[str, Response | Exception], url: str = "https://a.test/x") -> Reservations:
    def fetch(address: str) -> Response:
        answer = answers[address]
        if isinstance(answer, Exception):
            raise answer
        return answer

    reservations = Reservations(fetch)
    assert not reservations.known(url)
    reservations.load(url)
    assert reservations.known(url) and not reservations.known("https://b.test/x")
    return reservations


@pytest.mark.parametrize(
    ("path", "expected"),
    [("", "1"), ("/x", "1"), ("/free/page", "0"), ("/free/a/b.jpg", "1"), ("/free/b.jpg?x", "0"), ("/same", "1")],
)
def test_the_longest_location_counts(path: str, expected: str) -> None:
    file = response(200, json.dumps(RULES).encode())
    assert loaded({"https://a.test" + PLACE: file}).of("https://a.test" + path) == expected


def test_where_there_is_no_file_nothing_is_said() -> None:
    place = "https://a.test" + PLACE
    for answer in (response(404), response(500), FetchFailed("timeout", ""), response(200, b"<html>")):
        assert loaded({place: answer}).of("https://a.test/x") is None


def test_redirects_are_followed_and_have_an_end() -> None:
    place = "https://a.test" + PLACE
    file = response(200, b'[{"location": "/", "tdm-reservation": 1}]')
    moved = {place: response(301, Location="/other.json"), "https://a.test/other.json": file}
    assert loaded(moved).of("https://a.test/x") == "1"
    assert loaded({place: response(302, Location=PLACE)}).of("https://a.test/x") is None


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[1, null]", b'[{"location": 1, "tdm-reservation": 1}]', b'[{"location": "/"}]', b"[" * 100_000],
)
def test_what_makes_no_sense_is_passed_over(body: bytes) -> None:
    assert read_reservations(body) == []


def test_a_location_of_many_wildcards_is_no_trap() -> None:
    many = json.dumps([{"location": "/" + "*a" * 50, "tdm-reservation": 1}]).encode()
    assert read_reservations(many) == []
