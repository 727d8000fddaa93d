"""The crawl against a real server on 127.0.0.1: manners first."""

import itertools
import runpy
import time
from pathlib import Path

import pytest

from firstwords.data.crawl.address import AddressRules
from firstwords.data.crawl.archive import Page
from firstwords.data.crawl.crawler import Crawler, Failure, Limits, Reading, failure_line, retry_after
from firstwords.data.crawl.fetch import Fetcher
from firstwords.data.crawl.frontier import Entry, Frontier
from firstwords.data.crawl.page import page_facts
from firstwords.data.crawl.robots import Robots

SERVER = runpy.run_path(str(Path(__file__).parent / "local_server.py"))
serving, page = SERVER["serving"], SERVER["page"]


def read(entry, response) -> Reading:
    from resiliparse.parse.html import HTMLTree

    links = page_facts(HTMLTree.parse(response.body.decode()), entry.url, with_links=True).links
    made = Page(entry.url, "2024-01-01T00:00:00Z", "HTTP/1.1 200 OK", response.headers, response.body)
    return Reading(made, tuple(links))


def crawl(server, *starts: str, wait: float = 0.0, **limits) -> tuple[list[str], dict[str, str]]:
    """Paths of the stored pages, and path to reason of the failures."""
    fetcher = Fetcher(
        agent="firstwords", rules=AddressRules((f"127.0.0.1:{server.port}",)), deadline=2, max_bytes=50_000
    )
    frontier = Frontier(wait)
    for start in starts or ("/",):
        frontier.add(Entry(server.origin + start))
    crawler = Crawler(
        fetch=lambda url: fetcher.fetch(url, frozenset({"text/html"})),
        read=read,
        wants=lambda url: url.startswith(server.origin),
        frontier=frontier,
        limits=Limits(**{"max_pages": 50, "max_attempts": 1} | limits),
        robots=Robots(fetcher.fetch, "firstwords"),
    )
    pages: list[Page] = []
    failures: list[Failure] = []
    crawler.run(pages.append, failures.append)
    cut = len(server.origin)
    return [each.url[cut:] for each in pages], {each.url[cut:]: each.reason for each in failures}


def test_links_are_followed_breadth_first_and_once() -> None:
    pages = {"/": page("/b", "/c", "/b#x"), "/b": page("/d", "/"), "/c": page("/d"), "/d": page()}
    with serving(pages) as server:
        assert crawl(server) == (["/", "/b", "/c", "/d"], {})
        assert server.paths() == ["/robots.txt", "/", "/b", "/c", "/d"]


def test_robots_txt_comes_first_and_is_obeyed() -> None:
    rules = (200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /private")
    with serving({"/": page("/private/x", "/ok"), "/ok": page(), "/private/x": page(), "/robots.txt": rules}) as server:
        stored, failed = crawl(server)
        assert (stored, failed) == (["/", "/ok"], {"/private/x": "robots"})
        assert "/private/x" not in server.paths() and server.paths().count("/robots.txt") == 1


def test_nothing_is_fetched_where_robots_txt_fails() -> None:
    with serving({"/": page(), "/robots.txt": (500, {}, b"")}) as server:
        assert crawl(server) == ([], {"/": "robots"})
        assert server.paths() == ["/robots.txt"]


def test_a_pause_between_requests() -> None:
    with serving({"/": page("/b"), "/b": page()}) as server:
        crawl(server, wait=0.3)
        times = [moment for moment, _, _ in server.requests]
    assert all(later - earlier >= 0.3 for earlier, later in itertools.pairwise(times))


def test_crawl_delay_counts_and_too_long_ones_end_the_host() -> None:
    def delayed(seconds: str) -> dict:
        text = f"User-agent: *\nCrawl-delay: {seconds}".encode()
        return {"/": page("/b"), "/b": page(), "/robots.txt": (200, {}, text)}

    with serving(delayed("0.4")) as server:
        assert crawl(server)[0] == ["/", "/b"]
        times = [moment for moment, _, _ in server.requests]
        assert times[2] - times[1] >= 0.4
    with serving(delayed("500")) as server:
        assert crawl(server) == ([], {"/": "delay"})


def test_limits_of_pages_and_depth() -> None:
    chain = {f"/{i}": page(f"/{i + 1}") for i in range(20)}
    with serving(chain) as server:
        assert crawl(server, "/0", max_pages=3)[0] == ["/0", "/1", "/2"]
        assert crawl(server, "/0", max_depth=2)[0] == ["/0", "/1", "/2"]


def test_redirects_are_addresses_of_their_own() -> None:
    pages = {
        "/": page("/old", "/out", "/secret", "/loop"),
        "/old": (301, {"Location": "/new"}, b""),
        "/new": page(),
        "/out": (302, {"Location": "http://10.0.0.1/metadata"}, b""),
        "/secret": (302, {"Location": "/private"}, b""),
        "/loop": (302, {"Location": "/loop?x"}, b""),
        "/loop?x": (302, {"Location": "/loop"}, b""),
        "/robots.txt": (200, {}, b"User-agent: *\nDisallow: /private"),
        "/private": page(),
    }
    with serving(pages) as server:
        stored, failed = crawl(server)
    assert stored == ["/", "/new"]
    assert failed == {"/out": "status", "/private": "robots"}


def test_a_redirect_to_a_private_address_is_not_followed_even_when_wanted() -> None:
    with serving({"/": (302, {"Location": "http://127.0.0.1:9/"}, b"")}) as server:
        fetcher = Fetcher(agent="x", rules=AddressRules((f"127.0.0.1:{server.port}",)), deadline=2)
        frontier = Frontier(0.0)
        frontier.add(Entry(server.origin + "/"))
        failures: list[Failure] = []
        Crawler(
            fetch=fetcher.fetch, read=read, wants=lambda url: True, frontier=frontier, limits=Limits(5, max_attempts=1)
        ).run(lambda page: None, failures.append)
    assert [(each.url, each.reason) for each in failures] == [("http://127.0.0.1:9/", "refused")]


def test_a_server_that_is_busy_is_left_alone_and_asked_again() -> None:
    answers = iter([(429, {"Retry-After": "1"}, b""), page()])

    def busy(connection) -> None:
        status, headers, body = next(answers)
        head = "".join(f"{k}: {v}\r\n" for k, v in headers.items())
        head += f"Content-Type: text/html\r\nContent-Length: {len(body)}\r\n"
        connection.sendall(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body)

    with serving({"/": busy}) as server:
        assert crawl(server, max_attempts=2) == (["/"], {})
        times = [moment for moment, path, _ in server.requests if path == "/"]
        assert times[1] - times[0] >= 1.0


def test_a_server_that_asks_for_hours_is_given_up() -> None:
    with serving({"/": page("/a", "/b"), "/a": (503, {"Retry-After": "7200"}, b""), "/b": page()}) as server:
        assert crawl(server, max_attempts=3) == (["/"], {"/a": "delay", "/b": "delay"})


def test_every_failure_is_told() -> None:
    def slow(connection) -> None:
        time.sleep(4)

    pages = {
        "/": page("/none", "/image", "/large", "/slow"),
        "/image": (200, {"Content-Type": "image/png"}, b"x"),
        "/large": (200, {}, b"x" * 60_000),
        "/slow": slow,
    }
    with serving(pages) as server:
        stored, failed = crawl(server)
    assert stored == ["/"]
    assert failed == {"/none": "status", "/image": "media_type", "/large": "too_large", "/slow": "timeout"}


def test_traps_are_not_entered() -> None:
    with serving({"/": page("/a/b/a/b/a/b/a/b/a/")}) as server:
        assert crawl(server) == (["/"], {})


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5),
        (" 7 ", 7),
        (None, 0),
        ("", 0),
        ("soon", 0),
        ("-3", 0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90),
        ("9" * 50, 10**9),
    ],
)
def test_retry_after(value, seconds) -> None:
    assert retry_after(value, now=lambda: 10.0) == seconds


def test_a_failure_has_no_time_in_it() -> None:
    assert failure_line(Failure("u", "r", "d")) == {"url": "u", "reason": "r", "detail": "d"}
