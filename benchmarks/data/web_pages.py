"""The sets of real web pages in FIRSTWORDS_DATA, and what is known of each page."""

import json
import lzma
import os
import tarfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ARTICLES, SEGMENTS = "web-article-extraction-benchmark", "web-trafilatura"
DATES, FORMS = "web-htmldate", "web-formasaurus"
SETS = (ARTICLES, SEGMENTS, DATES, FORMS)


@dataclass(frozen=True)
class WebPage:
    """One page; only those of the two scored sets have gold texts.

    Attributes:
        article: The whole text that belongs to the page (set of articles).
        wanted, unwanted: Strings that an extraction must and must not hold (set of segments).
    """

    key: str
    url: str | None
    html: bytes
    article: str | None = None
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    @property
    def domain(self) -> str:
        """The registered domain (example.co.uk), or the page's key where its address is not known.

        Of a page in an archive (web.archive.org/web/2012/http://example.org/) the domain of what was archived.
        """
        from courlan import extract_domain

        if self.url is None:
            return self.key
        inner = self.url[max(self.url.rfind("http://"), self.url.rfind("https://"), 0) :]
        return extract_domain(inner) or urlsplit(inner).hostname or self.key


def read_pages(name: str) -> list[WebPage]:
    """All pages of a set, by key. Of the set of segments, only those that have segments."""
    folder = data_folder() / name
    if name == ARTICLES:
        files = _archive(folder / "html.tar.xz")
        gold = _json(folder / "ground-truth.json.xz")
        return [
            WebPage(f"{name}/{key}", gold[key]["url"], files[f"html/{key}.html"], gold[key]["articleBody"])
            for key in sorted(gold)
        ]
    if name == FORMS:
        files, index = _archive(folder / "html.tar.xz"), _json(folder / "index.json.xz")
        return [WebPage(f"{name}/{key}", index[key]["url"], files[key]) for key in sorted(files)]
    files = _archive(folder / "pages.tar.xz")
    if name == DATES:
        urls = {}
        for part in ("eval_default.json", "eval_mediacloud_2020.json"):
            urls |= {entry["file"]: url for url, entry in _json(folder / part).items()}
        return [WebPage(f"{name}/{key}", urls.get(key.rpartition("/")[2]), files[key]) for key in sorted(files)]
    by_name = {key.rpartition("/")[2]: body for key, body in files.items() if key.startswith(("cache/", "eval/"))}
    gold = _json(folder / "evaldata.json.xz")
    pages = [
        WebPage(f"{name}/{url}", url, by_name[e["file"]], None, tuple(e["with"]), tuple(e["without"]))
        for url, e in gold.items()
    ]
    return sorted(pages, key=lambda page: page.key)


def data_folder() -> Path:
    """Where the sets are."""
    if "FIRSTWORDS_DATA" not in os.environ:
        raise SystemExit("FIRSTWORDS_DATA names the folder with the sets of web pages: it is not set")
    return Path(os.environ["FIRSTWORDS_DATA"])


def _archive(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {m.name.removeprefix("./"): archive.extractfile(m).read() for m in archive if m.isfile()}


def _json(path: Path) -> dict:
    with lzma.open(path) if path.suffix == ".xz" else path.open("rb") as file:
        return json.load(file)
