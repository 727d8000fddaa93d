"""How often a fine-tuned model is right on a labelled file of one's own: labels of texts, or entities in them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from firstwords.artifact import Artifact

# At run time too: the fields of a component are read from its annotations.
from firstwords.data.labelled_files import LabelledPath
from firstwords.errors import RecipeError
from firstwords.evaluation.task import Baseline, Progress, Task
from firstwords.evaluation.tasks.entities import Entities
from firstwords.find import nearest
from firstwords.metrics.metric import Items, Metric
from firstwords.metrics.metrics.accuracy import Accuracy
from firstwords.metrics.metrics.brier import Brier
from firstwords.metrics.metrics.calibration_error import CalibrationError
from firstwords.metrics.metrics.macro_f1 import MacroF1
from firstwords.metrics.metrics.matthews_correlation import MatthewsCorrelation

if TYPE_CHECKING:
    from firstwords.data.dataset import TextRecord, WordsRecord
    from firstwords.evaluation.label_probabilities import Answer
    from firstwords.inference.language_model import LanguageModel

Form = Literal["texts", "words", "spans"]
_TEXTS_AT_ONCE = 256
_OF_TEXTS = ("sequence_classification", "contrastive")
_OF_WORDS = ("token_classification",)


@dataclass(frozen=True, kw_only=True)
class LabelledFile(Task):
    """Of texts: accuracy, macro-F1, MCC, Brier score and calibration. Of entities: as in the task `entities`.

    The rows are asked, never learnt from. `classification` and `entities` score the test part of the model's own data.
    """

    version: ClassVar[int] = 2

    stage: ClassVar[str] = "finetune"
    objectives: ClassVar[tuple[str, ...]] = (*_OF_TEXTS, *_OF_WORDS)
    unit: ClassVar[str] = "text (or group, where a column names it), sentence or document"
    takes_checkpoint: ClassVar[bool] = True
    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)

    path: LabelledPath
    """A table (CSV, TSV, JSON Lines, JSON, Parquet), or words with tags; may be packed or inside an archive."""
    form: Form | None = None
    """`texts` with a label each; `words`, one a line with its tag (CoNLL); `spans` of characters in texts. Unless
    given, a table with a column `entities` is of spans, every other of texts, and a file that is no table of words."""
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
    entities: str = "entities"
    """The column of the spans; see the data set `spans`."""
    widen: bool = False
    """Take the whole words that a span touches, instead of refusing one that ends inside a word."""
    tag_column: int = -1
    """Of words: the column of the tag; that of the word is the first. See the data set `conll`."""

    def fingerprint(self) -> str:
        """Digest of the file."""
        from firstwords.data.labelled_files import digest_of_places

        return digest_of_places([self.path])

    @cached_property
    def _form(self) -> Form:
        from firstwords.data.labelled_files import place_of
        from firstwords.data.table_rows import KINDS, rows_of

        if self.form is not None:
            return self.form
        place = place_of(self.path)
        if place.suffix not in KINDS:
            return "words"
        first = next(iter(rows_of(place)), None)
        return "spans" if first is not None and self.entities in first.values else "texts"

    @cached_property
    def _tagging(self) -> Entities:
        """What asks for entities."""
        return Entities(name=self.name, model=self.model, checkpoint=self.checkpoint)

    def _fits(self, stage: Any) -> bool:
        from firstwords.recipe import kind_of

        objective = getattr(stage, "objective", None)
        wanted = _OF_TEXTS if self._form == "texts" else _OF_WORDS
        return objective is not None and kind_of(type(objective)) in wanted

    def examples(self, inputs: Mapping[str, Artifact]) -> "list[TextRecord] | list[WordsRecord]":
        """See `Task.examples`."""
        from firstwords.data.datasets.conll import Conll
        from firstwords.data.datasets.spans import Spans
        from firstwords.data.datasets.table import Table

        if self._form == "words":
            return Conll(train=self.path, test=self.path, tag_column=self.tag_column).read(self.path, "file")
        columns: dict[str, Any] = {"path": self.path, "text": self.text, "group": self.group}
        if self._form == "spans":
            return Spans(**columns, entities=self.entities, widen=self.widen).read(self.path)
        return Table(**columns, pair=self.pair, label=self.label, labels=self.labels).read(self.path)

    def prompt(self, example: Any) -> Any:
        """The text alone, both of a pair, or the words."""
        if self._form != "texts":
            return self._tagging.prompt(example)
        return example.text if example.pair is None else (example.text, example.pair)

    def gold(self, example: Any) -> Any:
        """Its label, without a doubt; or its tags."""
        from firstwords.evaluation.label_probabilities import certain

        return certain(example.label) if self._form == "texts" else self._tagging.gold(example)

    def answers(self, model: "LanguageModel", prompts: Sequence[Any], progress: Progress) -> list[Any]:
        """Log-probabilities of the model's labels for each text; or a tag for every word."""
        from firstwords.evaluation.label_probabilities import answers_of

        if self._form != "texts":
            return self._tagging.answers(model, prompts, progress)
        return list(answers_of(model, prompts, _TEXTS_AT_ONCE, lambda done, of: progress("labelling texts", done, of)))

    def score(self, examples: Sequence[Any], answers: Sequence[Any]) -> dict[str, list[Any]]:
        """Columns `id`, `group`, `text` and those of `label_probabilities.columns`; or those of `entities`."""
        from firstwords.evaluation.label_probabilities import columns

        if self._form != "texts":
            return self._tagging.score(examples, answers)
        return {
            "id": [example.id for example in examples],
            "group": [example.group if self.group else example.id for example in examples],
            "text": [example.text for example in examples],
        } | columns([example.label for example in examples], answers)

    def metrics(self, examples: Sequence[Any]) -> tuple[Metric, ...]:
        """How often right, for every label alike, and how far the probabilities can be believed."""
        if self._form != "texts":
            return self._tagging.metrics(examples)
        return (Accuracy(), MacroF1(), MatthewsCorrelation(), Brier(), CalibrationError())

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: Sequence[Any],
        model: "LanguageModel",
        answers: Sequence[Any],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """Of texts: `commonest`, the most frequent label of this very file. Beside a model of the recipe, what learns
        from the same training part: `TF-IDF` (logistic regression), or for entities those of the task `entities`.

        Raises:
            RecipeError: If the file has labels that the model does not know.
        """
        if self._form != "texts":
            known = {tag.partition("-")[2] for tag in model.labels}
            self._refuse_unknown({t.partition("-")[2] for e in examples for t in e.tags} - known, known - {""})
            return self._tagging.baselines(inputs, examples, model, answers, progress) if "model" in inputs else {}
        from collections import Counter

        from firstwords.evaluation.label_probabilities import certain

        counts = Counter(example.label for example in examples)
        self._refuse_unknown(set(counts) - set(model.labels), model.labels)
        found: dict[str, Baseline] = {"commonest": [certain(counts.most_common(1)[0][0])] * len(examples)}
        if "model" in inputs:
            progress("logistic regression over TF-IDF", 0, 1)
            found |= {"TF-IDF": linear} if (linear := _linear(inputs["model"], examples)) else {}
        return found

    def details(self, items: Items) -> dict[str, Any]:
        """The confusion matrix and the area under the ROC curve; nothing of entities."""
        from firstwords.evaluation.label_probabilities import confusion_and_auc

        return confusion_and_auc(items) if self._form == "texts" else self._tagging.details(items)

    def _refuse_unknown(self, unknown: set[str], known: Any) -> None:
        if unknown:
            first = min(unknown)
            advice = f' Name them with labels = {{ "{first}" = "..." }}' if self._form == "texts" else ""
            raise RecipeError(
                f"{self.path}: the model has no label '{first}'.{nearest(first, sorted(known))} "
                f"It has: {', '.join(sorted(known))}.{advice}"
            )


def _linear(model: Artifact, examples: "Sequence[TextRecord]") -> "list[Answer]":
    """Answers of a linear model of words, learnt from the training part of a model; none where that has one label."""
    from firstwords.evaluation.baselines import linear_probabilities
    from firstwords.evaluation.labelled_parts import read_part

    train = read_part(model, "train")
    if len({record.label for record in train}) < 2 or train[0].labels is not None:
        return []
    validation = read_part(model, "validation", may_be_empty=True)
    labels, shares = linear_probabilities(train, validation, [example.whole for example in examples])
    return [{label: math.log(max(share, 1e-300)) for label, share in zip(labels, row, strict=True)} for row in shares]
