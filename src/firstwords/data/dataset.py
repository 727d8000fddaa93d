"""The contract of labelled data: named parts of records, each record with a name and the unit it belongs to.

A data set is a component; a new kind of labelled data is one file in `datasets/`. Records are plain values, so that the
same ones are trained on, scored, given to baselines and stored as Parquet.
"""

import bz2
import dataclasses
import gzip
import hashlib
import lzma
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from firstwords.data.conversation import ChatRecord, PreferenceRecord
from firstwords.errors import RecipeError
from firstwords.recipe import Component

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.document import Document

PARTS = ("train", "validation", "test")
"""Trained on; used for choices; scored once."""

OUTSIDE = "O"
"""Tag of a word that belongs to no entity."""


@dataclass(frozen=True, slots=True)
class TextRecord:
    """One labelled text. `group` is the unit it was drawn from (a page, a file): intervals resample groups.

    Attributes:
        pair: The second text, where the label is about two (a question and an abstract, a premise and a hypothesis).
        labels: All labels of a text that may have any number of them, sorted; then `label` shows them joined (make
            such a record with `several`). None where a text has exactly one.
    """

    in_words: ClassVar[str] = "labelled texts"

    id: str
    group: str
    text: str
    label: str
    pair: str | None = None
    labels: tuple[str, ...] | None = None

    @classmethod
    def several(cls, id: str, group: str, text: str, labels: Iterable[str], pair: str | None = None) -> "TextRecord":
        """A text with any number of labels."""
        found = tuple(sorted(set(labels)))
        return cls(id, group, text, " + ".join(found), pair, found)

    @property
    def whole(self) -> str:
        """Both texts of a pair as one, for what knows nothing of pairs."""
        return self.text if self.pair is None else f"{self.text}\n{self.pair}"


@dataclass(frozen=True, slots=True)
class TaskRecord(TextRecord):
    """One labelled text of one of many tasks; labels of different tasks have nothing to do with each other."""

    in_words: ClassVar[str] = "labelled texts of several tasks"

    task: str = ""


@dataclass(frozen=True, slots=True)
class WordsRecord:
    """One sentence as words with a tag each: `O`, `B-<type>` where an entity begins, `I-<type>` where it goes on."""

    in_words: ClassVar[str] = "words with tags"

    id: str
    group: str
    words: tuple[str, ...]
    tags: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.words) != len(self.tags):
            raise ValueError(f"{self.id}: {len(self.words)} words but {len(self.tags)} tags")


Record = TextRecord | WordsRecord | ChatRecord | PreferenceRecord
Parts = Mapping[str, Sequence[Record]]


@dataclass(frozen=True, kw_only=True)
class Dataset(Component):
    """Base of all labelled data."""

    record: ClassVar[type]
    """What `parts` is made of: `TextRecord` or `WordsRecord`. An objective says which one it trains on."""
    needs_documents: ClassVar[bool] = False
    """True for labels that are made from the corpus: `parts` is given its folder of documents."""

    @property
    def is_remote(self) -> bool:
        """Whether reading it needs a network: then nobody reads it but the stage that is to run."""
        values = [getattr(self, each.name) for each in dataclasses.fields(self)]
        inner = [each for value in values for each in (value.values() if isinstance(value, Mapping) else (value,))]
        return any(each.is_remote for each in inner if isinstance(each, Dataset))

    @abstractmethod
    def parts(self, documents: Path | None = None) -> Parts:
        """The records of each of `PARTS`, always in the same order; a part may be empty.

        Args:
            documents: Folder of Parquet shards of the schema `DOCUMENT`, where `needs_documents`.

        Raises:
            RecipeError: If the data cannot be read; the message names file and line.
        """

    def notes(self) -> list[str]:
        """What a person should know of the data, a line each, such as records that were left out."""
        return []

    def fingerprint(self) -> str:
        """Digest of the local files that are read: changed files make another artifact. Empty where there are none."""
        return ""


# --- Files -----------------------------------------------------------------------------------------------------------

PACKED: dict[str, Any] = {".xz": lzma.open, ".gz": gzip.open, ".bz2": bz2.open}
"""How files are opened that are packed, by the end of their name."""


def read_file(path: Path) -> bytes:
    """Content of a file; `.xz`, `.gz` and `.bz2` are unpacked.

    Raises:
        RecipeError: If the file cannot be read or unpacked.
    """
    opener = PACKED.get(path.suffix, open)
    try:
        with opener(path, "rb") as file:
            return bytes(file.read())
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise RecipeError(f"{path}: cannot be read: {error}") from error


def read_documents(folder: Path) -> "Iterator[Document]":
    """The documents of a corpus in a fixed order: shards by key, rows as they stand."""
    from firstwords.data.shards import documents_of, read_batches, shard_files

    columns = ["id", "text", "url", "title", "metadata"]
    for batch in read_batches(list(shard_files(folder).values()), columns=columns):
        yield from documents_of(batch)


def digest_of_files(paths: Iterable[Path]) -> str:
    """One digest over the contents of files, in their order; names do not count."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


# --- Cutting a part off ----------------------------------------------------------------------------------------------


def draw(purpose: str, name: str) -> float:
    """A number in [0, 1) that depends on its two arguments alone (BLAKE2b)."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), key=purpose.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def cut_validation(records: Sequence[Any], share: float) -> tuple[list[Any], list[Any]]:
    """Training and validation records; whole groups are drawn by a hash of their name, so none is on both sides.

    Args:
        records: All with `group`.
        share: Of the groups that go to validation, about.
    """
    train: list[Any] = []
    validation: list[Any] = []
    for record in records:
        (validation if draw("labelled validation", record.group) < share else train).append(record)
    return train, validation


# --- Tags ------------------------------------------------------------------------------------------------------------


def tag_names(types: Iterable[str]) -> list[str]:
    """All tags of some entity types: `O`, then `B-` and `I-` of each type in alphabetical order.

    The order is a convention that decoding relies on: tag 2k + 1 opens an entity of type k, tag 2k + 2 continues it.
    """
    return [OUTSIDE] + [f"{prefix}-{each}" for each in sorted(set(types)) for prefix in ("B", "I")]


def label_names(records: Iterable[Record]) -> list[str]:
    """The labels that records use, in the order of their numbers: sorted classes, or the tags of all entity types."""
    found = list(records)
    if found and isinstance(found[0], WordsRecord):
        tags = {tag for each in found if isinstance(each, WordsRecord) for tag in each.tags}
        return tag_names(tag[2:] for tag in tags if tag != OUTSIDE)
    texts = [each for each in found if isinstance(each, TextRecord)]
    return sorted({label for each in texts for label in (each.label,) * (each.labels is None) + (each.labels or ())})


# --- Storing ---------------------------------------------------------------------------------------------------------


def table_of(records: Sequence[Record], record: type) -> "pa.Table":
    """Records as an Arrow table: columns `id`, `group` and `text`, `label` or `words`, `tags` (lists).

    Args:
        records: All of one class; may be empty.
        record: Their class.
    """
    import pyarrow as pa

    lists = pa.list_(pa.string())
    types = {"words": lists, "tags": lists, "labels": lists, "messages": pa.list_(lists)}
    schema = pa.schema([(f.name, types.get(f.name, pa.string())) for f in dataclasses.fields(record)])
    columns = [pa.array([getattr(each, f.name) for each in records], f.type) for f in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def read_records(path: Path) -> list[Record]:
    """The records of a Parquet file that `table_of` filled."""
    import pyarrow.parquet as pq

    rows = pq.read_table(path).to_pylist()
    if rows and "words" in rows[0]:
        return [WordsRecord(r["id"], r["group"], tuple(r["words"]), tuple(r["tags"])) for r in rows]
    if rows and "messages" in rows[0]:
        conversations = PreferenceRecord if "chosen" in rows[0] else ChatRecord
        return [conversations(**row | {"messages": tuple(map(tuple, row["messages"]))}) for row in rows]
    kind = TaskRecord if rows and "task" in rows[0] else TextRecord
    several = [None if row.get("labels") is None else tuple(row["labels"]) for row in rows]
    return [kind(**row | {"labels": labels}) for row, labels in zip(rows, several, strict=True)]
