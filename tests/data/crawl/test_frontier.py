import json

from firstwords.data.crawl.frontier import Entry, Frontier


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def frontier(wait: float = 1.0, *urls: str) -> tuple[Frontier, Clock]:
    clock = Clock()
    made = Frontier(wait, clock)
    for url in urls:
        made.add(Entry(url))
    return made, clock


def test_an_address_is_queued_once() -> None:
    made, _ = frontier(1.0, "http://a/1")
    assert not made.add(Entry("http://a/1", depth=5)) and len(made) == 1


def test_a_host_is_asked_for_one_page_at_a_time_and_then_left_alone() -> None:
    made, clock = frontier(1.0, "http://a/1", "http://a/2", "http://b/1")
    first, second = made.take(), made.take()
    assert {first.url, second.url} == {"http://a/1", "http://b/1"}
    assert made.take() is None and made.seconds_until_ready() is None
    made.give_back(first)
    assert made.take() is None and made.seconds_until_ready() == 1.0
    clock.now += 1.0
    assert made.take().url == "http://a/2"


def test_a_longer_delay_counts() -> None:
    made, _ = frontier(1.0, "http://a/1", "http://a/2")
    made.give_back(made.take(), delay=30.0)
    assert made.seconds_until_ready() == 30.0


def test_retries_come_first_and_are_counted() -> None:
    made, _ = frontier(0.0, "http://a/1", "http://a/2")
    made.retry(made.take(), 0.0)
    assert made.take() == Entry("http://a/1", attempts=1)


def test_ports_of_one_host_share_its_pace() -> None:
    made, _ = frontier(1.0, "http://a/1", "http://a:8080/1", "https://a/1")
    assert made.take() is not None and made.take() is None


def test_dropping_a_host() -> None:
    made, _ = frontier(0.0, "http://a/1", "http://a/2", "http://b/1")
    assert [entry.url for entry in made.drop_host("http://a/9")] == ["http://a/1", "http://a/2"]
    assert len(made) == 1


def test_state_survives_json_and_requests_under_way_are_begun_again() -> None:
    made, _ = frontier(0.0, "http://a/1", "http://a/2", "http://b/1")
    taken = made.take()
    state = json.loads(json.dumps(made.state()))
    again, _ = frontier(0.0)
    again.restore(state)
    assert len(again) == 3 and not again.add(Entry("http://a/2"))
    urls = []
    while (entry := again.take()) is not None:
        urls.append(entry.url)
        again.give_back(entry)
    assert sorted(urls) == ["http://a/1", "http://a/2", "http://b/1"] and taken.url in urls
