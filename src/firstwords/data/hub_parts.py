"""The splits of a Hugging Face data set as rows of labelled data, with the names of numbered labels."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firstwords.data.dataset import Parts, cut_validation
from firstwords.data.labelled_files import Place, digest_of_places
from firstwords.data.table_rows import Row, rows_of
from firstwords.errors import RecipeError
from firstwords.recipe import is_address, resolve

Names = Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class HubSplits:
    """A data set; which files are a split is found as the source `huggingface` finds it."""

    dataset: str
    config: str = ""
    revision: str = "main"

    def __post_init__(self) -> None:
        self._source("train")

    def _source(self, split: str) -> Any:
        from firstwords.data.sources.huggingface import Huggingface

        return Huggingface(dataset=self.dataset, config=self.config, split=split, revision=self.revision)

    @property
    def is_remote(self) -> bool:
        """Whether it lies on the Hub."""
        return bool(self._source("train").is_remote)

    def files(self, split: str) -> list[str]:
        """The files of a split, in their order, as the recipe or the Hub would name them."""
        return [name for shard in self._source(split).shards() for name in shard.files]

    def fingerprint(self, splits: Iterable[str | None]) -> str:
        """Digest of the local files; empty for a repository of the Hub."""
        if self.is_remote:
            return ""
        return digest_of_places(name for split in splits if split for name in self.files(split))


def split_rows(data: HubSplits, split: str) -> tuple[Iterator[Row], Names]:
    """The rows of a split, and the names of each column whose numbers have some.

    Raises:
        RecipeError: If there is no such split, or its files cannot be read.
    """
    files = [_local(name) for name in data.files(split)]
    if not files:
        raise RecipeError(f"{data.dataset}: the split '{split}' has no files")
    numbered = ((f"{number}." if len(files) > 1 else "", file) for number, file in enumerate(files))
    rows = (
        row._replace(name=f"{prefix}{row.name}") for prefix, file in numbered for row in rows_of(Place(file, "", ""))
    )
    return rows, label_names_of(files[0])


def _local(name: str) -> Path:
    """The place of a file; one of the Hub is fetched for the length of this process."""
    if not is_address(name):
        return resolve(name)
    import tempfile

    from firstwords.data.remote_files import store_of

    store, path = store_of(name)
    folder = Path(tempfile.mkdtemp(prefix="firstwords-"))
    place = folder / Path(path).name
    store.get_file(path, str(place))
    return place


def label_names_of(file: Path) -> dict[str, tuple[str, ...]]:
    """Column to label names, from `dataset_info.json` beside a file or above it, or from a Parquet or Arrow file."""
    for folder in (file.parent, file.parent.parent):
        if (folder / "dataset_info.json").is_file():
            try:
                values = json.loads((folder / "dataset_info.json").read_text(encoding="utf-8"))
            except ValueError as error:
                raise RecipeError(f"{folder / 'dataset_info.json'}: not JSON: {error}") from None
            if features := values.get("features"):
                return _class_names(features)
    stored = _stored_features(file)
    return _class_names(stored) if stored else {}


def _stored_features(file: Path) -> Any:
    """What the `datasets` library writes into the schema of a table."""
    import pyarrow as pa
    from pyarrow import ipc, parquet

    if file.suffix == ".parquet":
        schema = parquet.read_schema(file)
    elif file.suffix == ".arrow":
        with pa.memory_map(str(file)) as content:
            try:
                schema = ipc.open_stream(content).schema
            except pa.ArrowInvalid:
                content.seek(0)
                schema = ipc.open_file(content).schema
    else:
        return None
    told = (schema.metadata or {}).get(b"huggingface")
    return json.loads(told).get("info", {}).get("features") if told else None


def _class_names(features: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    found = {}
    for column, feature in features.items():
        inner = feature
        # A list of labels is `{"feature": {...}, "_type": "Sequence"}` or, in older files, `[{...}]`.
        while isinstance(inner, list | dict) and not (isinstance(inner, dict) and "names" in inner):
            inner = (
                inner[0]
                if isinstance(inner, list) and inner
                else inner.get("feature")
                if isinstance(inner, dict)
                else None
            )
        if isinstance(inner, dict) and isinstance(inner.get("names"), list):
            found[column] = tuple(map(str, inner["names"]))
    return found


def parts_of(
    records: Callable[[str], list[Any]], *, train: str, validation: str | None, test: str, validation_share: float
) -> Parts:
    """The records of the splits by part; without a split for validation a share of the training records is cut off.

    Args:
        records: Those of a split.
        train: Name of a split, as `validation` and `test`.
        validation_share: Of the training records.
    """
    learnt = records(train)
    if validation is None:
        learnt, chosen_on = cut_validation(learnt, validation_share)
    else:
        chosen_on = records(validation)
    return {"train": learnt, "validation": chosen_on, "test": records(test)}
