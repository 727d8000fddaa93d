"""Which evaluation items stand in what the models learnt from: every score is told for clean and overlapping items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field

from firstwords.recipe import Component

STATES = ("clean", "overlapping", "too short to say", "commonplace")


@dataclass(frozen=True, kw_only=True)
class Contamination(Component):
    """When an item has been met in the corpus; the rules are those of `stages.decontaminate`, which says more."""

    ngram_words: Annotated[int, Field(ge=2, le=100)] = 13
    """Words of an n-gram; an item of fewer words is looked for as a whole."""
    min_words: Annotated[int, Field(ge=1)] = 8
    """Items of fewer words are turns of phrase: nothing is said of them."""
    max_documents: Annotated[int, Field(ge=1)] = 10
    """An n-gram that stands in more documents proves nothing."""
    min_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    """Share of an item's words in common n-grams above which it overlaps."""
    min_run: Annotated[int, Field(ge=2)] = 50
    """A run of so many common words counts whatever the share."""


def _settings(value: Any) -> Any:
    return {} if value is True else None if value is False else value


Asked = Annotated[Contamination | None, BeforeValidator(_settings)]
"""`true`, or a table of settings."""


def states_of(
    texts: Sequence[str],
    documents: Path,
    settings: Contamination,
    progress: Callable[[int, int], None] | None = None,
) -> list[str]:
    """One of `STATES` for every text.

    Args:
        texts: Of the items: question and answer together where there are both.
        documents: Folder of the corpus's shards; parts that nothing is learnt from do not count.
        settings: The rules.
        progress: Told searched shards so far and in all.
    """
    from firstwords.data.decontaminate import HIT, LEARNT_FROM, Judgement, judge
    from firstwords.data.evaluation_items import ItemIndex
    from firstwords.data.shards import read_batches, shard_files
    from firstwords.data.shuffle import records

    index = ItemIndex.build(texts, settings.ngram_words, settings.min_words)
    files = list(shard_files(documents).values())
    parts, first = [np.empty(0, HIT)], 0
    for number, path in enumerate(files, 1):
        for batch in read_batches(path, columns=["text", "split"]):
            wanted = np.isin(np.array(batch.column("split").to_pylist(), object), LEARNT_FROM)
            rows, positions, ngrams = index.find(batch.column("text"), wanted)
            parts.append(records(row=rows + np.uint32(first), position=positions, ngram=ngrams))
            first += batch.num_rows
        if progress is not None:
            progress(number, len(files))
    hits = np.concatenate(parts)
    pairs = np.unique(hits["row"].astype(np.uint64) << np.uint64(32) | hits["ngram"].astype(np.uint64))
    spread = np.bincount((pairs & np.uint64(0xFFFFFFFF)).astype(np.int64), minlength=len(index.keys))
    usable = spread <= settings.max_documents
    covered = index.covered(usable)
    rules = Judgement(
        ngram_words=settings.ngram_words,
        min_share=settings.min_share,
        min_run=settings.min_run,
        action="drop",
        margin_words=0,
        min_rest=0,
    )
    met, _, _ = judge(hits[usable[hits["ngram"]]], index, covered, rules)
    state = np.where(index.sizes == 0, STATES[2], np.where(covered == 0, STATES[3], STATES[0])).astype(object)
    state[np.unique(met["item"])] = STATES[1]
    return [str(each) for each in state]
