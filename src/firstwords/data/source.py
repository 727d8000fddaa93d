"""Where raw records come from: files that are there already, or something live that is fetched once.

A source gives raw records (bytes, media type, origin) and understands nothing of their content; `extractor.py` turns
them into documents. Files are used where they lie: the collection holds their names and digests. Live sources are
stored as WARC, so that a new extractor never fetches again.
"""

import fnmatch
import hashlib
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from firstwords.artifact import canonical_hash, sha256_file
from firstwords.data.document import Rejection
from firstwords.errors import RecipeError
from firstwords.recipe import Component, configuration, is_address, resolve

if TYPE_CHECKING:
    from firstwords.stage import Work

MAX_STORED_PAGE = 64 * 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One raw record.

    Attributes:
        origin: What identifies it wherever it is read; the document's id is its hash.
        body: The bytes, transfer and content encodings undone.
        media_type: Lower case, without parameters; None if nobody says.
        charset: As announced by the transport, None if nobody says.
        metadata: What else is known, strings only.
    """

    origin: str
    body: bytes
    url: str | None = None
    media_type: str | None = None
    charset: str | None = None
    title: str | None = None
    date: str | None = None
    language: str | None = None
    licence: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shard:
    """A unit of extraction: a few files that one worker reads from beginning to end. Keys are stable names."""

    key: str
    files: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Source(Component):
    """Base of all sources. Give either `LocalSource` or `LiveSource`, never this class."""

    live: ClassVar[bool]

    @abstractmethod
    def fingerprint(self) -> str:
        """What the collection depends on besides the code: the files' content, or a live source's configuration."""


@dataclass(frozen=True, kw_only=True)
class LocalSource(Source):
    """Files that are read where they lie."""

    live: ClassVar[bool] = False

    @abstractmethod
    def shards(self) -> list[Shard]:
        """The units, in an order that depends on the names alone; files are named as the recipe names them."""

    @abstractmethod
    def read(self, path: Path, name: str) -> Iterator[Record | Rejection]:
        """The records of one file, and what could not be read of it.

        Args:
            path: Where the file lies now.
            name: Its name in the recipe's words, for origins: ids must not depend on where the data lies.
        """

    def check(self, path: Path, name: str) -> None:
        """Refuse a file that the source's settings cannot fit, without reading it whole; called before it is collected.

        Raises:
            RecipeError: For example for a column that is not there, naming those that are.
        """
        return None

    def companions(self) -> tuple[str, ...]:
        """Further files that `read` needs, named as the recipe names them: their content counts for the fingerprint."""
        return ()

    @property
    def is_remote(self) -> bool:
        """Whether the files lie elsewhere, at an address: `remote` fetches them before they are read."""
        return is_address(str(getattr(self, "path", "")))

    def fingerprint(self) -> str:
        """Hash over the names and contents of all files; of files elsewhere over the configuration."""
        if self.is_remote:
            return canonical_hash(configuration(self))
        names = [name for shard in self.shards() for name in shard.files] + list(self.companions())
        return canonical_hash({name: digest_of(resolve(name)) for name in names})


@dataclass(frozen=True, kw_only=True)
class LiveSource(Source):
    """Something that is fetched: a website, a documentation server."""

    live: ClassVar[bool] = True

    @abstractmethod
    def collect(self, work: "Work", folder: str) -> list[dict[str, Any]]:
        """Fetch and store.

        Args:
            work: The stage's work space; finished shards have receipts there, unfinished state lies in its scratch.
            folder: Where to put the WARC files and the log, relative to `work.folder`.

        Returns:
            One receipt a shard, in key order: `key`, `files` (relative paths), the counts `fetched`, `failed` (reason
            to number) and `bytes`, and, unless the records lie in the WARC files, `names`: the files that `read` is
            called with and their names.
        """

    def read(self, path: Path, name: str) -> Iterator[Record | Rejection]:
        """The records of one stored file: the pages of a WARC file, unless the source stores others."""
        from firstwords.data.sources.warc import read_pages

        yield from read_pages(path, name, max_record=MAX_STORED_PAGE)

    def fingerprint(self) -> str:
        """A live source is its configuration: a finished collection is a snapshot."""
        return canonical_hash(configuration(self))


def digest_of(path: Path) -> str:
    """SHA-256 of a file, computed once per size and modification time in this process."""
    status = path.stat()
    key = (str(path), status.st_size, status.st_mtime_ns)
    if key not in _digests:
        _digests[key] = sha256_file(path)
    return _digests[key]


_digests: dict[tuple[str, int, int], str] = {}


def files_below(path: str, suffixes: tuple[str, ...]) -> list[str]:
    """The files a recipe's path stands for, in the recipe's words and sorted.

    Args:
        path: A file, a folder (all files below it that end in one of `suffixes`), a pattern such as `books/*.txt`, or
            an address of one of these.
        suffixes: With their dots, lower case; only used for folders.

    Raises:
        RecipeError: If there is none.
    """
    if is_address(path):
        from firstwords.data.remote_files import addresses_below

        return addresses_below(path, suffixes)
    place = resolve(path)
    if place.is_file():
        return [path]
    if place.is_dir():
        found = [each for each in place.rglob("*") if each.is_file() and each.name.lower().endswith(suffixes)]
        names = [f"{path.rstrip('/')}/{each.relative_to(place).as_posix()}" for each in found]
    else:
        names = _matching(path)
    hidden = {
        name for name in names if any(part.startswith(".") for part in Path(name).parts if part not in (".", ".."))
    }
    names = sorted(set(names) - hidden)
    if not names:
        raise RecipeError(f"no files for '{path}' ({', '.join(suffixes)})")
    return names


def _matching(pattern: str) -> list[str]:
    """Names that match a pattern, beginning with the pattern's own words before its first wildcard."""
    parts = pattern.split("/")
    first = next((i for i, part in enumerate(parts) if any(sign in part for sign in "*?[")), len(parts))
    if first == len(parts):
        return []
    base = "/".join(parts[:first])
    place = resolve(base) if base else Path("/" if pattern.startswith("/") else ".")
    rest = "/".join(parts[first:])
    found = [each.relative_to(place).as_posix() for each in place.glob(rest) if each.is_file()]
    # glob compares without case on some systems; names must not depend on that.
    if "**" not in rest:
        found = [name for name in found if fnmatch.fnmatchcase(name, rest)]
    return [f"{base}/{name}" if base or pattern.startswith("/") else name for name in found]


def shards_of(names: list[str], max_files: int = 1000, max_bytes: int = 64 * 2**20) -> list[Shard]:
    """Neighbouring files together, so that a shard is neither a single small file nor too much for one worker.

    Files elsewhere are counted only: what they hold is not known before they are fetched.

    Keys are the position, and a hash of the names, so that a changed list of files does not meet old receipts.
    """
    groups: list[list[str]] = []
    size = 0
    for name in names:
        length = 0 if is_address(name) else resolve(name).stat().st_size
        if not groups or len(groups[-1]) == max_files or size + length > max_bytes:
            groups.append([])
            size = 0
        groups[-1].append(name)
        size += length
    return [Shard(key=f"{i:05d}-{_short(group)}", files=tuple(group)) for i, group in enumerate(groups)]


def _short(names: list[str]) -> str:
    return hashlib.blake2b("\0".join(names).encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
