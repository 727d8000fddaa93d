"""Live websites, politely: robots.txt, pauses, limits, and only the public internet unless the recipe says so."""

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from firstwords.artifact import atomic_write, write_json
from firstwords.data.source import LiveSource
from firstwords.errors import Interrupted
from firstwords.recipe import Duration, Size, runtime

if TYPE_CHECKING:
    from firstwords.data.crawl.archive import Page
    from firstwords.data.crawl.crawler import Crawler, Failure, Reading
    from firstwords.data.crawl.fetch import Response
    from firstwords.data.crawl.frontier import Entry
    from firstwords.data.crawl.reservations import Reservations
    from firstwords.data.sandbox import Sandbox
    from firstwords.stage import Work

AGENT = "firstwords"
MEDIA_TYPES = frozenset({"text/html", "application/xhtml+xml", "text/plain"})
DOCUMENT_TYPES = frozenset({"application/pdf", "application/x-pdf", "application/epub+zip"})
SHARD_PAGES = 200  # a kill loses at most so many pages
PAGE_READER = "firstwords.data.sources.website:page_reader"
MAX_SITEMAP = 50 * 2**20  # by the protocol at sitemaps.org
MAX_SITEMAP_DEPTH = 3  # an index lists sitemaps; some list indexes
PARSE_SECONDS = 5.0
PARSE_MEMORY = 2**30
# What is never a page, so that no request is spent on finding out.
_FILE = re.compile(
    r"(?i)\.(?:jpe?g|png|gif|webp|avif|svg|ico|bmp|tiff?|css|js|mjs|json|xml|rss|atom|pdf|docx?|xlsx?|pptx?|odt|epub|zip|gz|"
    r"tgz|bz2|xz|zst|7z|rar|tar|iso|dmg|exe|msi|deb|rpm|apk|whl|jar|mp[34]|m4[av]|ogg|oga|ogv|wav|flac|avi|mov|mkv|webm|"
    r"woff2?|ttf|otf|eot)$"
)
_DOCUMENT = re.compile(r"(?i)\.(?:pdf|epub)$")


@dataclass(frozen=True, kw_only=True)
class Website(LiveSource):
    """Crawls from start pages and sitemaps along the links.

    Attributes:
        start: Addresses of the first pages.
        sitemaps: Addresses of sitemaps, or of indexes of them; their pages belong to the crawl as links do.
        announced_sitemaps: Also read the sitemaps that robots.txt names.
        modified_since: Pages that a sitemap says to be older are not fetched, for example `2025-06`.
        opt_outs: Wishes against use that are obeyed: a page that states one is not stored and is counted as `opt_out`.
            `noindex` and `noai` (robots meta element or X-Robots-Tag), `tdm` (TDM-Reservation: 1, or the site's
            `/.well-known/tdmrep.json`, which is asked for only then), `content_usage` (a draft: Content-Usage). Those
            that are not obeyed are recorded with the document.
        include: Beginnings of the addresses that belong to the crawl; empty: everything on the hosts of `start`.
        exclude: Beginnings of addresses that do not.
        documents: Also PDF files and EPUB books that the pages link to; `max_expanded` holds for them too.
        max_pages: Pages stored, at most.
        max_depth: Links from a start page, at most.
        wait: Seconds between two requests to a host; robots.txt may ask for more, nobody for less than 1 second unless
            the server is named in `private`.
        max_wait: A host that asks for a longer pause is left alone.
        max_bytes: Cap of a page as it comes.
        max_expanded: Cap of a page after decompression.
        deadline: For one request, from the name to the last byte.
        private: Addresses outside the public internet that may be contacted, with an optional port: `127.0.0.1:8000`,
            `10.1.0.0/16`.
        contact: An address or page at which site owners reach you; part of the User-Agent.
        snapshot: Change it to fetch anew; a finished collection is kept otherwise.
    """

    version: ClassVar[int] = 2
    libraries: ClassVar[tuple[str, ...]] = ()
    start: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    announced_sitemaps: bool = True
    modified_since: str = ""
    opt_outs: tuple[str, ...] = ("noindex", "noai", "tdm")
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    documents: bool = False
    max_pages: int = 1000
    max_depth: int = 10
    wait: Duration = 1.0
    max_wait: Duration = 120.0
    max_bytes: Size = 10 * 2**20
    max_expanded: Size = 20 * 2**20
    deadline: Duration = 30.0
    private: tuple[str, ...] = ()
    contact: str = ""
    snapshot: str = ""
    parallel_hosts: int = runtime(8)

    def __post_init__(self) -> None:
        from firstwords.data.crawl.address import parse_named
        from firstwords.data.crawl.opt_out import OPT_OUTS
        from firstwords.data.crawl.url import canonical_url

        for name in ("start", "sitemaps", "include", "exclude"):
            for address in getattr(self, name):
                if canonical_url(address) is None:
                    raise ValueError(f"{name}: '{address}' is not an http or https address that can be crawled")
        if not self.start and not self.sitemaps:
            raise ValueError("start: name at least one address, here or in 'sitemaps'")
        if unknown := [each for each in self.opt_outs if each not in OPT_OUTS]:
            raise ValueError(f"opt_outs: '{unknown[0]}' is none of {', '.join(OPT_OUTS)}")
        if self.modified_since and not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", self.modified_since):
            raise ValueError(
                f"modified_since: '{self.modified_since}' is not a date such as 2025, 2025-06 or 2025-06-30"
            )
        for entry in self.private:
            try:
                parse_named(entry)
            except ValueError:
                raise ValueError(f"private: '{entry}' is not an address such as 127.0.0.1:8000 or 10.0.0.0/8") from None
        if self.max_pages < 1 or self.max_depth < 0 or self.parallel_hosts < 1:
            raise ValueError("max_pages and parallel_hosts must be at least 1, max_depth at least 0")
        if self.wait < 1.0 and not all(
            self._is_private(address) for address in (*self.start, *self.sitemaps, *self.include)
        ):
            raise ValueError(f"wait: {self.wait:g} s is below 1 s, which is only for servers named in 'private'")

    def _is_private(self, address: str) -> bool:
        from firstwords.data.crawl.address import AddressRefused, AddressRules, is_public, parse_address
        from firstwords.data.crawl.url import PORTS

        parts = urlsplit(address)
        try:
            host = parse_address(parts.hostname or "")
            AddressRules(self.private).check(str(host), parts.port or PORTS[parts.scheme])
        except AddressRefused:
            return False
        return not is_public(host)

    def collect(self, work: "Work", folder: str) -> list[dict[str, Any]]:
        """Crawl, a WARC file for every 200 pages; goes on after the last finished one."""
        from firstwords.data.crawl.crawler import Crawler, Limits
        from firstwords.data.crawl.fetch import Fetcher
        from firstwords.data.crawl.frontier import Frontier
        from firstwords.data.crawl.reservations import Reservations
        from firstwords.data.crawl.robots import Robots
        from firstwords.data.sandbox import Job, Sandbox

        shards = _Shards(work, folder)
        if shards.is_finished:
            return shards.receipts
        frontier = Frontier(self.wait)
        self._begin(frontier, shards.state)
        fetcher = self._fetcher(Fetcher)
        reservations = Reservations(fetcher.fetch) if "tdm" in self.opt_outs else None
        media_types = MEDIA_TYPES | DOCUMENT_TYPES if self.documents else MEDIA_TYPES
        with Sandbox(Job(PAGE_READER, {}, PARSE_SECONDS, PARSE_MEMORY)) as sandbox:
            crawler = Crawler(
                fetch=lambda url: fetcher.fetch(url, media_types),
                read=_Reader(sandbox, self.opt_outs, self.modified_since, reservations),
                fetch_sitemap=self._fetcher(Fetcher, MAX_SITEMAP).fetch if self._reads_sitemaps else None,
                wants=self.wants(),
                frontier=frontier,
                limits=Limits(
                    max_pages=self.max_pages,
                    max_depth=self.max_depth,
                    max_delay=self.max_wait,
                    parallel_hosts=self.parallel_hosts,
                ),
                robots=Robots(fetcher.fetch, AGENT),
                reservations=reservations,
                pages=shards.num_pages,
            )
            shards.run(crawler, self.max_pages)
        return shards.receipts

    @property
    def _reads_sitemaps(self) -> bool:
        return self.announced_sitemaps or bool(self.sitemaps)

    def _fetcher(self, make: Callable[..., Any], max_bytes: int = 0) -> Any:
        from firstwords import __version__
        from firstwords.data.crawl.address import AddressRules

        return make(
            agent=f"{AGENT}/{__version__}" + (f" (+{self.contact})" if self.contact else ""),
            rules=AddressRules(self.private),
            max_bytes=max_bytes or self.max_bytes,
            max_expanded=max_bytes or self.max_expanded,
            deadline=self.deadline,
        )

    def _begin(self, frontier: Any, state: dict[str, Any] | None) -> None:
        from firstwords.data.crawl.frontier import Entry
        from firstwords.data.crawl.url import canonical_url

        if state is not None:
            frontier.restore(state)
            return
        for address, is_sitemap in [(each, False) for each in self.start] + [(each, True) for each in self.sitemaps]:
            url = canonical_url(address)
            assert url is not None
            frontier.add(Entry(url, sitemap=is_sitemap))

    def wants(self) -> Callable[[str], bool]:
        """Whether an address belongs to the crawl."""
        from firstwords.data.crawl.url import canonical_url

        starts = [url for address in (*self.start, *self.sitemaps) if (url := canonical_url(address))]
        # A site's front page often leads to or from its www host.
        hosts = {urlsplit(url).netloc.removeprefix("www.") for url in starts}
        include = tuple(url for address in self.include if (url := canonical_url(address)))
        exclude = tuple(url for address in self.exclude if (url := canonical_url(address)))

        def wanted(url: str) -> bool:
            parts = urlsplit(url)
            inside = url.startswith(include) if include else parts.netloc.removeprefix("www.") in hosts
            is_file = _FILE.search(parts.path) and not (self.documents and _DOCUMENT.search(parts.path))
            return inside and not (exclude and url.startswith(exclude)) and not is_file

        return wanted


class _Shards:
    """The WARC files of a crawl, and the state to continue from the last finished one."""

    def __init__(self, work: "Work", folder: str) -> None:
        self._work = work
        self._folder = folder
        self.receipts: list[dict[str, Any]] = []
        while (receipt := work.receipt(self._key(len(self.receipts)))) is not None:
            self.receipts.append(receipt)
        self.num_pages = sum(receipt["fetched"] for receipt in self.receipts)
        if self.receipts and self.receipts[-1]["last"] and self.num_pages == 0:
            # Nothing came, perhaps because there was no network: that is not a result to keep.
            self.receipts = []
        self.is_finished = bool(self.receipts) and self.receipts[-1]["last"]
        self.state: dict[str, Any] | None = None
        if self.receipts and not self.is_finished:
            self.state = json.loads(self._state_path(len(self.receipts)).read_text(encoding="utf-8"))

    def run(self, crawler: "Crawler", max_pages: int) -> None:
        """Let the crawler run, closing a file every so many pages."""
        self._crawler = crawler
        self._max_pages = max_pages
        self._open()
        try:
            crawler.run(self._store, self._failures.append)
        except (KeyboardInterrupt, Interrupted):
            # What was fetched politely is not thrown away.
            if self._archive.num_pages:
                self._close(last=False)
            else:
                self._stack.pop_all()
            raise
        self._close(last=True)

    def _key(self, number: int) -> str:
        return f"{self._folder}/{number:05d}"

    def _state_path(self, number: int) -> Any:
        return self._work.scratch(f"{self._folder}-{number:05d}.json")

    def _open(self) -> None:
        from firstwords.data.crawl.archive import Archive

        self._stack = ExitStack()
        self._failures: list[Failure] = []
        self._size = 0
        path = self._work.path(f"{self._key(len(self.receipts))}.warc.gz")
        self._archive = self._stack.enter_context(Archive(path, AGENT, now()))

    def _store(self, page: "Page") -> None:
        self._archive.write(page)
        self._size += len(page.body)
        queued = len(self._crawler.frontier)
        self._work.progress(
            f"{self._crawler.pages:,} pages, {queued:,} addresses waiting", self._crawler.pages, self._max_pages
        )
        if self._archive.num_pages == SHARD_PAGES:
            self._close(last=False)
            self._open()

    def _close(self, *, last: bool) -> None:
        from firstwords.data.crawl.crawler import failure_line

        number = len(self.receipts)
        # The state first: a receipt without it could not be continued from.
        write_json(self._state_path(number + 1), self._crawler.frontier.state())
        files = [f"{self._key(number)}.warc.gz", f"{self._key(number)}.failed.jsonl"]
        with atomic_write(self._work.path(files[1])) as temporary:
            lines = [json.dumps(failure_line(each), ensure_ascii=False) + "\n" for each in self._failures]
            temporary.write_text("".join(lines), encoding="utf-8")
        self._stack.close()
        failed = dict(sorted(Counter(each.reason for each in self._failures).items()))
        receipt = self._work.finish(
            self._key(number), files, fetched=self._archive.num_pages, failed=failed, bytes=self._size, last=last
        )
        self.receipts.append(receipt)


class _Reader:
    """Makes a page of a response, its links read in the sandbox."""

    def __init__(
        self, sandbox: "Sandbox", opt_outs: tuple[str, ...], modified_since: str, reservations: "Reservations | None"
    ) -> None:
        self._sandbox = sandbox
        self._opt_outs = opt_outs
        self._since = modified_since
        self._reservations = reservations
        self._lock = threading.Lock()

    def __call__(self, entry: "Entry", response: "Response") -> "Reading":
        from firstwords.data.crawl.archive import Page
        from firstwords.data.crawl.crawler import Reading
        from firstwords.data.crawl.opt_out import opt_out_of
        from firstwords.data.crawl.page import joined_signals
        from firstwords.data.sandbox import Lost
        from firstwords.data.sources.warc import content_type, signals_of_headers

        if entry.sitemap:
            return self._sitemap(entry, response)
        headers = tuple((name.lower(), value) for name, value in response.headers)
        signals = signals_of_headers(headers)
        facts: Any = {}
        failure = None
        if response.media_type not in DOCUMENT_TYPES | {"text/plain"}:
            charset = content_type(response.header("Content-Type") or "")[1]
            with self._lock:
                facts = next(self._sandbox.map([({"charset": charset, "url": entry.url}, response.body)]))
            if isinstance(facts, Lost):
                facts, failure = {}, ("unreadable", f"{facts.reason}: {facts.detail}")
        signals = joined_signals(signals, facts.get("signals", {}))
        if self._reservations is not None and (stated := self._reservations.of(entry.url)) is not None:
            # What the page says itself goes before what the site says.
            signals = {"tdm_reservation": stated} | signals
        links = () if {"nofollow", "none"} & directives(signals_of_headers(headers)) else tuple(facts.get("links", ()))
        if (stated := opt_out_of(signals, self._opt_outs)) is not None:
            return Reading(None, links, failure=("opt_out", stated))
        metadata = {"depth": str(entry.depth)} | signals | ({"lastmod": entry.modified} if entry.modified else {})
        metadata |= {key: facts[key] for key in ("licence", "canonical") if facts.get(key)}
        page = Page(
            url=entry.url,
            date=now(),
            status_line=f"HTTP/1.1 {response.status} {response.phrase}".rstrip(),
            headers=response.headers,
            body=response.body,
            metadata=tuple(sorted(metadata.items())),
        )
        return Reading(page, links, failure=failure)

    def _sitemap(self, entry: "Entry", response: "Response") -> "Reading":
        from firstwords.data.crawl.crawler import Reading
        from firstwords.data.crawl.frontier import Entry
        from firstwords.data.sandbox import Lost

        with self._lock:
            found = next(self._sandbox.map([({"url": entry.url, "sitemap": True}, response.body)]))
        if isinstance(found, Lost):
            return Reading(None, failure=("unreadable", f"{found.reason}: {found.detail}"))
        since = self._since
        listed = [
            Entry(url, entry.depth, modified=modified)
            for url, modified in found["pages"]
            if not (since and modified and modified[: len(since)] < since)
        ]
        if entry.hops < MAX_SITEMAP_DEPTH:
            listed += [Entry(url, entry.depth, entry.hops + 1, sitemap=True) for url in found["sitemaps"]]
        problem = ("sitemap", found["problem"][:200]) if found["problem"] else None
        return Reading(None, listed=tuple(listed), failure=problem)


def page_reader(settings: dict[str, Any]) -> Callable[[dict[str, Any], bytes], dict[str, Any]]:
    """What runs in the sandbox: a function that gives the facts of one page as JSON values. It takes no settings."""
    from resiliparse.parse.html import HTMLTree

    from firstwords.data.charset import decode
    from firstwords.data.crawl.page import page_facts
    from firstwords.data.crawl.sitemap import read_sitemap

    def read(fields: dict[str, Any], body: bytes) -> dict[str, Any]:
        if fields.get("sitemap"):
            return asdict(read_sitemap(body, fields["url"]))
        decoded = decode(body, fields["charset"] or None)
        if decoded is None:
            return {}
        facts = page_facts(HTMLTree.parse(decoded.text), fields["url"], with_links=True)
        return {
            "links": facts.links,
            "signals": facts.signals,
            "licence": facts.licence,
            "canonical": facts.canonical,
        }

    # Once before memory is limited, so that everything is loaded.
    read({"charset": "", "url": "http://localhost/"}, b"<p>A page.</p>")
    return read


def directives(signals: dict[str, str]) -> set[str]:
    """The single directives of the signal `robots`."""
    return {each.strip() for each in signals.get("robots", "").split(",") if each.strip()}


def now() -> str:
    """The time as WARC writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
