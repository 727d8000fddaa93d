"""Tagged words of a Hugging Face data set: a column of words and one of tags (CoNLL-2003, WNUT-17 on the Hub)."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from firstwords.data.dataset import Dataset, Parts, WordsRecord
from firstwords.data.hub_parts import HubSplits, parts_of, split_rows
from firstwords.data.table_rows import Row, require_columns
from firstwords.data.tag_schemes import SCHEMES, Scheme, as_iob2, recognised
from firstwords.errors import RecipeError


@dataclass(frozen=True, kw_only=True)
class HuggingfaceWords(Dataset):
    """One sentence a row of the splits; numbered tags (`ClassLabel`) get their names back. No script is ever run."""

    record: ClassVar[type] = WordsRecord

    dataset: str
    """As in the data set `huggingface`; so are `config`, `revision` and the names of the splits."""
    config: str = ""
    revision: str = "main"
    train: str = "train"
    validation: str | None = None
    test: str = "test"
    validation_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    words: str = "tokens"
    """The column of the words, a list."""
    tags: str = "ner_tags"
    """The column of their tags, a list of as many."""
    scheme: Scheme = "auto"
    """See the data set `conll`."""

    def __post_init__(self) -> None:
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
        """Digest of the files of a folder; of a repository its address alone counts."""
        return self._splits().fingerprint([self.train, self.test, self.validation])

    def _records(self, split: str) -> list[WordsRecord]:
        rows, names = split_rows(self._splits(), split)
        found = [(row, *self._sentence(row, names.get(self.tags))) for row in rows]
        scheme = recognised(tags for _, _, tags in found) if self.scheme == "auto" else self.scheme
        assert scheme in SCHEMES
        records = []
        for row, words, tags in found:
            if not words:
                continue
            fixed = as_iob2(tags, scheme, _teller(row))
            name = f"{split}:{row.name}"
            records.append(WordsRecord(name, name, words, fixed))
        return records

    def _sentence(self, row: Row, names: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
        require_columns(row, [self.words, self.tags])
        words, tags = row.values[self.words], row.values[self.tags]
        if not isinstance(words, list) or not isinstance(tags, list) or len(words) != len(tags):
            raise RecipeError(f"{row.where}: '{self.words}' and '{self.tags}' are not lists of one length")
        for place, (word, tag) in enumerate(zip(words, tags, strict=True), 1):
            if not isinstance(word, str) or not word:
                raise RecipeError(f"{row.where}: word {place} is {word!r:.40}")
            if isinstance(tag, int) and names is None:
                raise RecipeError(f"{row.where}: tags are numbers without names: the data set declares no ClassLabel")
            if isinstance(tag, int) and not 0 <= tag < len(names):
                raise RecipeError(f"{row.where}: tag {tag} of word {place} has no name: there are {len(names)}")
        return tuple(words), tuple(names[tag] if isinstance(tag, int) else str(tag) for tag in tags)


def _teller(row: Row) -> Callable[[int, str], str]:
    return lambda place, why: f"{row.where}: word {place + 1}: {why}"
