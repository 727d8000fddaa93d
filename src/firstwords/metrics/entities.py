"""Entity-level precision, recall and F1 of tag sequences: an entity counts if its type and both ends are right.

Two readings of a tag sequence, as in conlleval and seqeval:

- `default`: a sequence is always read as entities; an inside tag after outside or after another type opens one.
  Knows the prefixes B, I, O, and E, S of IOBES.
- `strict`: only what follows the IOB2 scheme counts; an inside tag that continues nothing belongs to no entity.

Source: Tjong Kim Sang and De Meulder 2003 (conlleval); Ramshaw and Marcus 1995 (the tags).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mode = Literal["default", "strict"]


class Entity(NamedTuple):
    """An entity of a tag sequence: its type, first word and the word after its last one."""

    type: str
    start: int
    end: int


def find_entities(tags: Sequence[str], mode: Mode = "default") -> list[Entity]:
    """Entities of one tag sequence, in order.

    Args:
        tags: One tag per word: `O`, or a prefix and a type such as `B-person`.
        mode: How tags that break the scheme are read.

    Raises:
        ValueError: If the mode is unknown, or a tag is not IOB2 in mode `strict`.
    """
    if mode == "strict":
        return _strict_entities(tags)
    if mode != "default":
        raise ValueError(f"mode {mode!r} is unknown: choose 'default' or 'strict'")
    return _default_entities(tags)


def entity_f1(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], mode: Mode = "default") -> float:
    """Micro-averaged F1 of entities over all sequences; 0 where there are none.

    Args:
        gold: Tag sequences, one per sentence.
        predicted: As many sequences, each as long as its gold one.
        mode: `default` or `strict`, equal to seqeval's default mode and to its strict mode with IOB2.

    Raises:
        ValueError: If lengths differ, the mode is unknown, or a tag is not IOB2 in mode `strict`.
    """
    return float(f1_from_counts(entity_counts(gold, predicted, mode).sum(axis=0)))


def entity_counts(
    gold: Sequence[Sequence[str]],
    predicted: Sequence[Sequence[str]],
    mode: Mode = "default",
    type: str | None = None,
) -> Floats:
    """What each sequence adds to precision, recall and F1.

    Args:
        gold: Tag sequences.
        predicted: As many, each as long as its gold one.
        mode: As in `entity_f1`.
        type: Count only entities of this type.

    Returns:
        (N, 3): entities matched, gold and predicted.

    Raises:
        ValueError: As in `entity_f1`.
    """
    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} gold sequences but {len(predicted)} predicted ones")
    counts = np.zeros((len(gold), 3))
    for i, (gold_tags, predicted_tags) in enumerate(zip(gold, predicted, strict=True)):
        if len(gold_tags) != len(predicted_tags):
            raise ValueError(f"sequence {i} has {len(gold_tags)} gold tags but {len(predicted_tags)} predicted ones")
        truth = {e for e in find_entities(gold_tags, mode) if type is None or e.type == type}
        found = {e for e in find_entities(predicted_tags, mode) if type is None or e.type == type}
        counts[i] = len(truth & found), len(truth), len(found)
    return counts


def precision_from_counts(sums: Floats) -> Floats:
    """Precision from summed `entity_counts` (..., 3): (...); 0 where nothing was predicted."""
    return np.asarray(sums[..., 0] / np.maximum(sums[..., 2], 1))


def recall_from_counts(sums: Floats) -> Floats:
    """Recall from summed `entity_counts` (..., 3): (...); 0 where nothing is gold."""
    return np.asarray(sums[..., 0] / np.maximum(sums[..., 1], 1))


def f1_from_counts(sums: Floats) -> Floats:
    """F1 from summed `entity_counts` (..., 3): (...); 0 where nothing is gold and nothing predicted."""
    return np.asarray(2 * sums[..., 0] / np.maximum(sums[..., 1] + sums[..., 2], 1))


def _split(tag: str) -> tuple[str, str]:
    """Prefix and type of a tag; a tag without a type has the type `_`."""
    return tag[:1], tag[1:].split("-", maxsplit=1)[-1] or "_"


def _default_entities(tags: Sequence[str]) -> list[Entity]:
    entities = []
    start = 0
    before, type_before = "O", ""
    for position, tag in enumerate([*tags, "O"]):
        prefix, type = _split(tag)
        # A dot stands for outside in some old corpora (conlleval knows it, so seqeval does).
        ends = (
            before in ("E", "S")
            or (before in ("B", "I") and prefix in ("B", "S", "O"))
            or (before not in ("O", ".") and type != type_before)
        )
        starts = (
            prefix in ("B", "S")
            or (prefix in ("E", "I") and before in ("E", "S", "O"))
            or (prefix not in ("O", ".") and type != type_before)
        )
        if ends:
            entities.append(Entity(type_before, start, position))
        if starts:
            start = position
        before, type_before = prefix, type
    return entities


def _strict_entities(tags: Sequence[str]) -> list[Entity]:
    entities = []
    start: int | None = None
    open_type = ""
    for position, tag in enumerate([*tags, "O"]):
        prefix, type = _split(tag)
        if prefix not in ("B", "I", "O"):
            raise ValueError(f"tag {tag!r} is not IOB2: mode 'strict' knows the prefixes B, I and O")
        continues = prefix == "I" and start is not None and type == open_type
        if continues:
            continue
        if start is not None:
            entities.append(Entity(open_type, start, position))
        start, open_type = (position, type) if prefix == "B" else (None, "")
    return entities
