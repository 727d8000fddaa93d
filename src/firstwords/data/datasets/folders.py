"""Texts in a tree with a folder for each class, as they are or inside a tar archive (20 Newsgroups by date)."""

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from firstwords.data.dataset import Dataset, Parts, TextRecord, cut_validation, digest_of_files
from firstwords.errors import RecipeError
from firstwords.recipe import InputPath, Size, resolve

_QUOTED = re.compile(r"\s*(?:[>|]|: )")
_QUOTE_OPENING = re.compile(r"(writes|wrote|says|said)\s*:\s*$|^\s*In article\b")
_SIGNATURE = re.compile(r"\s*(--|__+|={3,}|-{3,}|\*{3,})\s*$")
# A signature is short: a line of dashes further up than this belongs to the text.
MAX_SIGNATURE_LINES = 8


@dataclass(frozen=True, kw_only=True)
class Folders(Dataset):
    """One text a file; the name of the folder it lies in is its label."""

    record: ClassVar[type] = TextRecord

    path: InputPath
    """A folder, or a tar archive (`.tar`, `.tar.xz`, `.tar.gz`, `.tar.bz2`), which is never unpacked to disk."""
    train: str = "train"
    """Folder inside `path` that holds the class folders of this part."""
    test: str = "test"
    validation: str | None = None
    # Without a folder for it, this share of the training texts: choices never see the test part.
    validation_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    encoding: Literal["utf-8", "latin-1", "cp1252", "ascii"] = "utf-8"
    # Parts of a news message or mail to leave out. They give classes away (a header names its newsgroup), so a score
    # with them and one without are two different tasks; nothing is removed unless it is asked for.
    strip: tuple[Literal["headers", "footers", "quotes"], ...] = ()
    max_text_size: Size = 16 * 2**20

    def parts(self, documents: Path | None = None) -> Parts:
        """See `Dataset.parts`. Texts that are empty (after `strip`) keep their place, so that no score skips them."""
        roots = {"train": self.train, "test": self.test}
        if self.validation is not None:
            roots["validation"] = self.validation
        found: dict[str, list[TextRecord]] = {part: [] for part in roots}
        by_root = {PurePosixPath(root): part for part, root in roots.items()}
        if len(by_root) < len(roots):
            raise RecipeError(
                f"{self.path}: the parts must lie in different folders, but they are {list(roots.values())}"
            )
        seen: set[str] = set()
        for name, content in sorted(self._files(by_root)):
            path = PurePosixPath(name)
            seen.add(path.parts[0])
            part = by_root.get(path.parent.parent)
            if part is not None:
                identity = f"{part}/{path.parent.name}/{path.name}"
                text = self._text(identity, content)
                found[part].append(TextRecord(identity, identity, text, path.parent.name))
        for part, root in roots.items():
            if not found[part]:
                raise RecipeError(f"{self.path}: no files in {root}/<class>/. Folders there: {', '.join(sorted(seen))}")
        if self.validation is None:
            found["train"], found["validation"] = cut_validation(found["train"], self.validation_share)
        return {"train": found["train"], "validation": found["validation"], "test": found["test"]}

    def fingerprint(self) -> str:
        """Digest of the archive, or of all files of the tree."""
        place = resolve(self.path)
        files = [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.is_file())
        return digest_of_files(files)

    def _files(self, roots: dict[PurePosixPath, str]) -> Iterator[tuple[str, bytes]]:
        """(path inside, content) of all files; content is read only for those at <root>/<class>/<file>."""
        place = resolve(self.path)
        if place.is_dir():
            for file in place.rglob("*"):
                inside = PurePosixPath(file.relative_to(place).as_posix())
                if file.is_file() and not file.name.startswith("."):
                    wanted = inside.parent.parent in roots and self._fits(str(inside), file.stat().st_size)
                    yield str(inside), file.read_bytes() if wanted else b""
            return
        try:
            with tarfile.open(place, "r:*") as archive:
                for member in archive:
                    inside = PurePosixPath(member.name)
                    if not member.isfile() or inside.name.startswith("."):
                        continue
                    wanted = inside.parent.parent in roots and self._fits(str(inside), member.size)
                    stream = archive.extractfile(member) if wanted else None
                    yield str(inside), stream.read() if stream else b""
        except (tarfile.TarError, OSError, EOFError) as error:
            raise RecipeError(f"{place}: neither a folder nor a readable tar archive: {error}") from error

    def _fits(self, name: str, size: int) -> bool:
        if size > self.max_text_size:
            raise RecipeError(f"{self.path}: {name} has {size:,} bytes, more than max_text_size {self.max_text_size:,}")
        return True

    def _text(self, name: str, content: bytes) -> str:
        try:
            text = content.decode(self.encoding)
        except UnicodeDecodeError as error:
            raise RecipeError(f"{self.path}: {name} is not {self.encoding}: {error}. Set encoding.") from None
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if "headers" in self.strip:
            text = without_headers(text)
        if "quotes" in self.strip:
            text = without_quotes(text)
        if "footers" in self.strip:
            text = without_footer(text)
        return text.strip()


def without_headers(message: str) -> str:
    """A message from its first empty line on; a text whose first line is no header field stays whole."""
    if not re.match(r"[A-Za-z][A-Za-z0-9-]*:", message):
        return message
    return message.partition("\n\n")[2]


def without_quotes(message: str) -> str:
    """A message without quoted lines (`>`, `|` or `:` in front) and the lines that announce them (`... writes:`)."""
    lines = message.split("\n")
    return "\n".join(line for line in lines if not _QUOTED.match(line) and not _QUOTE_OPENING.search(line))


def without_footer(message: str) -> str:
    """A message up to a signature: a line of dashes within the last lines, and what follows it."""
    lines = message.rstrip().split("\n")
    for position in range(len(lines) - 1, max(0, len(lines) - 1 - MAX_SIGNATURE_LINES), -1):
        if _SIGNATURE.match(lines[position]):
            return "\n".join(lines[:position])
    return message
