"""How well a model that was taught to answer predicts held-out answers, the base beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from firstwords.artifact import Artifact
from firstwords.data.conversation import as_messages
from firstwords.evaluation.task import Baseline, Progress, Task
from firstwords.metrics.metric import Metric
from firstwords.metrics.metrics.bits_per_byte import BitsPerByte

if TYPE_CHECKING:
    from firstwords.data.conversation import ChatRecord
    from firstwords.graph import Graph
    from firstwords.inference.language_model import LanguageModel


@dataclass(frozen=True, kw_only=True)
class Answers(Task):
    """Bits per byte of the answers' text in the test part; the base reads the turns in its template, or as paragraphs.

    Marks are not counted on either side. Conversations longer than the context are read in overlapping windows.
    """

    stage: ClassVar[str] = "finetune"
    objectives: ClassVar[tuple[str, ...]] = ("instruction",)
    unit: ClassVar[str] = "first message of a conversation"

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The model, and its base where that is a stage."""
        model = self._model_stage(graph)
        stage: Any = graph.stage(graph.require(model))
        return {"model": model} | stage.base.inputs(graph)

    def examples(self, inputs: Mapping[str, Artifact]) -> "list[ChatRecord]":
        """See `Task.examples`."""
        from firstwords.evaluation.labelled_parts import read_part

        return read_part(inputs["model"], "test")

    def prompt(self, example: "ChatRecord") -> "ChatRecord":
        """The whole conversation: each answer is asked for given what stands before it."""
        return example

    def gold(self, example: "ChatRecord") -> float:
        """Every token was certain."""
        return 0.0

    def answers(self, model: "LanguageModel", prompts: "Sequence[ChatRecord]", progress: Progress) -> list[float]:
        """Nats of all answers of a conversation."""
        return model.answer_nats(
            [as_messages(each.messages) for each in prompts],
            lambda done, total: progress("predicting answers", done, total),
        )

    def score(self, examples: "Sequence[ChatRecord]", answers: Sequence[float]) -> dict[str, list[Any]]:
        """Columns `id`, `group`, `bytes`, `nats`."""
        return {
            "id": [example.id for example in examples],
            "group": [example.group for example in examples],
            "bytes": [
                sum(len(content.encode()) for role, content in example.messages if role == "assistant")
                for example in examples
            ],
            "nats": list(answers),
        }

    def metrics(self, examples: "Sequence[ChatRecord]") -> tuple[Metric, ...]:
        """Comparable with any tokenizer."""
        return (BitsPerByte(),)

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: "Sequence[ChatRecord]",
        model: "LanguageModel",
        answers: Sequence[float],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`base`: the model before it was taught."""
        from firstwords.inference.language_model import LanguageModel
        from firstwords.model.base import base_of

        base = LanguageModel.load(base_of(inputs["model"], inputs))
        return {"base": self.answers(base, list(examples), progress)}
