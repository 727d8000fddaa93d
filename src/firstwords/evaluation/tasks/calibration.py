"""How far a classifier's probabilities can be believed on the test part of its data, and what one number mends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from firstwords.artifact import Artifact
from firstwords.evaluation.task import Baseline, Progress, Task
from firstwords.metrics.metric import Items, Metric
from firstwords.metrics.metrics.accuracy import Accuracy
from firstwords.metrics.metrics.brier import Brier
from firstwords.metrics.metrics.calibration_error import CalibrationError
from firstwords.metrics.metrics.negative_log_likelihood import NegativeLogLikelihood

if TYPE_CHECKING:
    from firstwords.data.dataset import TextRecord
    from firstwords.evaluation.label_probabilities import Answer
    from firstwords.inference.language_model import LanguageModel

_TEXTS_AT_ONCE = 256


@dataclass(frozen=True, kw_only=True)
class Calibration(Task):
    """Brier score, nats per label and calibration error, beside the same with a temperature fitted on validation."""

    stage: ClassVar[str] = "finetune"
    objectives: ClassVar[tuple[str, ...]] = ("sequence_classification",)
    unit: ClassVar[str] = "page or other group of the data (a text without one by itself)"

    num_bins: Annotated[int, Field(ge=2, le=100)] = 15
    """Of the calibration error."""

    def examples(self, inputs: Mapping[str, Artifact]) -> "list[TextRecord]":
        """See `Task.examples`."""
        from firstwords.evaluation.labelled_parts import read_part

        return read_part(inputs["model"], "test")

    def prompt(self, example: "TextRecord") -> str:
        """The text alone."""
        return example.text

    def gold(self, example: "TextRecord") -> "Answer":
        """Its label, without a doubt."""
        from firstwords.evaluation.label_probabilities import certain

        return certain(example.label)

    def answers(self, model: "LanguageModel", prompts: Sequence[str], progress: Progress) -> "list[Answer]":
        """Log-probabilities of all labels for each text."""
        from firstwords.evaluation.label_probabilities import answers_of

        return answers_of(model, prompts, _TEXTS_AT_ONCE, lambda done, of: progress("labelling texts", done, of))

    def score(self, examples: "Sequence[TextRecord]", answers: "Sequence[Answer]") -> dict[str, list[Any]]:
        """Columns `id`, `group` and those of `label_probabilities.columns`."""
        from firstwords.evaluation.label_probabilities import columns

        return {
            "id": [example.id for example in examples],
            "group": [example.group for example in examples],
        } | columns([example.label for example in examples], answers)

    def metrics(self, examples: "Sequence[TextRecord]") -> tuple[Metric, ...]:
        """Accuracy for orientation: a temperature does not change it."""
        errors = [CalibrationError(bins=bins, num_bins=self.num_bins) for bins in ("equal_mass", "equal_width")]
        return (Accuracy(), Brier(), NegativeLogLikelihood(), *errors)

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: "Sequence[TextRecord]",
        model: "LanguageModel",
        answers: "Sequence[Answer]",
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`prior`: the labels' shares in training, for every text; `scaled (T=...)`: the model's answers at the
        temperature that fits the validation part best, where there is one.
        """
        from collections import Counter

        from firstwords.evaluation.label_probabilities import answers_of
        from firstwords.evaluation.labelled_parts import read_part
        from firstwords.metrics.calibration import fit_temperature, scaled

        labels = list(model.labels)
        counts = Counter(record.label for record in read_part(inputs["model"], "train"))
        # One more of each: a label that training lacks is rare, not impossible.
        total = sum(counts.values()) + len(labels)
        prior = {label: float(np.log((counts[label] + 1) / total)) for label in labels}
        found: dict[str, Baseline] = {"prior": [prior] * len(examples)}
        validation = read_part(inputs["model"], "validation", may_be_empty=True)
        validation = [record for record in validation if record.label in labels]
        if validation:
            texts = [record.text for record in validation]
            told = answers_of(
                model, texts, _TEXTS_AT_ONCE, lambda done, of: progress("fitting a temperature", done, of)
            )
            table = np.array([[answer[label] for label in labels] for answer in told])
            temperature = fit_temperature(table, [labels.index(record.label) for record in validation])
            own = scaled([[answer[label] for label in labels] for answer in answers], temperature)
            found[f"scaled (T={temperature:.2f})"] = [dict(zip(labels, row, strict=True)) for row in own.tolist()]
        return found

    def details(self, items: Items) -> dict[str, Any]:
        """The confusion matrix and the area under the ROC curve."""
        from firstwords.evaluation.label_probabilities import confusion_and_auc

        return confusion_and_auc(items)
