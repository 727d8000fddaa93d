"""What a fine-tuning begins with: encoded examples, and a model for every seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firstwords.errors import RecipeError
from firstwords.model.config import ModelConfig
from firstwords.model.hugging_face import config_under, load_under
from firstwords.tokenizer.correction import Correction
from firstwords.tokenizer.tokenizer import Tokenizer, take_over
from firstwords.training.adversary import bare
from firstwords.training.batch import Example
from firstwords.training.language_base import causal_model, encode_parts, language_base
from firstwords.training.objective import Objective


@dataclass(frozen=True, kw_only=True)
class StartingPoint:
    """A base, made ready for an objective.

    Attributes:
        config: Of every model that `make` gives.
        tokenizer: Of the base, with a chat template where the objective needs one.
        tokenizer_folder: Where its files lie.
        rows: Encoded examples by part.
        make: A model that nobody else holds, for the settled objective and a seed.
    """

    config: ModelConfig
    tokenizer: Tokenizer
    tokenizer_folder: Path
    rows: Mapping[str, Sequence[Example]]
    make: Callable[[Objective, int], Any]


def labelled(
    base: Path,
    objective: Objective,
    parts: Mapping[str, Sequence[Any]],
    labels: Sequence[str],
    data: str,
    correct: Correction | None = None,
    scratch: Path | None = None,
) -> StartingPoint:
    """The backbone of a base under a new head, or the base itself where the objective keeps its head.

    Args:
        base: A Hugging Face folder.
        objective: As the recipe says it.
        parts: Records by part, of those parts that are to be encoded.
        labels: Names of the classes or tags.
        data: What errors call the data.
        correct: Unknown words of texts, by what the training part and the base know.
        scratch: A folder for the tokenizer's files where words are corrected.

    Raises:
        RecipeError: If a record cannot be an example, or the base is not of the kind that the objective needs.
    """
    tokenizer, tokenizer_folder = Tokenizer.load(base), base
    if correct is not None:
        assert scratch is not None
        scratch.mkdir(parents=True, exist_ok=True)
        tokenizer, tokenizer_folder = take_over(base, scratch), scratch
        tokenizer.known_words = correct.known_words(parts["train"], tokenizer)
        tokenizer.known_words.save(scratch)
    keeps_head = bare(objective).keeps_head
    config = causal_model(base).config if keeps_head else config_under(base)

    def make(settled: Objective, seed: int) -> Any:
        if keeps_head:
            model = causal_model(base)
            bare(settled).arrange(model, seed)
            return model
        return load_under(base, lambda sizes: settled.head(sizes, labels), seed)  # type: ignore[arg-type, return-value]

    rows = {}
    for part, records in parts.items():
        encoded = []
        for row, record in enumerate(records):
            try:
                encoded.append(objective.encode(record, tokenizer, labels, config.context, row))
            except ValueError as error:
                raise RecipeError(f"{data}: {error}") from error
        rows[part] = objective.relate(encoded)
    return StartingPoint(config=config, tokenizer=tokenizer, tokenizer_folder=tokenizer_folder, rows=rows, make=make)


def conversations(
    base: Path,
    objective: Objective,
    parts: Mapping[str, Sequence[Any]],
    *,
    scratch: Path,
    seed: int,
    tell: Callable[[str], None],
) -> StartingPoint:
    """A causal language model with a chat template, and rows for the template's marks.

    Args:
        base: A Hugging Face folder.
        objective: Of conversations.
        parts: Records by part.
        scratch: A folder for the files of the tokenizer.
        seed: Of the new rows while the base is asked what it says of the records.
        tell: Is told how much was cut or left out.

    Raises:
        RecipeError: As `language_base` and `encode_parts`.
    """
    start = language_base(base, scratch, seed)
    rows = encode_parts(objective, parts, start, tell)

    def make(settled: Objective, seed: int) -> Any:
        return language_base(base, scratch, seed).model

    return StartingPoint(
        config=start.config, tokenizer=start.tokenizer, tokenizer_folder=start.folder, rows=rows, make=make
    )
