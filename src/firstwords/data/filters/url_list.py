"""Pages by their address: listed domains, addresses and words."""

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from firstwords.data.filter import Filter, first_failing, struct_of
from firstwords.errors import RecipeError
from firstwords.recipe import InputPath, resolve

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.features import Features


@dataclass(frozen=True, kw_only=True)
class UrlList(Filter):
    """Drops pages whose address is on a list of yours; none ships.

    The kinds of lists are those of RefinedWeb (Penedo et al. 2023, section 3.1 and appendix G.1). A list is a file with
    one entry a line; lines that begin with `#` are comments. A document without an address passes.
    """

    version: ClassVar[int] = 1

    domains: tuple[InputPath, ...] = ()
    """`domain`: hosts; one also stands for all hosts below it (`b.org` for `a.b.org`)."""
    urls: tuple[InputPath, ...] = ()
    """`url`: whole addresses; both sides are compared in the crawler's spelling, without scheme and `www.`."""
    words: tuple[InputPath, ...] = ()
    """`words`: words between signs in the address, in any case ("casino" is in "/my-casino/", not in "/casinos/")."""
    max_words: int = 0
    """Highest number of different listed words. RefinedWeb drops at one of its strong words or two of its weak ones:
    use two steps."""
    parts: tuple[InputPath, ...] = ()
    """`parts`: strings anywhere in the address, in any case ("porn" is in "/popcornporno/"). datatrove looks for them
    in the address without its signs, and so across words too."""

    def __post_init__(self) -> None:
        if not (self.domains or self.urls or self.words or self.parts):
            raise ValueError("url_list: name a file in domains, urls, words or parts")

    def fingerprint(self) -> str:
        """Digest of the lists."""
        from firstwords.data.dataset import digest_of_files

        files = (*self.domains, *self.urls, *self.words, *self.parts)
        return digest_of_files(resolve(path) for path in files)

    def score(self, batch: "pa.RecordBatch", features: "Features") -> "pa.StructArray":
        """Whether domain and address are listed (1, 0), and how many different words and parts are; see
        `Filter.score`. Null for documents without an address.
        """
        import pyarrow as pa

        domains, urls, automaton = _lists(self.domains, self.urls, self.words, self.parts)
        columns: dict[str, list[int | None]] = {"domain": [], "url": [], "words": [], "parts": []}
        for url in batch.column("url").to_pylist():
            found = _judged(url, domains, urls, automaton) if url else (None,) * 4
            for column, value in zip(columns.values(), found, strict=True):
                column.append(value)
        return struct_of(**{name: pa.array(values, pa.int64()) for name, values in columns.items()})

    def reject(self, scores: "pa.StructArray") -> "pa.DictionaryArray":
        """The first kind of list that an address is on; see `Filter.reject`."""
        bounds = {"domain": (None, 0), "url": (None, 0), "words": (None, self.max_words), "parts": (None, 0)}
        return first_failing(scores, bounds)


def _judged(url: str, domains: frozenset[str], urls: frozenset[str], automaton: Any) -> tuple[int, int, int, int]:
    host = _host(url)
    listed = any(host[start:] in domains for start in _starts(host)) if domains else False
    words, parts = set(), set()
    if automaton is not None:
        folded = url.lower()
        for last, (entry, is_word, is_part) in automaton.iter(folded):
            if is_part:
                parts.add(entry)
            first = last - len(entry) + 1
            if is_word and not (folded[:first][-1:].isalnum() or folded[last + 1 : last + 2].isalnum()):
                words.add(entry)
    return int(listed), int(bool(urls) and _spelling(url) in urls), len(words), len(parts)


def _starts(host: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer(r"\.", host))]


def _host(url: str) -> str:
    try:
        return (urlsplit(url if "//" in url else f"//{url}").hostname or "").rstrip(".")
    except ValueError:  # brackets that hold no address
        return ""


def _spelling(url: str) -> str:
    from firstwords.data.crawl.url import canonical_url

    full = url if "://" in url else f"http://{url}"
    return re.sub(r"^https?://(www\.)?", "", canonical_url(full) or full).removesuffix("/")


@cache
def _lists(
    domains: tuple[str, ...], urls: tuple[str, ...], words: tuple[str, ...], parts: tuple[str, ...]
) -> tuple[frozenset[str], frozenset[str], Any]:
    import ahocorasick

    hosts = frozenset(_host(entry.lower()) for entry in _entries(domains))
    kinds: dict[str, list[bool]] = {}
    for place, paths in enumerate((words, parts)):
        for entry in _entries(paths):
            kinds.setdefault(entry.lower(), [False, False])[place] = True
    automaton = None
    if kinds:
        automaton = ahocorasick.Automaton()
        for entry, (is_word, is_part) in kinds.items():
            automaton.add_word(entry, (entry, is_word, is_part))
        automaton.make_automaton()
    return hosts, frozenset(_spelling(entry) for entry in _entries(urls)), automaton


def _entries(paths: tuple[str, ...]) -> list[str]:
    from firstwords.data.phrases import read_entries

    try:
        return [entry for path in paths for entry in read_entries(resolve(path))]
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"url_list: {error}") from None
