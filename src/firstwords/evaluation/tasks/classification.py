"""How often a fine-tuned classifier is right on the test part of its data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np

from firstwords.artifact import Artifact
from firstwords.evaluation.task import Baseline, Progress, Task
from firstwords.metrics.metric import Items, Metric
from firstwords.metrics.metrics.accuracy import Accuracy
from firstwords.metrics.metrics.label_sets import LabelSets
from firstwords.metrics.metrics.macro_f1 import MacroF1
from firstwords.metrics.metrics.matthews_correlation import MatthewsCorrelation

if TYPE_CHECKING:
    from firstwords.data.dataset import TextRecord
    from firstwords.inference.language_model import LanguageModel


class Sure(NamedTuple):
    """A label, and the probability that the model gives it."""

    label: str
    confidence: float


@dataclass(frozen=True, kw_only=True)
class Classification(Task):
    """Accuracy, macro-F1 and MCC, beside logistic regression over words and the most frequent class."""

    version: ClassVar[int] = 2
    stage: ClassVar[str] = "finetune"
    objectives: ClassVar[tuple[str, ...]] = ("sequence_classification", "contrastive")
    unit: ClassVar[str] = "page or other group of the data (a text without one by itself)"
    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)

    part: Literal["test", "validation"] = "test"
    """What is scored; the validation part to choose among models, so that the test part is looked at once."""

    def examples(self, inputs: Mapping[str, Artifact]) -> "list[TextRecord]":
        """See `Task.examples`."""
        from firstwords.evaluation.labelled_parts import read_part

        return read_part(inputs["model"], self.part)

    def prompt(self, example: "TextRecord") -> str | tuple[str, str]:
        """The text alone, or both of a pair."""
        return example.text if example.pair is None else (example.text, example.pair)

    def gold(self, example: "TextRecord") -> str | list[str]:
        """Its label, or all of them where it may have several."""
        return example.label if example.labels is None else list(example.labels)

    def answers(
        self, model: "LanguageModel", prompts: Sequence[str | tuple[str, str]], progress: Progress
    ) -> list[Sure | list[str]]:
        """The likeliest label of each text and its probability, or the labels above the model's threshold."""
        from firstwords.inference.labelling import label_texts

        answers: list[Sure | list[str]] = []
        for start in range(0, len(prompts), _TEXTS_AT_ONCE):
            # Models with another head are refused here; with this one an answer is a label.
            found = label_texts(model.model, model.tokenizer, prompts[start : start + _TEXTS_AT_ONCE])
            if found.sets is None:
                sureness = np.exp(found.log_probabilities.max(axis=1)).clip(max=1.0).tolist()
                answers += map(Sure, found.labels, sureness)
            else:
                answers += [list(labels) for labels in found.sets]
            progress("labelling texts", len(answers), len(prompts))
        return answers

    def score(
        self, examples: "Sequence[TextRecord]", answers: Sequence[Sure | str | list[str]]
    ) -> dict[str, list[Any]]:
        """Columns `id`, `group`, `gold`, `predicted`, and `confidence` where the answers have one."""
        items: dict[str, list[Any]] = {
            "id": [example.id for example in examples],
            "group": [example.group for example in examples],
            "gold": [self.gold(example) for example in examples],
            "predicted": [each.label if isinstance(each, Sure) else each for each in answers],
        }
        sure = [each.confidence for each in answers if isinstance(each, Sure)]
        return items | {"confidence": sure} if len(sure) == len(answers) else items

    def metrics(self, examples: "Sequence[TextRecord]") -> tuple[Metric, ...]:
        """Both: accuracy alone hides a class that is never found."""
        if any(example.labels is not None for example in examples):
            return (LabelSets(), LabelSets(average="macro"))
        return (Accuracy(), MacroF1(), MatthewsCorrelation())

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: "Sequence[TextRecord]",
        model: "LanguageModel",
        answers: Sequence[Any],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`TF-IDF` (logistic regression over words and word pairs) and `majority`, made from the same training part."""
        from firstwords.evaluation.baselines import linear_answers, majority_record
        from firstwords.evaluation.labelled_parts import read_part

        train = read_part(inputs["model"], "train")
        # A linear model chooses its strength on the validation part, but not where that is what is scored.
        is_test = self.part == "test"
        validation = read_part(inputs["model"], "validation", may_be_empty=True) if is_test else []
        progress("logistic regression over TF-IDF", 0, 1)
        return {
            "TF-IDF": linear_answers(train, validation, examples),
            "majority": [self.gold(majority_record(train))] * len(examples),
        }

    def details(self, items: Items) -> dict[str, Any]:
        """The confusion matrix: a row for each gold label, a column for each predicted one."""
        from firstwords.metrics.classification import confusion

        if any(isinstance(each, list) for each in items["gold"]):
            return {}
        labels, matrix = confusion(items["gold"], items["predicted"])
        return {"confusion": {"labels": labels, "matrix": matrix.tolist()}}


_TEXTS_AT_ONCE = 256
