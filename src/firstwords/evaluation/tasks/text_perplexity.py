"""How well a causal model predicts any text of yours: per token, word and byte, over the whole corpus.

A text is read in windows, each token predicted once; `stride` says how much of a window is new. With windows that do
not overlap (`stride` = the model's context) the figures are those of lm-evaluation-harness; the default, half of it,
is fairer to the model, because no token is predicted from little. Words are what stands between white space.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from firstwords.artifact import Artifact
from firstwords.errors import RecipeError
from firstwords.evaluation.task import Baseline, Figures, Progress, Task
from firstwords.metrics.metric import Metric
from firstwords.metrics.metrics.bits_per_byte import BitsPerByte
from firstwords.metrics.metrics.perplexity import Perplexity
from firstwords.recipe import Count, InputPath, resolve

if TYPE_CHECKING:
    from firstwords.inference.language_model import LanguageModel

PASSAGE_BYTES = 2000
FEW_TEXTS = 6


class Text(NamedTuple):
    """A text to be predicted from its beginning."""

    id: str
    text: str
    source: str


Answer = list[tuple[int, float]]
"""For each token the character at which it begins, and its log-likelihood in nats."""


@dataclass(frozen=True, kw_only=True)
class TextPerplexity(Task):
    """Bits per byte, perplexity per word, token and byte, beside xz."""

    stage: ClassVar[str] = "pretrain"
    objectives: ClassVar[tuple[str, ...]] = ("causal_lm", "hybrid_lm")
    unit: ClassVar[str] = "text (of fewer than six: passage of about 2,000 bytes)"
    takes_checkpoint: ClassVar[bool] = True

    path: InputPath
    """A text file, a folder or pattern of them (each one text), or a table (CSV, TSV, JSON Lines,
    Parquet), may be packed."""
    column: str = "text"
    """Of the text, in a table."""
    stride: Annotated[Count, Field(ge=1)] | None = None
    """New tokens of every window behind the first; half the model's context unless given."""

    def fingerprint(self) -> str:
        """Digest of the files."""
        from firstwords.data.dataset import digest_of_files

        return digest_of_files(place for _, place in _files(self.path))

    def examples(self, inputs: Mapping[str, Artifact]) -> list[Text]:
        """See `Task.examples`."""
        from firstwords.data.labelled_files import Place, text_of
        from firstwords.data.table_rows import KINDS, rows_of
        from firstwords.evaluation.question_file import text_at

        found = []
        for name, file in _files(self.path):
            place = Place(file, "", "")
            # A JSON file of a folder is a text like others; only its lines can be rows.
            if place.suffix in KINDS and place.suffix != ".json":
                for row, where, number in rows_of(place):
                    text = text_at(row, self.column, where)
                    found.append(Text(f"{name}#{number}", text, str(row.get("source", ""))))
            else:
                found.append(Text(name, text_of(place), name))
        found = [each for each in found if each.text.strip()]
        if not found:
            raise RecipeError(f"{self.path}: holds no text")
        return found

    def prompt(self, example: Text) -> str:
        """The text: each token is asked for given those before it."""
        return example.text

    def gold(self, example: Text) -> Answer:
        """Every token was certain."""
        return [(0, 0.0)]

    def answers(self, model: "LanguageModel", prompts: Sequence[str], progress: Progress) -> list[Answer]:
        """Where each token begins, and its log-likelihood."""
        encoded = [model.tokenizer.encode_with_offsets(text) for text in prompts]
        known = model.token_log_likelihoods(
            [ids for ids, _ in encoded],
            stride=self.stride,
            progress=lambda done, total: progress("predicting text", done, total),
        )
        return [
            [(start, float(nats)) for (start, _), nats in zip(offsets, each, strict=True)]
            for (_, offsets), each in zip(encoded, known, strict=True)
        ]

    def score(self, examples: Sequence[Text], answers: Sequence[Answer]) -> dict[str, list[Any]]:
        """Columns `id`, `group`, `text` (the passage's beginning), `source`, `words`, `bytes`, `tokens`, `nats`: a row
        a passage.
        """
        names = ("id", "group", "text", "source", "words", "bytes", "tokens", "nats")
        columns: dict[str, list[Any]] = {name: [] for name in names}
        for example, answer in zip(examples, answers, strict=True):
            borders = _borders(example.text)
            starts = np.array([start for start, _ in answer])
            nats = np.array([value for _, value in answer])
            if not np.isfinite(nats).all():
                raise ValueError(f"{example.id}: the log-likelihood of a token is not a number")
            place = np.searchsorted(borders, starts, side="right")
            for number, (begin, end) in enumerate(zip([0, *borders], [*borders, len(example.text)], strict=True)):
                passage, mine = example.text[begin:end], place == number
                group = example.id if len(examples) >= FEW_TEXTS else f"{example.id}:{number}"
                row: list[Any] = [f"{example.id}:{number}", group, passage[:200], example.source]
                row += [len(passage.split()), len(passage.encode()), int(mine.sum()), float(-nats[mine].sum()) + 0.0]
                for name, value in zip(names, row, strict=True):
                    columns[name].append(value)
        return columns

    def metrics(self, examples: Sequence[Text]) -> tuple[Metric, ...]:
        """Bits per byte first: it depends on nothing but text and model."""
        return (BitsPerByte(), Perplexity(unit="word"), Perplexity(), Perplexity(unit="byte"))

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: Sequence[Text],
        model: "LanguageModel",
        answers: Sequence[Answer],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`xz`: the compressor, which knows nothing but these texts."""
        from firstwords.metrics.compression import xz_bits_per_byte

        return {"xz": Figures({"bits_per_byte": xz_bits_per_byte(example.text for example in examples)})}


def _borders(text: str) -> NDArray[np.int64]:
    """Characters at which passages of a text begin, but for the first: ends of lines about `PASSAGE_BYTES` apart."""
    found, begin, size = [], 0, 0
    for line in text.splitlines(keepends=True):
        if size >= PASSAGE_BYTES:
            found.append(begin)
            size = 0
        size += len(line.encode())
        begin += len(line)
    return np.array(found, dtype=np.int64)


def _files(path: str) -> "list[tuple[str, Any]]":
    """Name and place of each file, in the order of their names."""
    from pathlib import Path

    place = resolve(path)
    if place.is_file():
        return [(place.name, place)]
    if place.is_dir():
        inside = [each for each in place.rglob("*") if each.is_file() and not each.name.startswith(".")]
        return sorted((each.relative_to(place).as_posix(), each) for each in inside)
    anchor = Path(place.anchor or ".")
    inside = [each for each in anchor.glob(str(place.relative_to(place.anchor or "."))) if each.is_file()]
    return sorted((each.name, each) for each in inside)
