"""How often a causal language model labels texts rightly that has seen a few labelled examples in its prompt only."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from firstwords.artifact import Artifact
from firstwords.data.dataset import Dataset, TextRecord, draw
from firstwords.errors import RecipeError
from firstwords.evaluation import few_shot
from firstwords.evaluation.few_shot import Calibration, Scoring, Selection
from firstwords.evaluation.task import Baseline, Figures, Progress, Task
from firstwords.metrics.metric import Metric
from firstwords.metrics.metrics.accuracy import Accuracy
from firstwords.metrics.metrics.worst_draw import WorstDraw
from firstwords.recipe import Kind
from firstwords.training.batch import keyed_generator

if TYPE_CHECKING:
    from firstwords.graph import Graph
    from firstwords.inference.language_model import LanguageModel


@dataclass(frozen=True, eq=False)
class Round:
    """One draw: the labels that are asked for and the texts that examples may be taken from."""

    number: int
    pool: Mapping[str, Sequence[TextRecord]]
    num_refused: int


@dataclass(frozen=True, eq=False)
class Asked:
    """One text of one draw, without its label."""

    text: str
    round: Round


@dataclass(frozen=True, eq=False)
class Item:
    """One text of one draw, with its label."""

    record: TextRecord
    asked: Asked


@dataclass(frozen=True, kw_only=True)
class FewShot(Task):
    """Accuracy over several draws of examples, and with the worst of them.

    Texts are asked from the test part, examples come from the training part; texts that are, by content, the same as a
    text asked or nearly so are no examples (`evaluation.few_shot.OverlapIndex`).
    """

    stage: ClassVar[str] = "pretrain"
    objectives: ClassVar[tuple[str, ...]] = ("in_context", "causal_lm", "hybrid_lm")
    unit: ClassVar[str] = "text, with all draws that ask for it"
    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)

    data: Annotated[Dataset, Kind("data.datasets")]
    """Labelled texts."""
    num_examples: Annotated[int, Field(ge=0)] = 8
    """In the prompt, over all labels."""
    ways: Annotated[int, Field(ge=2)] | None = None
    """So many labels, drawn anew for each draw; all unless given."""
    selection: Selection = "random"
    scoring: Scoring = "direct"
    calibration: Calibration = "none"
    draws: Annotated[int, Field(ge=1)] = 10
    items: Annotated[int, Field(ge=1)] | None = 200
    """Texts asked in each draw, the same in all where the labels are; None = all."""
    pool_texts: Annotated[int, Field(ge=1)] = 100
    """Texts of each label, drawn for each draw, from which `similarity` and `diversity` choose."""
    max_words: Annotated[int, Field(ge=1)] = 48
    """Of a text; what is behind is left out."""
    seed: int = 0
    """Of the draws."""

    def __post_init__(self) -> None:
        if self.data.record is not TextRecord or self.data.needs_documents:
            raise RecipeError("few_shot asks for the labels of texts: its data must be labelled texts from files")

    def fingerprint(self) -> str:
        """That of the data."""
        return self.data.fingerprint()

    def _model_stage(self, graph: "Graph") -> str:
        """The only fitting model of both stages, unless one is named."""
        if self.model is None:
            names = [*graph.names("pretrain"), *graph.names("finetune")]
            fitting = [name for name in names if self._fits(graph.stage(name))]
            if len(fitting) == 1:
                return fitting[0]
        return super()._model_stage(graph)

    def examples(self, inputs: Mapping[str, Artifact]) -> list[Item]:
        """See `Task.examples`: the texts of every draw, one draw after another."""
        parts = self.data.parts()
        test = _by_label(parts["test"])
        train = _by_label([*parts["train"]])
        labels = sorted(set(test) & set(train))
        if len(labels) < 2:
            raise RecipeError(f"task '{self.title}': fewer than two labels have texts to learn from and to ask for")
        if self.ways is not None and self.ways > len(labels):
            raise RecipeError(f"task '{self.title}': ways {self.ways}, but the data has {len(labels)} labels")
        found: list[Item] = []
        for number in range(self.draws):
            chosen = self._labels(labels, number)
            asked = [record for label in chosen for record in test[label]]
            asked.sort(key=lambda record: draw(f"few-shot items {self.seed}", record.id))
            asked = asked[: self.items]
            pool, num_refused = few_shot.without_overlap(
                [record for label in chosen for record in train[label]], [record.text for record in asked]
            )
            left = _by_label(pool)
            empty = [label for label in chosen if label not in left]
            if empty:
                raise RecipeError(f"task '{self.title}': all examples of '{empty[0]}' overlap texts that are asked")
            this = Round(number, {label: left[label] for label in chosen}, num_refused)
            found += [Item(record, Asked(record.text, this)) for record in asked]
        return found

    def _labels(self, labels: list[str], number: int) -> list[str]:
        if self.ways is None:
            return labels
        places = keyed_generator(self.seed, 0, number, "few-shot labels").permutation(len(labels))[: self.ways]
        return sorted(labels[place] for place in places)

    def prompt(self, example: Item) -> Asked:
        """The text and what examples may be taken from."""
        return example.asked

    def gold(self, example: Item) -> str:
        """Its label."""
        return example.record.label

    def answers(self, model: "LanguageModel", prompts: Sequence[Asked], progress: Progress) -> list[str]:
        """The best label of each text."""
        return self._answers(model, prompts, progress, self.num_examples)

    def _answers(
        self, model: "LanguageModel", prompts: Sequence[Asked], progress: Progress, num_examples: int
    ) -> list[str]:
        answers: list[str] = []
        for this, texts in _rounds(prompts):
            labels = list(this.pool)
            scores = self._scores(model, texts, self._chosen(model, this, texts, num_examples), labels)
            answers += [labels[place] for place in scores.argmax(axis=1)]
            progress(f"asking with {num_examples} examples", len(answers), len(prompts))
        return answers

    def _chosen(
        self, model: "LanguageModel", this: Round, texts: Sequence[str], num_examples: int
    ) -> list[list[TextRecord]]:
        """The examples for each text, in the order in which they stand in its prompt."""
        if self.selection == "random" or num_examples == 0:
            return [few_shot.random_examples(this.pool, num_examples, self.seed, this.number)] * len(texts)
        pool = {label: self._share(records, this.number) for label, records in this.pool.items()}
        if self.selection == "diversity":
            found = few_shot.diverse_examples(pool, num_examples, self.seed, this.number, model.mean_states)
            return [found] * len(texts)
        return few_shot.similar_examples(pool, num_examples, self.seed, this.number, model.mean_states, texts)

    def _share(self, records: Sequence[TextRecord], number: int) -> list[TextRecord]:
        return sorted(records, key=lambda r: draw(f"few-shot pool {self.seed} {number}", r.id))[: self.pool_texts]

    def _scores(
        self, model: "LanguageModel", texts: Sequence[str], examples: Sequence[list[TextRecord]], labels: list[str]
    ) -> np.ndarray:
        """(texts, labels) calibrated scores."""
        neutral = [0.0] * len(labels)
        if self.scoring == "pmi":
            neutral = [float(each.sum()) for each in model.continuation_log_likelihoods(few_shot.neutral_pairs(labels))]
        shared = all(each is examples[0] for each in examples)
        scores = self._asked(model, texts, examples, labels, neutral, shared)
        if self.calibration == "batch":
            return few_shot.batch_calibrated(scores)
        if self.calibration == "contextual":
            if shared:
                free = few_shot.CONTENT_FREE
                prior = self._asked(model, free, [examples[0]] * len(free), labels, neutral, True)
                return few_shot.contextually_calibrated(scores, prior)
            for row, own in enumerate(examples):
                free = few_shot.CONTENT_FREE
                prior = self._asked(model, free, [own] * len(free), labels, neutral, True)
                scores[row] = few_shot.contextually_calibrated(scores[row : row + 1], prior)[0]
        return scores

    def _asked(
        self,
        model: "LanguageModel",
        texts: Sequence[str],
        examples: Sequence[list[TextRecord]],
        labels: list[str],
        neutral: list[float],
        shared: bool,
    ) -> np.ndarray:
        """(texts, labels) scores. Examples that all texts share are read once, else once for each text."""
        pairs = [
            few_shot.prompt_pairs(own, text, labels, self.scoring, self.max_words)
            for text, own in zip(texts, examples, strict=True)
        ]
        groups = [[pair for row in pairs for pair in row]] if shared else pairs
        nats = [each for group in groups for each in model.continuation_log_likelihoods(group)]
        flat = [pair for row in pairs for pair in row]
        return np.array(
            [
                few_shot.score(
                    few_shot.Answered(tokens, len(continuation.encode())), self.scoring, neutral[place % len(labels)]
                )
                for place, (tokens, (_, continuation)) in enumerate(zip(nats, flat, strict=True))
            ]
        ).reshape(len(texts), len(labels))

    def score(self, examples: Sequence[Item], answers: Sequence[str]) -> dict[str, list[Any]]:
        """Columns `id`, `group`, `draw`, `gold`, `predicted`, `labels` (asked for), `refused` (texts of that draw)."""
        rounds = [example.asked.round for example in examples]
        return {
            "id": [f"{e.record.id}@{e.asked.round.number}" for e in examples],
            "group": [example.record.group for example in examples],
            "draw": [each.number for each in rounds],
            "gold": [example.record.label for example in examples],
            "predicted": list(answers),
            "labels": [len(each.pool) for each in rounds],
            "refused": [each.num_refused for each in rounds],
        }

    def metrics(self, examples: Sequence[Item]) -> tuple[Metric, ...]:
        """The mean over draws, and the worst."""
        return (Accuracy(), WorstDraw())

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: Sequence[Item],
        model: "LanguageModel",
        answers: Sequence[str],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`chance`; `majority` (of the training part); `zero-shot`: the same without examples; `TF-IDF`: a linear model
        of the examples alone. Where each text has its own examples, it is fitted to as many random ones.
        """
        from firstwords.evaluation.baselines import linear_labels

        asked = [example.asked for example in examples]
        found: dict[str, Baseline] = {
            "chance": Figures(accuracy=float(np.mean([1 / len(each.round.pool) for each in asked]))),
            "majority": [_majority(each.round.pool) for each in asked],
        }
        if self.num_examples == 0:
            return found
        linear: list[str] = []
        for this, texts in _rounds(asked):
            if self.selection == "similarity":
                own = few_shot.random_examples(this.pool, self.num_examples, self.seed, this.number)
            else:
                own = self._chosen(model, this, texts[:1], self.num_examples)[0]
            linear += linear_labels(own, [], texts)
        zero = self._answers(model, asked, progress, 0)
        return found | {"zero-shot": zero, "TF-IDF": linear}

    def details(self, items: Any) -> dict[str, Any]:
        """Accuracy of each draw, labels asked for, and texts refused as examples."""
        draws: dict[int, list[bool]] = defaultdict(list)
        for number, gold, predicted in zip(items["draw"], items["gold"], items["predicted"], strict=True):
            draws[number].append(gold == predicted)
        refused = dict(zip(items["draw"], items["refused"], strict=True))
        return {
            "draws": [round(float(np.mean(right)), 4) for right in draws.values()],
            "ways": sorted(set(items["labels"])),
            "refused": [refused[number] for number in draws],
        }


def _by_label(records: Sequence[Any]) -> dict[str, list[TextRecord]]:
    found: dict[str, list[TextRecord]] = defaultdict(list)
    for record in records:
        found[record.label].append(record)
    return dict(sorted(found.items()))


def _majority(pool: Mapping[str, Sequence[TextRecord]]) -> str:
    return max(pool, key=lambda label: len(pool[label]))


def _rounds(prompts: Sequence[Asked]) -> Iterator[tuple[Round, list[str]]]:
    """The texts of each draw; prompts of a draw stand together."""
    start = 0
    for end in range(1, len(prompts) + 1):
        if end == len(prompts) or prompts[end].round is not prompts[start].round:
            yield prompts[start].round, [each.text for each in prompts[start:end]]
            start = end
