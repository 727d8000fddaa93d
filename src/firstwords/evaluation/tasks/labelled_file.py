"""How often a fine-tuned classifier is right on a labelled file of one's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from firstwords.artifact import Artifact
from firstwords.data.labelled_files import LabelledPath
from firstwords.errors import RecipeError
from firstwords.evaluation.task import Baseline, Progress, Task
from firstwords.find import nearest
from firstwords.metrics.metric import Items, Metric
from firstwords.metrics.metrics.accuracy import Accuracy
from firstwords.metrics.metrics.brier import Brier
from firstwords.metrics.metrics.calibration_error import CalibrationError
from firstwords.metrics.metrics.macro_f1 import MacroF1
from firstwords.metrics.metrics.matthews_correlation import MatthewsCorrelation

if TYPE_CHECKING:
    from firstwords.data.dataset import TextRecord
    from firstwords.evaluation.label_probabilities import Answer
    from firstwords.inference.language_model import LanguageModel

_TEXTS_AT_ONCE = 256


@dataclass(frozen=True, kw_only=True)
class LabelledFile(Task):
    """Accuracy, macro-F1, MCC, Brier score and calibration on every row of a table, beside the commonest label.

    The rows are asked, never learnt from. `classification` scores the test part of the model's own data.
    """

    stage: ClassVar[str] = "finetune"
    objectives: ClassVar[tuple[str, ...]] = ("sequence_classification",)
    unit: ClassVar[str] = "text (or group, where a column names it)"
    takes_checkpoint: ClassVar[bool] = True

    path: LabelledPath
    """CSV, TSV, JSON Lines or JSON; may be packed, inside an archive (`data.tar.xz/new/test.tsv`), or under a key
    (`dev.json#sst2`)."""
    text: str = "text"
    """The column (the key) of the text."""
    pair: str | None = None
    """The column of a second text, for a model of pairs."""
    label: str = "label"
    """The column of the label."""
    labels: dict[str, str] = field(default_factory=dict)
    """The model's names for labels as they stand, such as `{ "0" = "hate" }`; rows of other labels are left out."""
    group: str = ""
    """A column that names the unit a text was drawn from: intervals resample units."""

    def fingerprint(self) -> str:
        """Digest of the file."""
        return self._table().fingerprint()

    def _table(self) -> Any:
        from firstwords.data.datasets.table import Table

        return Table(
            path=self.path,
            test=self.path,
            text=self.text,
            pair=self.pair,
            label=self.label,
            labels=self.labels,
            group=self.group,
        )

    def examples(self, inputs: Mapping[str, Artifact]) -> "list[TextRecord]":
        """See `Task.examples`."""
        return list(self._table().parts()["test"])

    def prompt(self, example: "TextRecord") -> str | tuple[str, str]:
        """The text alone, or both of a pair."""
        return example.text if example.pair is None else (example.text, example.pair)

    def gold(self, example: "TextRecord") -> "Answer":
        """Its label, without a doubt."""
        from firstwords.evaluation.label_probabilities import certain

        return certain(example.label)

    def answers(self, model: "LanguageModel", prompts: Sequence[Any], progress: Progress) -> "list[Answer]":
        """Log-probabilities of the model's labels for each text."""
        from firstwords.evaluation.label_probabilities import answers_of

        return answers_of(model, prompts, _TEXTS_AT_ONCE, lambda done, of: progress("labelling texts", done, of))

    def score(self, examples: "Sequence[TextRecord]", answers: "Sequence[Answer]") -> dict[str, list[Any]]:
        """Columns `id`, `group`, `text` and those of `label_probabilities.columns`."""
        from firstwords.evaluation.label_probabilities import columns

        return {
            "id": [example.id for example in examples],
            "group": [example.group if self.group else example.id for example in examples],
            "text": [example.text for example in examples],
        } | columns([example.label for example in examples], answers)

    def metrics(self, examples: "Sequence[TextRecord]") -> tuple[Metric, ...]:
        """How often right, for every label alike, and how far the probabilities can be believed."""
        return (Accuracy(), MacroF1(), MatthewsCorrelation(), Brier(), CalibrationError())

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: "Sequence[TextRecord]",
        model: "LanguageModel",
        answers: "Sequence[Answer]",
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`commonest`: the most frequent label of this very file, for every text.

        Raises:
            RecipeError: If the file has labels that the model does not know.
        """
        from collections import Counter

        from firstwords.evaluation.label_probabilities import certain

        counts = Counter(example.label for example in examples)
        unknown = sorted(set(counts) - set(model.labels))
        if unknown:
            raise RecipeError(
                f"{self.path}: the model has no label '{unknown[0]}' ({counts[unknown[0]]:,} rows)."
                f"{nearest(unknown[0], list(model.labels))} It has: {', '.join(model.labels)}. Name them with "
                f'labels = {{ "{unknown[0]}" = "..." }}'
            )
        return {"commonest": [certain(counts.most_common(1)[0][0])] * len(examples)}

    def details(self, items: Items) -> dict[str, Any]:
        """The confusion matrix and the area under the ROC curve."""
        from firstwords.evaluation.label_probabilities import confusion_and_auc

        return confusion_and_auc(items)
