"""The start of a fine-tuning that stays a language model: the base with its head, ready for conversations."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from firstwords.artifact import write_json
from firstwords.errors import RecipeError
from firstwords.model.config import ModelConfig
from firstwords.model.hugging_face import load_folder
from firstwords.model.transformer import Model
from firstwords.model.vocabulary import add_tokens
from firstwords.tokenizer.conversation import DoesNotFit, with_template
from firstwords.tokenizer.tokenizer import Tokenizer
from firstwords.training.batch import IGNORED, Example
from firstwords.training.objective import Objective


class LanguageBase(NamedTuple):
    """A model and what belongs to it.

    Attributes:
        folder: Of the tokenizer's files.
        num_added: Tokens that are new to the base.
    """

    model: Model
    config: ModelConfig
    tokenizer: Tokenizer
    folder: Path
    num_added: int


def causal_model(base: Path) -> Model:
    """Load a model that continues texts.

    Raises:
        RecipeError: If it does anything else.
    """
    model, config, _ = load_folder(base)
    if model.head.kind != "language_model" or not config.causal:
        raise RecipeError(f"{base} is no causal language model: name a base that was trained with causal_lm")
    return model


def language_base(base: Path, folder: Path, seed: int) -> LanguageBase:
    """Load a causal language model and give it a chat template, and rows for its marks, where it has none.

    Args:
        base: The base's folder.
        folder: Where the tokenizer's files go.
        seed: Of the new rows.

    Raises:
        RecipeError: As `causal_model`.
    """
    model = causal_model(base)
    before = set(Tokenizer.load(base).special.values())
    tokenizer = with_template(base, folder)
    added = sorted(set(tokenizer.special.values()) - before)
    add_tokens(model, added, seed)
    return LanguageBase(model, model.config, tokenizer, folder, len(added))


def tell_ends(folder: Path, tokenizer: Tokenizer) -> None:
    """Write into `generation_config.json` that an answer's end mark ends what is generated, beside end-of-text."""
    assert tokenizer.template is not None
    path = folder / "generation_config.json"
    values = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    ends = [tokenizer.special[tokenizer.template.end_mark()], tokenizer.end_of_text]
    write_json(path, values | {"eos_token_id": list(dict.fromkeys(ends))})


def encode_parts(
    objective: Objective, parts: Mapping[str, Sequence[Any]], start: LanguageBase, tell: Callable[[str], None]
) -> dict[str, list[Example]]:
    """The records of every part as examples, with what the base says of them where the objective compares with it.

    Args:
        objective: Of conversations.
        parts: Records by part.
        start: The base.
        tell: Is told how much was cut or left out.

    Raises:
        RecipeError: If the template refuses a record, or nothing fits the context.
    """
    encoded: dict[str, list[Example]] = {}
    for part, records in parts.items():
        rows = []
        for number, record in enumerate(records):
            try:
                rows.append(objective.encode(record, start.tokenizer, (), start.config.context, number))
            except DoesNotFit:
                continue
            except ValueError as error:
                raise RecipeError(str(error)) from error
        if records and not rows:
            raise RecipeError(f"no record of the {part} part fits into the model's context of {start.config.context}")
        if told := _told(part, records, rows, start.config.context):
            tell(told)
        encoded[part] = objective.refer(start.model, rows)
    return encoded


def _told(part: str, records: Sequence[Any], rows: Sequence[Example], context: int) -> str:
    """What the context did to the records of a part; nothing where all are whole."""
    shortened = sum(row.num_left_out > 0 for row in rows)
    # A pair of answers is two documents by nature; only conversations tell the bytes of their answers.
    cut = sum(row.num_left_out == 0 and len(row.document_bounds) > 2 and row.num_bytes > 0 for row in rows)
    told = [
        (len(records) - len(rows), "left out (one question with its answer is longer)"),
        (shortened, "without some of their exchanges"),
        (cut, "in several pieces, cut between turns"),
    ]
    said = ", ".join(f"{number:,} {what}" for number, what in told if number)
    return f"{part}: of {len(records):,} records, for a context of {context:,} tokens: {said}" if said else ""


def bytes_per_label(rows: Sequence[Example]) -> float | None:
    """UTF-8 bytes of answers for each token that is learnt; None where the objective does not tell the bytes."""
    learnt = sum(int((np.asarray(row.labels) != IGNORED).sum()) for row in rows)
    num_bytes = sum(row.num_bytes for row in rows)
    return num_bytes / learnt if num_bytes and learnt else None


def references(parts: Mapping[str, Sequence[Any]], rows: Mapping[str, Sequence[Example]]) -> list[dict[str, Any]]:
    """What the base says of the answers of every pair: part, number of the record, log-likelihoods in nats."""
    return [
        {"part": part, "row": row.row, "chosen": float(row.reference[0]), "rejected": float(row.reference[1])}
        for part in parts
        for row in rows[part]
        if row.reference is not None
    ]
