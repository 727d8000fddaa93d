"""The contract of an evaluation task: what is asked, what a right answer is, and how answers are scored.

A task reaches a model through `LanguageModel` alone, and everything it reports is a function of its table of items, so
intervals, slices and comparisons need no further run. Gold answers score 1.0: `score(examples, [gold(e) ...])` gives
1.0 (perplexity: 1.0) on the first metric. That is tested for every task, and catches most mistakes of a new one.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from firstwords.artifact import Artifact
from firstwords.errors import RecipeError
from firstwords.metrics.metric import Items, Metric
from firstwords.model.base import Folder
from firstwords.recipe import Component, kind_of

if TYPE_CHECKING:
    from firstwords.graph import Graph
    from firstwords.inference.language_model import LanguageModel

Progress = Callable[[str, float, float], None]
"""Called with what is being done, how much is done, and how much there is."""


class Figures(dict[str, float]):
    """A baseline's figures by metric name, for one that has no answers to single examples (a compressor)."""


Baseline = Sequence[Any] | Figures
"""Answers to the task's examples, scored like the model's; or mere figures."""


@dataclass(frozen=True, kw_only=True)
class Task(Component):
    """Base of all tasks. Raise `version` when scores change: only equal versions are compared."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=40)] | None = None
    """Its key in `results.json`; its kind unless given."""
    model: str | None = None
    """The stage whose model is scored, such as `pretrain.causal`; the only fitting one unless given."""
    checkpoint: Folder | None = None
    """The folder of a Hugging Face model that is scored instead of one of the recipe's, by tasks that need nothing
    else of a run. Weights must be safetensors; code in the folder is never run."""

    stage: ClassVar[str]
    """Stages that make fitting models: `pretrain` or `finetune`."""
    objectives: ClassVar[tuple[str, ...]]
    """Kinds of their objective that fit."""
    unit: ClassVar[str]
    """What intervals resample, in words."""
    takes_checkpoint: ClassVar[bool] = False
    """Whether it needs nothing of a run but a model."""

    @property
    def title(self) -> str:
        """The key in `results.json`."""
        return self.name or kind_of(type(self))

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """Which artifacts the task reads: role to full stage name; `model` is the one it scores (or `checkpoint` is).

        Raises:
            RecipeError: If no model fits, several do and none is named, or a checkpoint does not go with the task.
        """
        if self.checkpoint is None:
            return {"model": self._model_stage(graph)}
        if not self.takes_checkpoint:
            raise RecipeError(f"task '{self.title}' reads what a run of the recipe made: it takes no checkpoint")
        if self.model is not None:
            raise RecipeError(f"task '{self.title}': model and checkpoint are both given: which is to be scored?")
        return {}

    @abstractmethod
    def examples(self, inputs: Mapping[str, Artifact]) -> list[Any]:
        """What is asked, always in the same order.

        Raises:
            RecipeError: If there is nothing to score.
        """

    @abstractmethod
    def prompt(self, example: Any) -> Any:
        """What the model is shown of an example: a text, words, or token ids; never the answer."""

    @abstractmethod
    def gold(self, example: Any) -> Any:
        """The answer that scores 1.0."""

    @abstractmethod
    def answers(self, model: "LanguageModel", prompts: Sequence[Any], progress: Progress) -> list[Any]:
        """The model's answers, one per prompt."""

    @abstractmethod
    def score(self, examples: Sequence[Any], answers: Sequence[Any]) -> dict[str, list[Any]]:
        """The table of items: columns `id`, `group`, and what the metrics read."""

    @abstractmethod
    def metrics(self, examples: Sequence[Any]) -> tuple[Metric, ...]:
        """What is reported, the most important one first."""

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: Sequence[Any],
        model: "LanguageModel",
        answers: Sequence[Any],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """What is put beside the model, by name.

        Args:
            inputs: As in `examples`.
            examples: All of them.
            model: The scored model, for baselines that combine it with something.
            answers: Its answers.
            progress: Told now and then.
        """
        return {}

    def details(self, items: Items) -> dict[str, Any]:
        """Further facts worth keeping about the scored items, as JSON (a confusion matrix)."""
        return {}

    def _model_stage(self, graph: "Graph") -> str:
        if self.model is not None:
            stage = graph.stage(graph.require(self.model))
            # A model that the recipe took over as a finished artifact has no stage to look at, and of an objective from
            # outside the package nothing is known; a wrong head is then refused when the model is asked.
            if stage is not None and not self._fits(stage) and ":" not in _objective_kind(stage):
                raise RecipeError(
                    f"task '{self.title}': '{self.model}' does not fit: it needs a {self.stage} stage with the "
                    f"objective {' or '.join(self.objectives)}"
                )
            return self.model
        fitting = [name for name in graph.names(self.stage) if self._fits(graph.stage(name))]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise RecipeError(f"task '{self.title}': several models fit, name one: model = \"{fitting[0]}\"")
        raise RecipeError(
            f"task '{self.title}' needs a {self.stage} stage with the objective {' or '.join(self.objectives)}"
        )

    def _fits(self, stage: Any) -> bool:
        return _objective_kind(stage) in self.objectives


def _objective_kind(stage: Any) -> str:
    objective = getattr(stage, "objective", None)
    return "" if objective is None else kind_of(type(objective))
