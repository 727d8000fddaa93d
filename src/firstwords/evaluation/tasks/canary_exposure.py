"""How well a causal (or hybrid) model remembers the canaries that were planted in its corpus."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from firstwords.artifact import Artifact
from firstwords.errors import RecipeError
from firstwords.evaluation.task import Baseline, Figures, Progress, Task
from firstwords.metrics.memorisation import CHANCE, exposure
from firstwords.metrics.metric import Items, Metric
from firstwords.metrics.metrics.exposure import Exposure
from firstwords.metrics.metrics.share_of_items import ShareOfItems

if TYPE_CHECKING:
    from firstwords.graph import Graph
    from firstwords.inference.language_model import LanguageModel


class Asked(NamedTuple):
    """A canary among numbers that could stand in its place.

    Attributes:
        numbers: The secret and its alternatives, in ascending order.
        secret: Place of the secret among them.
        times: Copies planted.
        in_training: Documents learnt from that hold it: fewer than planted after de-duplication.
    """

    name: str
    numbers: tuple[int, ...]
    secret: int
    times: int
    in_training: int


@dataclass(frozen=True, kw_only=True)
class CanaryExposure(Task):
    """Exposure in bits for each number of copies, and the share of planted canaries likelier than all alternatives.

    Needs the step `canaries` in `[[clean.steps]]`. Source: Carlini et al. 2019.
    """

    stage: ClassVar[str] = "pretrain"
    objectives: ClassVar[tuple[str, ...]] = ("causal_lm", "hybrid_lm")
    unit: ClassVar[str] = "canary"

    clean: str = "clean"
    """The stage that planted them."""
    documents: str | None = None
    """The stage whose documents were learnt from; `decontaminate` or `deduplicate` unless given."""
    alternatives: Annotated[int, Field(ge=100, le=100_000)] = 999
    """Other numbers whose likelihoods are compared with a secret's."""

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The model, the stage that planted, and the documents that were learnt from."""
        from firstwords.evaluation.training_documents import documents_stage

        clean, documents = graph.require(self.clean), documents_stage(graph, self.documents)
        return super().inputs(graph) | {"clean": clean, "documents": documents}

    def examples(self, inputs: Mapping[str, Artifact]) -> list[Asked]:
        """See `Task.examples`."""
        from firstwords.data.canaries import SPACE, alternatives, make_canaries
        from firstwords.evaluation.training_documents import configured_steps, occurrences

        assert self.alternatives < SPACE
        planted = [step for step in configured_steps(inputs["clean"]) if step["kind"] == "canaries"]
        if not planted:
            raise RecipeError(
                f"task '{self.title}': nothing was planted; add at the end: [[clean.steps]] kind = \"canaries\""
            )
        if len(planted) > 1:
            raise RecipeError(f"task '{self.title}': 'clean' plants canaries {len(planted)} times; once is enough")
        step = planted[0]
        canaries = make_canaries(step["times"], step["number"], step["seed"])
        found = occurrences(inputs["documents"], [canary.text for canary in canaries])
        asked = []
        for canary in canaries:
            numbers = sorted([canary.secret, *alternatives(canary, self.alternatives, step["seed"])])
            place = numbers.index(canary.secret)
            asked.append(Asked(canary.name, tuple(numbers), place, canary.times, found[canary.text]))
        return asked

    def prompt(self, example: Asked) -> tuple[str, tuple[int, ...]]:
        """Whose number is asked for, and all numbers, not which is the secret."""
        return example.name, example.numbers

    def gold(self, example: Asked) -> NDArray[np.float64]:
        """The secret was certain, all others were not."""
        nats = np.ones(len(example.numbers))
        nats[example.secret] = 0.0
        return nats

    def answers(self, model: "LanguageModel", prompts: Sequence[Any], progress: Progress) -> list[NDArray[np.float64]]:
        """Negative log-likelihoods in nats, one per number."""
        from firstwords.data.canaries import sentence

        found = []
        for done, (name, numbers) in enumerate(prompts):
            progress("asking for canaries", done, len(prompts))
            sentences = [model.tokenizer.encode(sentence(name, number)) for number in numbers]
            found.append(np.array([-scores.sum() for scores in model.token_log_likelihoods(sentences)]))
        return found

    def score(self, examples: Sequence[Asked], answers: Sequence[NDArray[np.float64]]) -> dict[str, list[Any]]:
        """Columns `id`, `group`, `times`, `in_training`, `rank`, `candidates`, `exposure` and `likeliest_of_all` (of
        those that were planted); nothing tells the secret.
        """
        from firstwords.data.canaries import SPACE

        secrets = [float(nats[each.secret]) for each, nats in zip(examples, answers, strict=True)]
        others = [np.delete(nats, each.secret) for each, nats in zip(examples, answers, strict=True)]
        ranks = [1 + int((other < secret).sum()) for secret, other in zip(secrets, others, strict=True)]
        return {
            "id": [example.name for example in examples],
            "group": [example.name for example in examples],
            "times": [example.times for example in examples],
            "in_training": [example.in_training for example in examples],
            "rank": ranks,
            "candidates": [len(example.numbers) for example in examples],
            "exposure": [exposure(secret, other, SPACE) for secret, other in zip(secrets, others, strict=True)],
            "likeliest_of_all": [rank == 1 if each.times else None for each, rank in zip(examples, ranks, strict=True)],
        }

    def metrics(self, examples: Sequence[Asked]) -> tuple[Metric, ...]:
        """The share found first, then exposure by copies."""
        levels = sorted({example.times for example in examples})
        return (ShareOfItems(column="likeliest_of_all"), *(Exposure(times=times) for times in levels))

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: Sequence[Asked],
        model: "LanguageModel",
        answers: Sequence[NDArray[np.float64]],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`chance`: a model that never saw them."""
        first, *levels = self.metrics(examples)
        return {"chance": Figures({first.name: 1 / (self.alternatives + 1)} | {each.name: CHANCE for each in levels})}

    def details(self, items: Items) -> dict[str, Any]:
        """Copies in training and exposure by copies planted."""
        rows = []
        for times in sorted(set(items["times"])):
            chosen = [row for row, each in enumerate(items["times"]) if each == times]
            means = {name: float(np.mean([items[name][row] for row in chosen])) for name in ("in_training", "exposure")}
            rows.append({"planted": times, "canaries": len(chosen)} | means)
        return {"canaries": rows}
