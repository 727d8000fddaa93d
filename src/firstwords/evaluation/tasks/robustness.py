"""What is left of a fine-tuned model's score when its test items are attacked."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from firstwords.artifact import Artifact
from firstwords.data.dataset import TextRecord, WordsRecord, draw
from firstwords.errors import RecipeError
from firstwords.evaluation.attack import Attack, Subject
from firstwords.evaluation.attacks.character import Character
from firstwords.evaluation.task import Baseline, Progress, Task
from firstwords.metrics.metric import Items, Metric
from firstwords.metrics.metrics.accuracy import Accuracy
from firstwords.metrics.metrics.attack_score import AttackScore
from firstwords.metrics.metrics.entity_score import EntityScore
from firstwords.recipe import Count, Kind, kind_of

if TYPE_CHECKING:
    from firstwords.evaluation.greedy_search import Attacked
    from firstwords.evaluation.victim import Victim
    from firstwords.inference.language_model import LanguageModel

Record = TextRecord | WordsRecord


@dataclass(frozen=True)
class Target:
    """A record, with what the attacker needs to know about the data that the model learnt."""

    record: Record
    train: Sequence[Record] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Robustness(Task):
    """Accuracy or entity F1 under an attack, beside the same items left alone (baseline `unattacked`).

    The attack is made on this very model, so a defended one is attacked anew. What the model gets wrong by
    itself counts as wrong under attack too. For equal items, seed and attack, figures of several models compare.

    Of texts, `TF-IDF` (logistic regression over words) is attacked in the same way, as a model of its own: what a
    robust figure is worth shows beside one that was cheap.

    Attributes:
        attack: A kind of `evaluation.attacks`.
        part: What is attacked; the validation part to choose among models, so that the test part is looked at once.
        num_items: Of that part, drawn by a hash; all where there are fewer.
        seed: Of what the attack draws, together with an item's name.
    """

    stage: ClassVar[str] = "finetune"
    objectives: ClassVar[tuple[str, ...]] = ("sequence_classification", "token_classification")
    unit: ClassVar[str] = "document or other group of the data (an item without one by itself)"
    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)

    attack: Annotated[Attack, Kind("evaluation.attacks")] = Character()
    part: Literal["test", "validation"] = "test"
    num_items: Annotated[Count, Field(ge=1)] = 1000
    seed: int = 7

    def examples(self, inputs: Mapping[str, Artifact]) -> list[Target]:
        """Items of the part, in their stored order.

        Raises:
            RecipeError: If the attack cannot change records of this kind.
        """
        from firstwords.evaluation.labelled_parts import read_part

        records = read_part(inputs["model"], self.part)
        if not isinstance(records[0], self.attack.records):
            raise RecipeError(
                f"task '{self.title}': attack '{kind_of(type(self.attack))}' changes a "
                f"{' or a '.join(each.__name__ for each in self.attack.records)}, but the data of "
                f"'{inputs['model'].name}' is of {type(records[0]).__name__}s"
            )
        if isinstance(records[0], TextRecord) and (records[0].pair is not None or records[0].labels is not None):
            what = "pairs of texts" if records[0].pair is not None else "texts of several labels"
            raise RecipeError(f"task '{self.title}': attacks are on texts with one label; the data has {what}")
        drawn = sorted(range(len(records)), key=lambda i: draw("attacked items", records[i].id))[: self.num_items]
        train = read_part(inputs["model"], "train")
        return [Target(records[index], train) for index in sorted(drawn)]

    def prompt(self, example: Target) -> Target:
        """All of it: the label is for the attacker, and the model is shown what the attacker makes of the text."""
        return example

    def gold(self, example: Target) -> "Attacked":
        """No attack succeeds."""
        from firstwords.evaluation.greedy_search import Attacked

        subject = Subject.of(example.record)
        return Attacked(subject, subject.gold, subject.gold, True, True, 1, 0.0)

    def answers(self, model: "LanguageModel", prompts: Sequence[Target], progress: Progress) -> "list[Attacked]":
        """How each attack ended."""
        from firstwords.evaluation.victim import victim_of

        return self._attacked(victim_of(model, type(prompts[0].record)), model, prompts, "attacking", progress)

    def _attacked(
        self, victim: "Victim", model: "LanguageModel", prompts: Sequence[Target], told: str, progress: Progress
    ) -> "list[Attacked]":
        """The attack on a victim; what it proposes may come from the model's embeddings, whoever the victim is."""
        from firstwords.evaluation.greedy_search import attacked_all

        return attacked_all(
            self.attack,
            self.attack.proposer(model, prompts[0].train),
            victim,
            [Subject.of(target.record) for target in prompts],
            lambda number: self._generator(prompts[number].record.id),
            lambda done, total: progress(told, done, total),
        )

    def score(self, examples: Sequence[Target], answers: "Sequence[Attacked]") -> dict[str, list[Any]]:
        """Columns `id`, `group`, `gold`, `predicted` (under attack), `clean`, `original`, `attacked`, and the costs."""
        shown = [answer.subject for answer in answers]
        labels = [list(each.gold) if isinstance(each.gold, tuple) else each.gold for each in shown]
        items: dict[str, list[Any]] = {
            "id": [example.record.id for example in examples],
            "group": [example.record.group for example in examples],
            "gold": labels,
            "predicted": [_plain(answer.answer) for answer in answers],
            "clean": [_plain(answer.clean) for answer in answers],
            "original": [_text(Subject.of(example.record)) for example in examples],
            "attacked": [_text(each) for each in shown],
            "was_right": [answer.was_right for answer in answers],
            "is_right": [answer.is_right for answer in answers],
            "queries": [answer.queries for answer in answers],
            "changed": [answer.changed for answer in answers],
        }
        if isinstance(examples[0].record, WordsRecord):
            items["words"] = [list(each.words) for each in shown]
        return items

    def metrics(self, examples: Sequence[Target]) -> tuple[Metric, ...]:
        """The score under attack; then what the attack did and cost."""
        left = EntityScore() if isinstance(examples[0].record, WordsRecord) else Accuracy()
        return (
            left,
            AttackScore(score="lost"),
            AttackScore(score="success"),
            AttackScore(score="queries"),
            AttackScore(score="changed"),
        )

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: Sequence[Target],
        model: "LanguageModel",
        answers: "Sequence[Attacked]",
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`unattacked`: the same items before anything was changed; for texts `TF-IDF` under the same attack."""
        from firstwords.evaluation.baselines import fitted_linear
        from firstwords.evaluation.greedy_search import Attacked
        from firstwords.evaluation.labelled_parts import read_part
        from firstwords.evaluation.victim import label_victim

        found: dict[str, Baseline] = {
            "unattacked": [
                Attacked(Subject.of(example.record), a.clean, a.clean, a.was_right, a.was_right, 1, 0.0)
                for example, a in zip(examples, answers, strict=True)
            ]
        }
        train: Sequence[Any] = examples[0].train
        if isinstance(examples[0].record, TextRecord) and len({record.label for record in train}) > 1:
            progress("logistic regression over TF-IDF", 0, 1)
            # What is attacked must not choose how the baseline is fitted.
            chosen_on = [] if self.part == "validation" else read_part(inputs["model"], "validation", may_be_empty=True)
            labels, shares = fitted_linear(train, chosen_on)
            # A probability of 0 would make every change of it look alike.
            victim = label_victim(labels, lambda texts: np.log(np.maximum(shares(texts), 1e-300)))
            found["TF-IDF"] = self._attacked(victim, model, examples, "attacking TF-IDF", progress)
        return found

    def details(self, items: Items) -> dict[str, Any]:
        """What limits the attack, in words."""
        return {"constraints": self.attack.constraints(), "seed": self.seed}

    def _generator(self, name: str) -> np.random.Generator:
        key = np.array([self.seed & 0xFFFF_FFFF_FFFF_FFFF, zlib.crc32(name.encode())], dtype=np.uint64)
        return np.random.Generator(np.random.Philox(key=key))


def _plain(answer: Any) -> Any:
    return list(answer) if isinstance(answer, tuple) else answer


def _text(subject: Subject) -> str:
    return subject.shown if subject.gaps is not None else " ".join(subject.words)
