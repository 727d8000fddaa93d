import pytest

from firstwords.data.crawl.fetch import FetchFailed, Response
from firstwords.data.crawl.robots import MAX_AGE, Robots

ORIGIN = "http://example.org"


class Server:
    """Answers by path, counting."""

    def __init__(self, answers) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, url: str) -> Response:
        self.asked.append(url)
        answer = self.answers.get(url, 404)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return Response(url, answer, "", (), b"")
        if answer.startswith("->"):
            return Response(url, 301, "", (("Location", answer[2:]),), b"")
        return Response(url, 200, "", (("Content-Type", "text/plain"),), answer.encode())


def rules(answers, now=lambda: 0.0) -> tuple[Robots, Server]:
    server = Server(answers)
    robots = Robots(server, "firstwords", now)
    robots.load(f"{ORIGIN}/x")
    return robots, server


def allowed(text: str, path: str = "/a") -> bool:
    return rules({f"{ORIGIN}/robots.txt": text})[0].allows(ORIGIN + path)[0]


def test_rules_are_obeyed() -> None:
    assert not allowed("User-agent: *\nDisallow: /a")
    assert allowed("User-agent: *\nDisallow: /b")
    assert allowed("User-agent: *\nDisallow: /\nAllow: /a")
    assert not allowed("User-agent: *\nAllow: /\n\nUser-agent: Firstwords\nDisallow: /")
    assert allowed("User-agent: otherbot\nDisallow: /")
    assert not allowed("user-agent: *\r\ndisallow: /*.pdf$", "/x/y.pdf")
    assert allowed("")
    assert allowed("\ufeff<html>this is no robots.txt</html>")


@pytest.mark.parametrize(
    ("status", "open_"), [(404, True), (403, True), (410, True), (429, False), (500, False), (503, False)]
)
def test_what_its_absence_means(status, open_) -> None:
    robots, _ = rules({f"{ORIGIN}/robots.txt": status})
    assert robots.allows(f"{ORIGIN}/a")[0] is open_
    assert robots.delay(f"{ORIGIN}/a") == 0


def test_a_server_that_cannot_be_reached_allows_nothing() -> None:
    robots, _ = rules({f"{ORIGIN}/robots.txt": FetchFailed("timeout", "slow")})
    assert robots.allows(f"{ORIGIN}/a") == (False, "robots.txt timeout")


def test_redirects_are_followed_five_times() -> None:
    chain = {f"{ORIGIN}/robots.txt": f"->{ORIGIN}/r1"} | {f"{ORIGIN}/r{i}": f"->{ORIGIN}/r{i + 1}" for i in range(1, 5)}
    robots, server = rules(chain | {f"{ORIGIN}/r5": "User-agent: *\nDisallow: /"})
    assert not robots.allows(f"{ORIGIN}/a")[0] and len(server.asked) == 6
    robots, server = rules({f"{ORIGIN}/robots.txt": f"->{ORIGIN}/robots.txt"})
    assert robots.allows(f"{ORIGIN}/a")[0] and len(server.asked) == 6


def test_one_request_per_origin_and_day() -> None:
    time = [0.0]
    robots, server = rules({f"{ORIGIN}/robots.txt": ""}, lambda: time[0])
    assert robots.known(f"{ORIGIN}/other?x") and not robots.known("https://example.org/") and len(server.asked) == 1
    time[0] = MAX_AGE + 1
    assert not robots.known(f"{ORIGIN}/other?x")


def test_delays() -> None:
    def delay(text: str) -> float:
        return rules({f"{ORIGIN}/robots.txt": text})[0].delay(f"{ORIGIN}/")

    assert delay("User-agent: *\nCrawl-delay: 7") == 7
    assert delay("User-agent: *\nRequest-rate: 1/20") == 20
    assert delay("User-agent: other\nCrawl-delay: 7") == 0


def test_only_the_first_half_megabyte_counts() -> None:
    text = "User-agent: *\nDisallow: /a\n" + "#" * 600_000 + "\nDisallow: /b"
    assert not allowed(text, "/a") and allowed(text, "/b")


def test_sitemaps_that_are_named() -> None:
    text = "Sitemap: /a.xml\nUser-agent: *\nsitemap: http://EXAMPLE.org/b.xml\nSitemap: /a.xml\nSitemap: mailto:x"
    assert rules({f"{ORIGIN}/robots.txt": text})[0].sitemaps(ORIGIN) == [f"{ORIGIN}/a.xml", f"{ORIGIN}/b.xml"]
    assert rules({})[0].sitemaps(ORIGIN) == []
