"""Slips in the words around entities, which stay as they are."""

from dataclasses import dataclass
from typing import ClassVar

from firstwords.data.dataset import WordsRecord
from firstwords.evaluation.attack import Subject
from firstwords.evaluation.attacks.character import Character


@dataclass(frozen=True, kw_only=True)
class Context(Character):
    """Edits inside words outside of all entities: does the tagger find a name by itself?"""

    records: ClassVar[tuple[type, ...]] = (WordsRecord,)

    def places(self, subject: Subject) -> list[int]:
        """Long enough words outside of entities; none where there is no entity to be lost."""
        return [] if all(tag == "O" for tag in subject.gold) else super().places(subject)

    def allowed(self) -> str:
        """See `Attack.allowed`."""
        return f"words of entities stay; {super().allowed()}"
