"""The interpreter's own documentation: real pages from a real server, on every machine, with no download."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firstwords.artifact import atomic_write
from firstwords.data.source import LiveSource
from firstwords.data.split import PYDOC

if TYPE_CHECKING:
    from firstwords.data.crawl.crawler import Reading
    from firstwords.data.crawl.fetch import Response
    from firstwords.data.crawl.frontier import Entry
    from firstwords.stage import Work

# pydoc imports what it shows, so this is a list of what must not be imported, and of what says nothing.
SKIPPED = frozenset(
    {
        "__main__",
        "antigravity",  # opens a browser
        "this",  # prints a poem
        "idlelib",  # windows; the user's configuration
        "turtle",  # opens a window
        "turtledemo",
        "tkinter",  # absent on many machines, so the corpus would differ
        "test",  # runs for minutes, starts processes
        "lib2to3",  # removed from later versions, its tables are data
        "pip",  # not the interpreter's own
        "ensurepip",
    }
)
# Parts of packages that say nothing: 120 codecs with the same four functions, test suites, command lines.
SKIPPED_BELOW = ("encodings.", "ctypes.test.", "unittest.test.", "distutils.tests.", "sqlite3.test.", "lib2to3.")
SKIPPED_PARTS = frozenset({"__main__", "test", "tests"})
# One unit of work each: a kill loses at most one, and two workers share them. Fixed, so that results do not depend on
# the number of workers; every unit pays 0.2 s for starting its own server.
NUM_UNITS = 8
# The pages have no time of their own, and the collection must be the same tomorrow.
DATE = "1991-02-20T00:00:00Z"  # Python 0.9.0


@dataclass(frozen=True, kw_only=True)
class PythonDocumentation(LiveSource):
    """Crawls `python -m pydoc -p` of this interpreter: the standard library's modules and the language's topics.

    Attributes:
        modules: Top-level modules, with all their public submodules; empty takes all of the standard library.
        topics: Also the pages of the language's topics and keywords.
        max_pages: At most so many pages, shared evenly by the units of work.
    """

    modules: tuple[str, ...] = ()
    topics: bool = True
    max_pages: int = 1000
    licence: str = "PSF-2.0"
    snapshot: str = ""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.modules) - set(standard_modules()))
        if unknown:
            raise ValueError(f"modules: {', '.join(unknown)} not among this interpreter's documented modules")
        if self.max_pages < 1:
            raise ValueError("max_pages: at least 1 page")

    def fingerprint(self) -> str:
        """The configuration and the interpreter: another version has other pages."""
        from firstwords.artifact import canonical_hash
        from firstwords.recipe import configuration

        return canonical_hash([configuration(self), sys.version, sys.platform])

    def collect(self, work: "Work", folder: str) -> list[dict[str, Any]]:
        """One server and one WARC file a unit; units run in worker processes."""
        units = {f"{folder}/{unit.key}": unit for unit in self.units()}
        return work.map(CollectUnit(source=self, folder=folder), units, text="pages from the Python documentation")

    def units(self) -> list["Unit"]:
        """The starts of the crawl, dealt out to units by position in the sorted list of names."""
        names = sorted(set(self.modules) or standard_modules())
        starts = [names[i::NUM_UNITS] for i in range(NUM_UNITS)]
        keys = [f"modules-{i}" for i in range(NUM_UNITS)]
        if self.topics:
            starts.append(["topics", "keywords"])
            keys.append("topics")
        pairs = [(key, start) for key, start in zip(keys, starts, strict=True) if start]
        share, rest = divmod(self.max_pages, len(pairs))
        return [Unit(key=key, start=tuple(start), max_pages=share + (i < rest)) for i, (key, start) in enumerate(pairs)]


@dataclass(frozen=True)
class Unit:
    """Pages that one server is asked for."""

    key: str
    start: tuple[str, ...]
    max_pages: int


def standard_modules() -> list[str]:
    """The top-level modules that are documented: the standard library's public ones without the skip list."""
    public = {name for name in sys.stdlib_module_names if not name.startswith("_") or name == "__future__"}
    return sorted(public - SKIPPED)


def is_wanted(name: str, starts: Iterable[str]) -> bool:
    """Whether a linked page belongs to a unit: a topic, or a public submodule of one of its modules."""
    if name.startswith("topic?key="):
        return "topics" in starts
    top, _, rest = name.partition(".")
    if not rest or top not in starts or name.startswith(SKIPPED_BELOW):
        return False
    return not any(part.startswith("_") or part in SKIPPED_PARTS for part in rest.split("."))


@dataclass(frozen=True)
class CollectUnit:
    """Crawls one unit and writes its WARC file and its log of failures."""

    source: PythonDocumentation
    folder: str

    def __call__(self, unit: Unit, folder: Path) -> dict[str, Any]:
        """A picklable task for `Work.map`."""
        from firstwords.data.crawl.archive import Archive, Page
        from firstwords.data.crawl.crawler import Crawler, Failure, Limits, failure_line
        from firstwords.data.crawl.documentation_server import DocumentationServer
        from firstwords.data.crawl.frontier import Entry, Frontier

        files = [f"{self.folder}/{unit.key}.warc.gz", f"{self.folder}/{unit.key}.failed.jsonl"]
        failures: list[Failure] = []
        size = 0

        def store(page: Page) -> None:
            nonlocal size
            size += len(page.body)
            archive.write(page)

        frontier = Frontier(wait=0.0)  # our own server on this machine
        for name in unit.start:
            frontier.add(Entry(PYDOC + name))
        with DocumentationServer() as server, Archive(folder / files[0], "firstwords", DATE) as archive:
            crawler = Crawler(
                fetch=server.fetch,
                read=_Reader(server.folder, unit.start, self.source.licence),
                wants=lambda url: True,  # the reader gives wanted links only
                frontier=frontier,
                limits=Limits(max_pages=unit.max_pages, max_attempts=1, parallel_hosts=1),
            )
            crawler.run(store, failures.append)
        with atomic_write(folder / files[1]) as temporary:
            lines = [json.dumps(failure_line(each), ensure_ascii=False) + "\n" for each in failures]
            temporary.write_text("".join(lines), encoding="utf-8")
        failed: dict[str, int] = {}
        for each in failures:
            failed[each.reason] = failed.get(each.reason, 0) + 1
        return {"files": files, "fetched": archive.num_pages, "failed": failed, "bytes": size}


@dataclass(frozen=True)
class _Reader:
    """Keeps of a response what is the same on every run and machine."""

    folder: str
    starts: tuple[str, ...]
    licence: str

    def __call__(self, entry: "Entry", response: "Response") -> "Reading":
        from firstwords.data.crawl.archive import Page
        from firstwords.data.crawl.crawler import Reading
        from firstwords.data.crawl.documentation_page import kept, links

        text = response.body.decode("utf-8", "replace")
        result = kept(_without_places(text, self.folder))
        if result is None:
            # The message of an error page may hold paths, so it is not told.
            return Reading(None, failure=("no_page", "the server shows an error"))
        html = result[1]
        wanted = [name for name in links(html) if is_wanted(name, self.starts)]
        page = Page(
            url=entry.url,
            date=DATE,
            status_line="HTTP/1.0 200 OK",
            headers=(("Content-Type", "text/html; charset=UTF-8"),),
            body=html.encode("utf-8"),
            metadata=(("licence", self.licence),),
        )
        # The lists of topics lead to pages and are none themselves.
        is_list = entry.url in (PYDOC + "topics", PYDOC + "keywords")
        return Reading(None if is_list else page, tuple(PYDOC + name for name in wanted))


def _without_places(text: str, folder: str) -> str:
    """The text without this installation's folders and the server's working directory, however they are spelt."""
    import html
    import os

    places = {folder, sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(os.__file__)}
    places |= {os.path.realpath(place) for place in places}
    spelt = {variant for place in places for variant in (place, html.escape(place), repr(place)[1:-1])}
    # "/usr" is where Python lies on many machines, and a word of documentation; it names nobody.
    spelt -= {"", "/", "/usr", "/usr/local"}
    for place in sorted(spelt, key=len, reverse=True):
        text = text.replace(place, "...")
    return text
