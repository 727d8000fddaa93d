"""Requests to an assistant and what each wants, in one JSON file of several parts (CLINC150, Larson et al. 2019)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from firstwords.data.dataset import Dataset, Parts, TextRecord, digest_of_files, read_file
from firstwords.errors import RecipeError
from firstwords.find import nearest
from firstwords.recipe import InputPath, resolve


@dataclass(frozen=True, kw_only=True)
class Intents(Dataset):
    """`{"train": [[text, label], ...], "val": ..., "test": ...}`; requests out of scope are left out."""

    record: ClassVar[type] = TextRecord

    path: InputPath
    """The file, also packed."""
    domains: InputPath | None = None
    """A file `{"domain": [label, ...], ...}`."""
    domain: str | None = None
    """Only the labels of this domain."""

    def __post_init__(self) -> None:
        if self.domain is not None and self.domains is None:
            raise ValueError("domain needs domains, the file that says which labels are its own")

    def parts(self, documents: Path | None = None) -> Parts:
        """See `Dataset.parts`."""
        whole = _object(self.path)
        labels = self._labels()
        found = {}
        for part, key in (("train", "train"), ("validation", "val"), ("test", "test")):
            rows = whole.get(key)
            if not isinstance(rows, list):
                raise RecipeError(f"{self.path}: no list '{key}'. There: {', '.join(whole)}")
            records = []
            for number, row in enumerate(rows, 1):
                if not (isinstance(row, list) and len(row) == 2 and all(isinstance(each, str) for each in row)):
                    raise RecipeError(f"{self.path}: {key}: entry {number} is not [text, label]")
                if labels is None or row[1] in labels:
                    records.append(TextRecord(f"{key}#{number}", row[0], row[0], row[1]))
            found[part] = records
        return found

    def _labels(self) -> set[str] | None:
        if self.domain is None:
            return None
        assert self.domains is not None
        known = _object(self.domains)
        if self.domain not in known:
            raise RecipeError(
                f"{self.domains}: no domain '{self.domain}'.{nearest(self.domain, list(known))} "
                f"Domains: {', '.join(known)}"
            )
        return set(known[self.domain])

    def fingerprint(self) -> str:
        """Digest of the files."""
        return digest_of_files(resolve(path) for path in (self.path, self.domains) if path is not None)


def _object(path: str) -> dict[str, Any]:
    try:
        found = json.loads(read_file(resolve(path)))
    except ValueError as error:
        raise RecipeError(f"{path}: not JSON: {error}") from None
    if not isinstance(found, dict):
        raise RecipeError(f"{path}: not a JSON object")
    return found
