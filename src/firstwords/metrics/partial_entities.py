"""Entities that are nearly right: the four readings of SemEval-2013 task 9.1.

Each entity found is paired with at most one gold entity that it overlaps, and judged four times: `strict` (type and
both ends), `exact` (both ends, whatever the type), `partial` (both ends one point, an overlap half a point, whatever
the type), `type` (any overlap with the right type). What is left on either side is spurious or missed.

Source: Segura-Bedmar et al. 2013, section 4; the counts COR, PAR, INC, MIS, SPU of Chinchor and Sundheim 1993.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.entities import Entity, Mode, find_entities

Match = Literal["strict", "exact", "partial", "type"]
MATCHES: tuple[Match, ...] = get_args(Match)


class Pairing(NamedTuple):
    """A found entity with the gold one it stands for."""

    gold: Entity
    found: Entity

    def credit(self, match: Match) -> float:
        """1, 1/2 or 0 points."""
        same_ends, same_type = self.gold[1:] == self.found[1:], self.gold.type == self.found.type
        if match == "partial":
            return 1.0 if same_ends else 0.5
        return float({"strict": same_ends and same_type, "exact": same_ends, "type": same_type}[match])


def pair_up(gold: Sequence[Entity], found: Sequence[Entity]) -> list[Pairing]:
    """One-to-one pairs of overlapping entities: equal ones first, then equal ends, equal types, longest overlaps."""

    def worth(pair: Pairing) -> tuple[bool, bool, int, int, int]:
        one, other = pair
        overlap = min(one.end, other.end) - max(one.start, other.start)
        return one[1:] != other[1:], one.type != other.type, -overlap, one.start, other.start

    candidates = [Pairing(g, f) for g in gold for f in found if g.start < f.end and f.start < g.end]
    free_gold, free_found = set(gold), set(found)
    pairs = []
    for pair in sorted(candidates, key=worth):
        if pair.gold in free_gold and pair.found in free_found:
            free_gold.remove(pair.gold)
            free_found.remove(pair.found)
            pairs.append(pair)
    return pairs


def match_counts(
    gold: Sequence[Sequence[str]],
    predicted: Sequence[Sequence[str]],
    match: Match,
    mode: Mode = "default",
    type: str | None = None,
) -> NDArray[np.float64]:
    """What each tag sequence adds to precision, recall and F1 under one reading.

    Args:
        gold: Tag sequences.
        predicted: As many, each as long as its gold one.
        match: The reading; `strict` gives the counts of `entities.entity_counts`.
        mode: How tags that break the scheme are read.
        type: Only entities of this type on either side.

    Returns:
        (N, 3): points, gold entities (POS), found entities (ACT).

    Raises:
        ValueError: If lengths differ.
    """
    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} gold sequences but {len(predicted)} predicted ones")
    counts = np.zeros((len(gold), 3))
    for number, (gold_tags, predicted_tags) in enumerate(zip(gold, predicted, strict=True)):
        if len(gold_tags) != len(predicted_tags):
            raise ValueError(
                f"sequence {number} has {len(gold_tags)} gold tags but {len(predicted_tags)} predicted ones"
            )
        truth = [e for e in find_entities(gold_tags, mode) if type is None or e.type == type]
        found = [e for e in find_entities(predicted_tags, mode) if type is None or e.type == type]
        points = sum(pair.credit(match) for pair in pair_up(truth, found))
        counts[number] = points, len(truth), len(found)
    return counts
