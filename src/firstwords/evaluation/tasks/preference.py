"""How often a model ranks two held-out answers as people do, more than the model it began as."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from firstwords.artifact import Artifact
from firstwords.errors import RecipeError
from firstwords.evaluation.task import Baseline, Progress, Task
from firstwords.metrics.metric import Metric
from firstwords.metrics.metrics.chosen_log_probability import ChosenLogProbability
from firstwords.metrics.metrics.preference import Preference as PreferenceMetric

if TYPE_CHECKING:
    from firstwords.data.conversation import PreferenceRecord
    from firstwords.inference.language_model import LanguageModel

Pair = tuple[float, float]


class Compared(NamedTuple):
    """A pair of answers, and their log-likelihoods (nats) under the reference: the chosen one's first."""

    record: "PreferenceRecord"
    reference: Pair


@dataclass(frozen=True, kw_only=True)
class Preference(Task):
    """Share of test pairs whose preferred answer gained on the other since the reference; its own likelihood beside.

    The reference's figures were stored before training. Pairs that are too long for the context are left out, as in
    training, where their number is told.
    """

    stage: ClassVar[str] = "finetune"
    objectives: ClassVar[tuple[str, ...]] = ("preference",)
    unit: ClassVar[str] = "first message of a conversation"

    def examples(self, inputs: Mapping[str, Artifact]) -> list[Compared]:
        """See `Task.examples`."""
        import pyarrow.parquet as pq

        from firstwords.evaluation.labelled_parts import read_part

        path = inputs["model"].path("reference.parquet")
        if not path.is_file():
            raise RecipeError(f"{inputs['model'].name} keeps no {path.name}: it was not made by preferences")
        records = read_part(inputs["model"], "test")
        stored = [row for row in pq.read_table(path).to_pylist() if row["part"] == "test"]
        return [Compared(records[row["row"]], (row["chosen"], row["rejected"])) for row in stored]

    def prompt(self, example: Compared) -> "PreferenceRecord":
        """Both answers, without the reference."""
        return example.record

    def gold(self, example: Compared) -> Pair:
        """The preferred one gained."""
        chosen, rejected = example.reference
        return chosen + 1.0, rejected

    def answers(self, model: "LanguageModel", prompts: "Sequence[PreferenceRecord]", progress: Progress) -> list[Pair]:
        """Log-likelihoods of both answers, in nats."""
        from firstwords.training.answers import answer_log_likelihoods
        from firstwords.training.objectives.preference import Preference as Objective

        objective = Objective()
        rows = [objective.encode(each, model.tokenizer, (), model.config.context, n) for n, each in enumerate(prompts)]
        pairs: list[Pair] = []
        for start in range(0, len(rows), _PAIRS_AT_ONCE):
            found = answer_log_likelihoods(model.model, rows[start : start + _PAIRS_AT_ONCE], objective.collate)
            pairs += [(float(chosen), float(rejected)) for chosen, rejected in found]
            progress("reading pairs of answers", len(pairs), len(rows))
        return pairs

    def score(self, examples: Sequence[Compared], answers: Sequence[Pair]) -> dict[str, list[Any]]:
        """Columns `id`, `group`, `chosen`, `rejected`, `chosen_reference`, `rejected_reference`."""
        return {
            "id": [example.record.id for example in examples],
            "group": [example.record.group for example in examples],
            "chosen": [chosen for chosen, _ in answers],
            "rejected": [rejected for _, rejected in answers],
            "chosen_reference": [example.reference[0] for example in examples],
            "rejected_reference": [example.reference[1] for example in examples],
        }

    def metrics(self, examples: Sequence[Compared]) -> tuple[Metric, ...]:
        """The second and third tell what the first hides: length, and both answers sinking."""
        return (PreferenceMetric(), PreferenceMetric(against_reference=False), ChosenLogProbability())

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: Sequence[Compared],
        model: "LanguageModel",
        answers: Sequence[Pair],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`reference`: the model that training began with."""
        return {"reference": [example.reference for example in examples]}


_PAIRS_AT_ONCE = 32
