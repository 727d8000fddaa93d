"""Sentences labelled with the document they come from or with how they begin: labels from text without any.

Which sentences belong together is something that every corpus tells (self-supervised tasks, Chen et al. 2022). So the
files are documents to be cut, not tables of labelled rows, which `table` reads.
"""

import re
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from firstwords.data.dataset import Dataset, Parts, TextRecord, digest_of_files, draw
from firstwords.errors import RecipeError
from firstwords.recipe import InputPath, resolve

_MARKUP = re.compile(r"^[.'].*$", re.MULTILINE)
_ROFF = re.compile(r"\\f.|\\&|\\-|\\\(..")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n\s*\n")
MIN_SENTENCES = 4
"""With fewer, a document or a beginning is no label: there would be nothing to choose examples from."""
_FIRST_WORDS = 2
_WORD = re.compile(r"\w[\w'’]*")


@dataclass(frozen=True, kw_only=True)
class Passages(Dataset):
    """One sentence a text; its label is the file it stands in, or its first words."""

    record: ClassVar[type] = TextRecord

    path: InputPath
    """A folder of text files, or a `.zip` or tar archive of them."""
    files: str = "**/*"
    """Which files, a path pattern in which `**` stands for any number of folders."""
    markup: Literal["none", "roff", "word_tags"] = "none"
    """`roff`: manual pages; `word_tags`: `word/tag` (the Brown corpus)."""
    label: Literal["file", "beginning"] = "file"
    """`file`: sentences of one file share a subject; `beginning`: the first two words, so that what belongs together
    shares those and nothing else."""
    min_words: Annotated[int, Field(ge=1)] = 5
    max_words: Annotated[int, Field(ge=1)] = 30
    """Shorter and longer sentences are left out."""
    max_sentences: Annotated[int, Field(ge=MIN_SENTENCES)] = 20
    """Of a label."""
    test_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Share of the labels that are scored once, drawn by a hash."""
    encoding: Literal["utf-8", "latin-1", "ascii"] = "utf-8"

    def parts(self, documents: Path | None = None) -> Parts:
        """See `Dataset.parts`; the validation part is empty."""
        labelled: dict[str, list[TextRecord]] = defaultdict(list)
        for name, content in sorted(_files(resolve(self.path), self.files)):
            sentences = dict.fromkeys(self._sentences(content.decode(self.encoding, "replace")))
            for number, sentence in enumerate(sentences):
                key = name if self.label == "file" else " ".join(_WORD.findall(sentence.lower())[:_FIRST_WORDS])
                if not key:  # dots and dashes
                    continue
                label = PurePosixPath(name).stem if self.label == "file" else key
                labelled[key].append(TextRecord(f"{name}#{number}", name, sentence, label))
        found: dict[str, list[TextRecord]] = defaultdict(list)
        for key, records in labelled.items():
            if len(records) >= MIN_SENTENCES:
                part = "test" if draw("labelled test", key) < self.test_share else "train"
                if self.label == "beginning":  # else the first files would give all of them
                    records.sort(key=lambda record: draw("passages", record.id))
                found[part] += records[: self.max_sentences]
        if not found:
            raise RecipeError(f"{self.path}: no file of '{self.files}' holds {MIN_SENTENCES} sentences")
        return {"train": found["train"], "validation": [], "test": found["test"]}

    def _sentences(self, text: str) -> Iterator[str]:
        if self.markup == "roff":
            text = _ROFF.sub("", _MARKUP.sub("", text))
        elif self.markup == "word_tags":
            lines = (" ".join(word.rpartition("/")[0] for word in line.split()) for line in text.splitlines())
            text = "\n\n".join(lines)
        for sentence in _SENTENCE_END.split(text):
            words = sentence.split()
            if self.min_words <= len(words) <= self.max_words:
                yield " ".join(words)

    def fingerprint(self) -> str:
        """Digest of the archive, or of all files of the folder."""
        place = resolve(self.path)
        files = [place] if place.is_file() else sorted(file for file in place.rglob("*") if file.is_file())
        return digest_of_files(files)


def _files(place: Path, wanted: str) -> Iterator[tuple[str, bytes]]:
    """(name inside, content) of all files that a pattern matches."""
    matches = re.compile(_expression(wanted)).fullmatch
    try:
        if place.is_dir():
            for file in sorted(place.rglob("*")):
                name = file.relative_to(place).as_posix()
                if file.is_file() and matches(name):
                    yield name, file.read_bytes()
        elif zipfile.is_zipfile(place):
            with zipfile.ZipFile(place) as archive:
                for name in archive.namelist():
                    if not name.endswith("/") and matches(name):
                        yield name, archive.read(name)
        else:
            with tarfile.open(place, "r:*") as tar:
                for member in tar:
                    stream = tar.extractfile(member) if member.isfile() and matches(member.name) else None
                    if stream is not None:
                        yield member.name, stream.read()
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError) as error:
        raise RecipeError(f"{place}: neither a folder nor a readable archive: {error}") from error


def _expression(pattern: str) -> str:
    """A path pattern as a regular expression: `*` within a folder, `**/` any folders."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(parts.get(piece, re.escape(piece)) for piece in re.split(r"(\*\*/|\*\*|\*|\?)", pattern))
