"""Files of labelled data, wherever they lie: packed, inside an archive, under a key of a JSON file.

A path may go on inside a zip or tar archive (`qc.zip/qc/train.txt`), and end in the key of a JSON object whose value is
meant (`data.json#train`). Nothing is unpacked to disk.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from firstwords.data.dataset import PACKED, read_file
from firstwords.errors import RecipeError
from firstwords.find import nearest
from firstwords.recipe import resolve

ARCHIVES = (".zip", ".tar", ".tar.xz", ".tar.gz", ".tar.bz2", ".tgz")
# A member of an archive says how large it is before it is unpacked; a larger one is no table of labels.
MAX_MEMBER_BYTES = 2**32


class Place(NamedTuple):
    """Where a table lies: a file, the member of it if it is an archive, the key of its content if it is JSON."""

    file: Path
    member: str
    key: str

    @property
    def suffix(self) -> str:
        """How the name of the table ends, packing aside: `.jsonl`."""
        inner = PurePosixPath(self.member or self.file.name)
        return (inner.with_suffix("") if inner.suffix in PACKED else inner).suffix.lower()

    def __str__(self) -> str:
        name = f"{self.file}/{self.member}" if self.member else str(self.file)
        return f"{name}#{self.key}" if self.key else name


def place_of(path: str) -> Place:
    """The place that a path leads to; its file need not exist."""
    whole = resolve(path)
    if whole.is_file():
        return Place(whole, "", "")
    text, _, key = str(whole).partition("#")
    whole = Path(text)
    for folder in whole.parents:
        if folder.name.endswith(ARCHIVES) and folder.is_file():
            return Place(folder, whole.relative_to(folder).as_posix(), key)
    return Place(whole, "", key)


def _existing(value: Any) -> str:
    if not isinstance(value, str | Path):
        raise PydanticCustomError("path", f"{value!r} is not a path")
    try:
        file = place_of(str(value)).file
    except RecipeError as error:
        raise PydanticCustomError("path", "{message}", {"message": str(error)}) from None
    if not file.is_file():
        known = [p.name for p in file.parent.iterdir()] if file.parent.is_dir() else []
        message = f"no such file: {file}.{nearest(file.name, known)}"
        raise PydanticCustomError("path", "{message}", {"message": message})
    return str(value)


LabelledPath = Annotated[str, BeforeValidator(_existing)]
"""A file that must exist, kept as written; may lead into an archive or to a key of a JSON file."""


def read_place(place: Place) -> bytes:
    """The content of a file or member, unpacked where its name ends in `.xz`, `.gz` or `.bz2`.

    Raises:
        RecipeError: If it cannot be read or unpacked, or the archive has no such member.
    """
    if not place.member:
        return read_file(place.file)
    try:
        content = _member(place)
        suffix = PurePosixPath(place.member).suffix
        return bytes(PACKED[suffix](io.BytesIO(content), "rb").read()) if suffix in PACKED else content
    except (OSError, EOFError, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, NotImplementedError) as error:
        raise RecipeError(f"{place}: cannot be read: {error}") from error


def text_of(place: Place, encoding: str = "utf-8") -> str:
    """The content as text; a byte order mark is left out.

    Raises:
        RecipeError: If it is not in this encoding; the message names the line.
    """
    content = read_place(place)
    try:
        return content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        shown = {"utf-8": "UTF-8"}.get(encoding, encoding)
        raise RecipeError(f"{place}:{line}: not {shown}: {error.reason}. Set encoding, for example latin-1.") from None


def digest_of_places(paths: Iterable[str | None]) -> str:
    """One digest over the files that paths lead to, in their order; None is left out, names do not count."""
    whole = hashlib.sha256()
    for path in paths:
        if path is not None:
            place = place_of(path)
            whole.update(hashlib.sha256(place.file.read_bytes()).digest())
            whole.update(f"{place.member}#{place.key}".encode() if place.member or place.key else b"")
    return whole.hexdigest()


def _member(place: Place) -> bytes:
    if place.file.suffix == ".zip":
        with zipfile.ZipFile(place.file) as packed:
            names = packed.namelist()
            _check_member(place, names)
            _check_size(place, packed.getinfo(place.member).file_size)
            return packed.read(place.member)
    with tarfile.open(place.file, "r:*") as archive:
        names = []
        for member in archive:
            names.append(member.name.removeprefix("./"))
            if member.isfile() and names[-1] == place.member:
                _check_size(place, member.size)
                stream = archive.extractfile(member)
                assert stream is not None
                return stream.read()
    _check_member(place, names)
    raise RecipeError(f"{place.file}: {place.member} is no file")


def _check_member(place: Place, names: list[str]) -> None:
    if place.member not in names:
        files = [name for name in names if not name.endswith("/")]
        told = ", ".join(files[:8]) + (" ..." if len(files) > 8 else "")
        raise RecipeError(f"{place.file}: holds no {place.member}.{nearest(place.member, files)} There are: {told}")


def _check_size(place: Place, size: int) -> None:
    if size > MAX_MEMBER_BYTES:
        raise RecipeError(f"{place}: {size:,} bytes; at most {MAX_MEMBER_BYTES:,} are read")
