"""Names exchanged for other names of the same type: has a tagger learnt names or what names look like?"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from firstwords.data.dataset import WordsRecord
from firstwords.evaluation.attack import Attack, Proposer, Subject
from firstwords.metrics.entities import find_entities

if TYPE_CHECKING:
    from firstwords.inference.language_model import LanguageModel


@dataclass(frozen=True, kw_only=True)
class EntitySwap(Attack):
    """Each entity may become another one of its type from the training part; its tags move along.

    Attributes:
        candidates: For an entity.
        max_share: Of the words; entities are what is changed here, so all may be.
    """

    records: ClassVar[tuple[type, ...]] = (WordsRecord,)

    candidates: Annotated[int, Field(ge=1)] = 10
    max_share: Annotated[float, Field(gt=0, le=1)] = 1.0

    def proposer(self, model: "LanguageModel", train: Sequence[Any]) -> Proposer:
        """Sentences with another entity where one begins."""
        pool: dict[str, dict[tuple[str, ...], None]] = defaultdict(dict)
        for record in train:
            for entity in find_entities(record.tags):
                pool[entity.type][record.words[entity.start : entity.end]] = None
        names = {kind: list(found) for kind, found in pool.items()}

        def propose(subject: Subject, position: int, generator: np.random.Generator) -> list[Subject]:
            entity = next(each for each in find_entities(subject.gold) if each.start == position)
            others = [each for each in names.get(entity.type, []) if each != subject.words[position : entity.end]]
            chosen = generator.permutation(len(others))[: self.candidates].tolist()
            return [_swapped(subject, position, entity.end, entity.type, others[index]) for index in chosen]

        return propose

    def places(self, subject: Subject) -> list[int]:
        """Where entities begin, the last one first, so that places before it stay valid when lengths change."""
        return [entity.start for entity in find_entities(subject.gold)][::-1]

    def allowed(self) -> str:
        """See `Attack.allowed`."""
        return f"an entity becomes one of {self.candidates} others of its type, drawn from the training part"


def _swapped(subject: Subject, start: int, end: int, kind: str, name: tuple[str, ...]) -> Subject:
    tags = (f"B-{kind}", *[f"I-{kind}"] * (len(name) - 1))
    return replace(
        subject,
        words=(*subject.words[:start], *name, *subject.words[end:]),
        gold=(*subject.gold[:start], *tags, *subject.gold[end:]),
    )
