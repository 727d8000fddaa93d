"""Labelled texts of a Hugging Face data set: a folder on this machine or a repository of the Hub."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from firstwords.data.dataset import Parts, TextRecord
from firstwords.data.hub_parts import HubSplits, parts_of, split_rows
from firstwords.data.labelled_files import digest_of_places
from firstwords.data.labelled_rows import LabelledRows


@dataclass(frozen=True, kw_only=True)
class Huggingface(LabelledRows):
    """One text a row of the splits; numbered labels (`ClassLabel`) get their names back. No script is ever run."""

    dataset: str
    """A folder (its path begins with `.`, `/`, `~` or `$FIRSTWORDS_DATA`): a copy of a repository, or what
    `save_to_disk` wrote; or `owner/name` on the Hub."""
    config: str = ""
    """The configuration; empty: the default one."""
    revision: str = "main"
    """A commit, a tag or a branch of the repository."""
    train: str = "train"
    """The split that is learnt from."""
    validation: str | None = None
    """The split that choices are made on; without one, a share of the training texts, drawn by a hash."""
    test: str = "test"
    """The split that is scored once; where its labels are hidden (-1), name another one."""
    validation_share: Annotated[float, Field(ge=0, lt=1)] = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        self._splits()

    def _splits(self) -> HubSplits:
        return HubSplits(dataset=self.dataset, config=self.config, revision=self.revision)

    @property
    def is_remote(self) -> bool:  # noqa: D102 (the contract says it)
        return self._splits().is_remote

    def parts(self, documents: Path | None = None) -> Parts:
        """See `Dataset.parts`."""
        return parts_of(
            self._records,
            train=self.train,
            validation=self.validation,
            test=self.test,
            validation_share=self.validation_share,
        )

    def fingerprint(self) -> str:
        """Digest of the files of a folder and of the labels; of a repository its address alone counts."""
        splits = self._splits().fingerprint([self.train, self.test, self.validation])
        return splits + (digest_of_places([self.label_file]) if self.label_file else "")

    def _records(self, split: str) -> list[TextRecord]:
        rows, names = split_rows(self._splits(), split)
        return list(self.records(rows, split, names))
