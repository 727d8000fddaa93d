"""Data sets of the Hugging Face Hub, or saved from it: their Parquet, Arrow, JSON Lines and CSV files."""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from firstwords.data.document import Rejection
from firstwords.data.rows import Rows, rejected
from firstwords.data.source import Record, Shard, files_below, shards_of
from firstwords.errors import RecipeError
from firstwords.recipe import resolve

LOCAL = (".", "/", "~", "$")


@dataclass(frozen=True, kw_only=True)
class Huggingface(Rows):
    """Reads one split of a data set. No code of the repository is ever run.

    From the Hub the files are fetched once, at one commit, which is part of every record's origin. A folder on this
    machine is read where it lies: a copy of a repository, or what `save_to_disk` wrote.

    Attributes:
        dataset: `owner/name` on the Hub, or a folder; a folder's path begins with `.`, `/`, `~` or `$FIRSTWORDS_DATA`.
        config: The configuration; empty: the default one.
        split: `train`, `validation`, `test` or what the repository declares.
        revision: A commit, a tag or a branch of the repository. A branch is looked up when the files are fetched.
    """

    dataset: str
    config: str = ""
    split: str = "train"
    revision: str = "main"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dataset.startswith(LOCAL):
            if not resolve(self.dataset).is_dir():
                raise ValueError(f"dataset: no such folder: {resolve(self.dataset)}")
        elif not re.fullmatch(r"[\w.-]+(?:/[\w.-]+)?", self.dataset):
            raise ValueError(f"dataset: '{self.dataset}' is neither owner/name on the Hub nor a folder such as ./data")

    @property
    def path(self) -> str:
        """The folder, or the repository's address."""
        is_local = self.dataset.startswith(LOCAL)
        return self.dataset if is_local else f"hf://datasets/{self.dataset}@{self.revision}"

    def shards(self) -> list[Shard]:
        """One shard a file."""
        from firstwords.data.hub import address_of, repository

        if self.is_remote:
            commit, files, readme = repository(self.dataset, self.revision)
            names = [address_of(self.dataset, commit, file) for file in self._chosen(files, readme)]
        else:
            names = self._local()
        return shards_of(names, max_files=1)

    def _chosen(self, files: list[str], readme: str) -> list[str]:
        from firstwords.data.hub import files_of

        try:
            return files_of(files, readme, self.config, self.split)
        except RecipeError as error:
            raise RecipeError(f"{self.dataset}: {error}") from None

    def _local(self) -> list[str]:
        from firstwords.data.hub import TABLES

        base = self.dataset.rstrip("/")
        place = resolve(base)
        if (place / "dataset_dict.json").is_file():
            splits = sorted(each.name for each in place.iterdir() if (each / "dataset_info.json").is_file())
            if self.split not in splits:
                raise RecipeError(f"{base}: split: no '{self.split}'. There are: {', '.join(splits)}")
            return files_below(f"{base}/{self.split}", (".arrow",))
        names = files_below(base, TABLES)
        if (place / "state.json").is_file():
            return names
        readme = place / "README.md"
        text = readme.read_text(encoding="utf-8", errors="replace") if readme.is_file() else ""
        files = [name.removeprefix(base + "/") for name in names]
        return [f"{base}/{file}" for file in self._chosen(files, text)]

    def check(self, path: Path, name: str) -> None:
        """The named columns must be there, and the text must be text."""
        suffix = _format(path)
        if suffix == "parquet":
            from firstwords.data.sources.parquet import check_parquet

            check_parquet(self, path, name)
        elif suffix == "arrow":
            from firstwords.data.arrow_rows import check_schema, opened_arrow

            with opened_arrow(path) as reader:
                if reader is not None:
                    check_schema(self, reader.schema, name)
        else:
            self._table(suffix).check(path, name)

    def read(self, path: Path, name: str) -> Iterator[Record | Rejection]:
        """The rows of one file, by its format."""
        suffix = _format(path)
        if suffix == "parquet":
            from firstwords.data.sources.parquet import read_parquet

            yield from read_parquet(self, path, name)
        elif suffix == "arrow":
            yield from self._arrow(path, name)
        else:
            yield from self._table(suffix).read(path, name)

    def _arrow(self, path: Path, name: str) -> Iterator[Record | Rejection]:
        import pyarrow as pa

        from firstwords.data.arrow_rows import check_schema, opened_arrow, pieces, records_of

        number = 1
        try:
            with opened_arrow(path) as reader:
                if reader is None:
                    yield rejected(name, "malformed", "no Arrow file or stream", path.stat().st_size)
                    return
                check_schema(self, reader.schema, name)
                columns = self.roots(reader.schema.names)
                for batch in reader:
                    for piece in pieces(batch.select(columns)):
                        yield from records_of(self, piece, name, number)
                        number += piece.num_rows
        except (OSError, pa.ArrowException, RecipeError) as error:
            yield rejected(f"{name}#{number}", "malformed", f"{type(error).__name__}: {error}", 0)

    def _table(self, suffix: str) -> Rows:
        """The source for a table as text, with the same columns."""
        from firstwords.data.sources.csv import Csv
        from firstwords.data.sources.jsonl import Jsonl

        columns = {field.name: getattr(self, field.name) for field in dataclasses.fields(Rows)}
        component = Csv if suffix == "csv" else Jsonl
        return component(path=self.path, **columns)


def _format(path: Path) -> str:
    ends = path.name.lower().rsplit(".", 2)
    for kind, names in (("parquet", ("parquet",)), ("arrow", ("arrow",)), ("csv", ("csv", "tsv"))):
        if any(end in names for end in ends[1:]):
            return kind
    return "jsonl"
