"""How often a fine-tuned classifier is right on the test part of its data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from firstwords.artifact import Artifact
from firstwords.evaluation.task import Baseline, Progress, Task
from firstwords.metrics.metric import Items, Metric
from firstwords.metrics.metrics.accuracy import Accuracy
from firstwords.metrics.metrics.macro_f1 import MacroF1
from firstwords.metrics.metrics.matthews_correlation import MatthewsCorrelation

if TYPE_CHECKING:
    from firstwords.data.dataset import TextRecord
    from firstwords.inference.language_model import LanguageModel


@dataclass(frozen=True, kw_only=True)
class Classification(Task):
    """Accuracy, macro-F1 and MCC, beside logistic regression over words and the most frequent class."""

    stage: ClassVar[str] = "finetune"
    objectives: ClassVar[tuple[str, ...]] = ("sequence_classification",)
    unit: ClassVar[str] = "page or other group of the data (a text without one by itself)"
    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)

    def examples(self, inputs: Mapping[str, Artifact]) -> "list[TextRecord]":
        """See `Task.examples`."""
        from firstwords.evaluation.labelled_parts import read_part

        return read_part(inputs["model"], "test")

    def prompt(self, example: "TextRecord") -> str:
        """The text alone."""
        return example.text

    def gold(self, example: "TextRecord") -> str:
        """Its label."""
        return example.label

    def answers(self, model: "LanguageModel", prompts: Sequence[str], progress: Progress) -> list[str]:
        """The likeliest label of each text."""
        answers: list[str] = []
        for start in range(0, len(prompts), _TEXTS_AT_ONCE):
            # `LanguageModel` refuses models with another head; with this one an answer is a label.
            answers += [str(label) for label in model.predict(prompts[start : start + _TEXTS_AT_ONCE])]
            progress("labelling texts", len(answers), len(prompts))
        return answers

    def score(self, examples: "Sequence[TextRecord]", answers: Sequence[str]) -> dict[str, list[Any]]:
        """Columns `id`, `group`, `gold`, `predicted`."""
        return {
            "id": [example.id for example in examples],
            "group": [example.group for example in examples],
            "gold": [example.label for example in examples],
            "predicted": list(answers),
        }

    def metrics(self, examples: "Sequence[TextRecord]") -> tuple[Metric, ...]:
        """Both: accuracy alone hides a class that is never found."""
        return (Accuracy(), MacroF1(), MatthewsCorrelation())

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: "Sequence[TextRecord]",
        model: "LanguageModel",
        answers: Sequence[str],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`TF-IDF` (logistic regression over words and word pairs) and `majority`, made from the same training part."""
        from firstwords.evaluation.baselines import linear_labels, majority_label
        from firstwords.evaluation.labelled_parts import read_part

        train = read_part(inputs["model"], "train")
        validation = read_part(inputs["model"], "validation", may_be_empty=True)
        progress("logistic regression over TF-IDF", 0, 1)
        return {
            "TF-IDF": linear_labels(train, validation, [example.text for example in examples]),
            "majority": [majority_label(train)] * len(examples),
        }

    def details(self, items: Items) -> dict[str, Any]:
        """The confusion matrix: a row for each gold label, a column for each predicted one."""
        from firstwords.metrics.classification import confusion

        labels, matrix = confusion(items["gold"], items["predicted"])
        return {"confusion": {"labels": labels, "matrix": matrix.tolist()}}


_TEXTS_AT_ONCE = 256
