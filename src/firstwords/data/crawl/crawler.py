"""The crawl itself: take an address, ask politely, store the page, queue its links.

The loop knows neither websites nor documentation servers: what to fetch, how to read a page and what to keep are
handed in. Requests run in threads, one for a host at most; everything else happens in the loop's own thread, so a
crawl of one host visits its pages in a fixed order.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Any

from firstwords.data.crawl.archive import Page
from firstwords.data.crawl.fetch import REDIRECTS, FetchFailed, Response
from firstwords.data.crawl.frontier import Entry, Frontier
from firstwords.data.crawl.reservations import Reservations
from firstwords.data.crawl.robots import Robots
from firstwords.data.crawl.url import is_trap

BUSY = frozenset({429, 503})
MAX_HOPS = 10
LISTED_FACTOR = 20  # addresses from sitemaps that wait, for each page that is wanted
FIRST_BACK_OFF = 5.0  # seconds, doubled with every attempt, where the server does not say


@dataclass(frozen=True)
class Reading:
    """What is made of a response.

    Attributes:
        page: To be stored; None if the page is not worth it, `failure` says why.
        links: Canonical addresses on the page, in their order.
        listed: Entries of a sitemap, queued as they are.
    """

    page: Page | None
    links: tuple[str, ...] = ()
    listed: tuple[Entry, ...] = ()
    failure: tuple[str, str] | None = None


@dataclass(frozen=True)
class Failure:
    """An address that gave no page. `reason` is one word, `detail` for a person."""

    url: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Limits:
    """What ends a crawl, and how a server that pushes back is treated.

    Attributes:
        max_pages: Pages stored.
        max_depth: Links from the start.
        max_attempts: Requests for one address.
        max_delay: Seconds; a host that asks for a longer pause is left alone.
        parallel_hosts: Hosts asked at the same time.
    """

    max_pages: int
    max_depth: int = 100
    max_attempts: int = 3
    max_delay: float = 120.0
    parallel_hosts: int = 8


@dataclass(frozen=True)
class _Visit:
    """How a visit ended: rules loaded, a response read, or a failure."""

    entry: Entry
    loaded_rules: bool = False
    response: Response | None = None
    reading: Reading | None = None
    failure: Failure | None = None
    retry_after: float | None = None


@dataclass
class Crawler:
    """One crawl.

    Attributes:
        fetch: Gives the response for a canonical address, or raises `FetchFailed`.
        read: Turns a response with status 200 into a page and links; called in the request's thread.
        wants: Whether an address belongs to the crawl.
        robots: The rules; None for a server that is our own child.
        reservations: What sites reserve as a whole, loaded before their first page; None: nobody asks.
        fetch_sitemap: Gives the response for a sitemap; None: those that robots.txt names are not asked for.
        clock, sleep: For tests.
    """

    fetch: Callable[[str], Response]
    read: Callable[[Entry, Response], Reading]
    wants: Callable[[str], bool]
    frontier: Frontier
    limits: Limits
    robots: Robots | None = None
    reservations: Reservations | None = None
    fetch_sitemap: Callable[[str], Response] | None = None
    clock: Callable[[], float] = time.monotonic
    pages: int = 0
    _flying: set[Future[_Visit]] = field(default_factory=set)

    def run(self, store: Callable[[Page], None], failed: Callable[[Failure], None]) -> None:
        """Visit until nothing is left or a limit is reached.

        Args:
            store: Called with every page, in the order in which they came.
            failed: Called with every address that gave none.
        """
        with ThreadPoolExecutor(max_workers=self.limits.parallel_hosts, thread_name_prefix="fetch") as pool:
            try:
                while self.pages < self.limits.max_pages:
                    room = self.limits.max_pages - self.pages - len(self._flying)
                    entry = None
                    if room > 0 and len(self._flying) < self.limits.parallel_hosts:
                        entry = self.frontier.take()
                    if entry is not None:
                        self._flying.add(pool.submit(self._visit, entry))
                        continue
                    pause = self.frontier.seconds_until_ready() if room > 0 else None
                    if self._flying:
                        done, self._flying = wait(self._flying, timeout=pause, return_when=FIRST_COMPLETED)
                        for future in done:
                            self._settle(future.result(), store, failed)
                    elif pause is None:
                        return
                    else:
                        time.sleep(pause)
            finally:
                # Requests under way end within their deadline; their pages are fetched again by whoever continues.
                wait(self._flying)
                self._flying = set()

    def _visit(self, entry: Entry) -> _Visit:
        """In a thread: one request to the host, either for its rules or for the page."""
        url = entry.url
        if self.robots is not None:
            if not self.robots.known(url):
                self.robots.load(url)
                return _Visit(entry, loaded_rules=True)
            allowed, why = self.robots.allows(url)
            if not allowed:
                return _Visit(entry, failure=Failure(url, "robots", why))
        if self.reservations is not None and not self.reservations.known(url):
            self.reservations.load(url)
            return _Visit(entry, loaded_rules=True)
        try:
            response = (self.fetch_sitemap or self.fetch)(url) if entry.sitemap else self.fetch(url)
        except FetchFailed as error:
            return _Visit(entry, failure=Failure(url, error.reason, error.detail))
        if response.status in BUSY:
            after = retry_after(response.header("Retry-After"))
            return _Visit(entry, failure=Failure(url, "status", str(response.status)), retry_after=after)
        if response.status != 200:
            return _Visit(entry, response=response, failure=Failure(url, "status", str(response.status)))
        if response.skipped:
            return _Visit(entry, failure=Failure(url, "media_type", response.media_type))
        return _Visit(entry, response=response, reading=self.read(entry, response))

    def _settle(self, visit: _Visit, store: Callable[[Page], None], failed: Callable[[Failure], None]) -> None:
        """In the loop's thread: what follows from a visit."""
        entry, url = visit.entry, visit.entry.url
        delay = self.robots.delay(url) if self.robots is not None and self.robots.known(url) else 0.0
        if delay > self.limits.max_delay:
            self.frontier.give_back(entry)
            for each in [entry, *self.frontier.drop_host(url)]:
                failed(Failure(each.url, "delay", f"the host asks to wait {delay:g} s"))
        elif visit.loaded_rules:
            self.frontier.give_back(entry, delay=delay, again=True)
            if self.fetch_sitemap is not None and not entry.sitemap and self.robots is not None:
                for sitemap in self.robots.sitemaps(url):
                    self.frontier.add(Entry(sitemap, entry.depth, sitemap=True))
        elif visit.retry_after is not None:
            self._push_back(visit, delay, failed)
        elif visit.failure is not None and not self._redirect(visit):
            # A host that cannot be reached is given as much time as one that is busy.
            if visit.failure.reason in ("timeout", "unreachable") and entry.attempts + 1 < self.limits.max_attempts:
                self.frontier.retry(entry, max(delay, FIRST_BACK_OFF * 2**entry.attempts))
                return
            self.frontier.give_back(entry, delay=delay)
            failed(visit.failure)
        else:
            self.frontier.give_back(entry, delay=delay)
        if visit.reading is not None:
            self._keep(entry, visit.reading, store, failed)

    def _keep(
        self, entry: Entry, reading: Reading, store: Callable[[Page], None], failed: Callable[[Failure], None]
    ) -> None:
        if reading.failure is not None:
            failed(Failure(entry.url, *reading.failure))
        # Links first: `store` may close a shard and save the frontier with it.
        if entry.depth < self.limits.max_depth:
            for link in reading.links:
                if self.wants(link) and not is_trap(link):
                    self.frontier.add(Entry(link, entry.depth + 1))
        for each in reading.listed:
            # A site of millions of pages is not held in memory for the sake of a thousand.
            if len(self.frontier) >= LISTED_FACTOR * self.limits.max_pages:
                failed(Failure(entry.url, "enough", "more addresses than the crawl will visit"))
                break
            if each.sitemap or (self.wants(each.url) and not is_trap(each.url)):
                self.frontier.add(each)
        if reading.page is not None:
            self.pages += 1
            store(reading.page)

    def _redirect(self, visit: _Visit) -> bool:
        """Queue the target of a redirect as an address of its own: it has its own rules, pace and checks."""
        from firstwords.data.crawl.url import canonical_url

        response, entry = visit.response, visit.entry
        if response is None or response.status not in REDIRECTS or entry.hops >= MAX_HOPS:
            return False
        target = canonical_url(response.header("Location") or "", base=entry.url)
        if target is None or not (entry.sitemap or self.wants(target)):
            return False
        self.frontier.add(replace(entry, url=target, hops=entry.hops + 1, attempts=0))
        return True

    def _push_back(self, visit: _Visit, delay: float, failed: Callable[[Failure], None]) -> None:
        """The server asked for less: pause the host, try the address again later, give up in the end."""
        entry = visit.entry
        pause = max(delay, visit.retry_after or FIRST_BACK_OFF * 2**entry.attempts)
        assert visit.failure is not None
        if pause > self.limits.max_delay:
            self.frontier.give_back(entry)
            for each in [entry, *self.frontier.drop_host(entry.url)]:
                failed(Failure(each.url, "delay", f"the host asks to wait {pause:g} s"))
        elif entry.attempts + 1 >= self.limits.max_attempts:
            self.frontier.give_back(entry, delay=pause)
            failed(visit.failure)
        else:
            self.frontier.retry(entry, pause)


def retry_after(value: str | None, now: Callable[[], float] = time.time) -> float:
    """Seconds of a Retry-After header, given as seconds or as a date; 0 if it is absent or makes no sense."""
    if not value:
        return 0.0
    text = value.strip()
    if text.isdigit():
        return float(min(int(text[:12]), 10**9))
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now())
    except (TypeError, ValueError, OverflowError):
        return 0.0


def failure_line(failure: Failure) -> dict[str, Any]:
    """A failure as it is written to the log of a shard: no times, so that equal crawls give equal logs."""
    return {"url": failure.url, "reason": failure.reason, "detail": failure.detail}
