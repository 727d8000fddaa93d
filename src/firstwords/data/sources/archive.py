"""Archives of files (tar in any compression, ZIP): every member that fits is one document."""

import fnmatch
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from firstwords.data.compressed import DAMAGE, opened, suffixes_of
from firstwords.data.document import Rejection
from firstwords.data.rows import rejected
from firstwords.data.source import LocalSource, Record, Shard, files_below, shards_of
from firstwords.errors import RecipeError
from firstwords.recipe import Size, SourcePath

SUFFIXES = (*suffixes_of("tar"), ".tgz", ".tbz2", ".txz", ".zip")
# By the ends of members' names; others are taken as text if a recipe's pattern names them.
MEDIA_TYPES = {
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
    ".xml": "application/xml",
    ".nxml": "application/jats+xml",
    ".pdf": "application/pdf",
    ".epub": "application/epub+zip",
} | {f".{section}": "text/troff" for section in range(1, 10)}


@dataclass(frozen=True, kw_only=True)
class Archive(LocalSource):
    """Reads members from beginning to end; nothing is unpacked to disk, links and devices are left out.

    Attributes:
        path: A file, a folder, a pattern, or an address of one.
        members: Which members are read, as a pattern of their whole names.
        media_type: What they are, where the ends of their names do not say it.
        language: Said of every document, for example `en`.
        licence: Said of every document.
        max_member: Larger members are rejected.
    """

    path: SourcePath
    members: str = "*"
    media_type: str | None = None
    language: str | None = None
    licence: str | None = None
    max_member: Size = 64 * 2**20

    def shards(self) -> list[Shard]:
        """One shard an archive."""
        return shards_of(files_below(self.path, SUFFIXES), max_files=1)

    def read(self, path: Path, name: str) -> Iterator[Record | Rejection]:
        """The members of one archive; of a damaged one those before the damage."""
        try:
            for member, size, body in _zip_members(path, self) if _is_zip(path) else _tar_members(path, self):
                yield self._record(f"{name}#{member}", member, size, body)
        except (*DAMAGE, tarfile.TarError, zipfile.BadZipFile, RecipeError) as error:
            yield rejected(f"{name}#damaged", "truncated", f"{type(error).__name__}: {error}", path.stat().st_size)

    def wants(self, member: str) -> bool:
        """Whether a member is read."""
        return fnmatch.fnmatchcase(member, self.members)

    def _record(self, origin: str, member: str, size: int, body: bytes | None) -> Record | Rejection:
        if body is None:
            return rejected(origin, "too_large", f"{size} bytes, at most {self.max_member} are read", size)
        place = Path(member)
        return Record(
            origin=origin,
            body=body,
            media_type=self.media_type or MEDIA_TYPES.get(place.suffix.lower(), "text/plain"),
            title=place.stem,
            language=self.language,
            licence=self.licence,
            metadata={"file": origin},
        )


def _is_zip(path: Path) -> bool:
    return path.name.lower().endswith(".zip")


def _tar_members(path: Path, source: Archive) -> Iterator[tuple[str, int, bytes | None]]:
    """Name, size and bytes (None if too large) of the wanted files, in the archive's order, without seeking."""
    # The names that `opened` does not know are undone by tarfile itself; both read the file as a stream.
    packed = path.suffix.lower() in (".tgz", ".tbz2", ".txz")
    with (
        path.open("rb") if packed else opened(path) as stream,
        tarfile.open(fileobj=stream, mode="r|*" if packed else "r|") as archive,
    ):
        for member in archive:
            if member.isfile() and source.wants(member.name):
                file = archive.extractfile(member) if member.size <= source.max_member else None
                yield member.name, member.size, None if file is None else file.read()


def _zip_members(path: Path, source: Archive) -> Iterator[tuple[str, int, bytes | None]]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.is_dir() and source.wants(member.filename):
                with archive.open(member) as file:
                    # What an archive says of its sizes is not believed.
                    body = file.read(source.max_member + 1)
                yield member.filename, member.file_size, None if len(body) > source.max_member else body
