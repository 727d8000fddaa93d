"""What a model that went on to another text has learnt and forgotten: bits per byte before and after, of both texts.

Judged are documents that neither the base nor the model has seen: the test parts of the corpus that was learnt and of
the general one. Base and model read the same documents, so the changes are paired; bits per byte are comparable where
the vocabulary was extended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from firstwords.artifact import Artifact
from firstwords.errors import RecipeError
from firstwords.evaluation.task import Baseline, Figures, Progress, Task
from firstwords.metrics.metric import Metric
from firstwords.metrics.metrics.change_in_bits import ChangeInBits
from firstwords.model.base import Base, base_of
from firstwords.recipe import Count

if TYPE_CHECKING:
    from firstwords.evaluation.held_out_documents import HeldOut
    from firstwords.graph import Graph
    from firstwords.inference.language_model import LanguageModel
    from firstwords.tokenizer.tokenizer import Tokenizer

PARTS = ("domain", "general")


class Judged(NamedTuple):
    """A document, the text that it belongs to, and what the base makes of it in nats."""

    document: "HeldOut"
    part: str
    nats_before: float


@dataclass(frozen=True, kw_only=True)
class Forgetting(Task):
    """Bits per byte of the text that was learnt and of general text, and their changes against the base."""

    stage: ClassVar[str] = "pretrain"
    objectives: ClassVar[tuple[str, ...]] = ("causal_lm", "hybrid_lm")
    unit: ClassVar[str] = "top-level module or site (a document without an address by itself)"

    base: Base | None = None
    """The model before; by default the one that the scored model went on from."""
    split: Literal["test", "validation"] = "test"
    max_tokens: Count = 200_000
    """Larger splits are judged by documents drawn from them, as many as make up this, of each text."""
    max_document_tokens: Annotated[Count, Field(ge=16)] = 4096
    """Of a longer document (a book) only the beginning is judged, so that many are."""

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The model, its base, the token stores of both texts.

        Raises:
            RecipeError: If the model went on from nothing, or nothing says what the general text is.
        """
        inputs = super().inputs(graph)
        name = inputs["model"]
        stage = graph.stage(name)
        outer, graph.name = graph.name, name
        try:
            stage = None if stage is None else stage.completed(graph)
            base, general = self.base or getattr(stage, "base", None), getattr(stage, "remember", None)
            texts = {} if stage is None else stage.inputs(graph)
        finally:
            graph.name = outer
        if base is None or general is None:
            what = "no base" if base is None else "no general text"
            raise RecipeError(f"task '{self.title}': '{name}' has {what}, so nothing can be forgotten: say both")
        inputs |= {"domain": texts["tokens"], "general": texts[f"tokens.{general}"]}
        return inputs | base.inputs(graph)

    def examples(self, inputs: Mapping[str, Artifact]) -> list[Judged]:
        """See `Task.examples`; the base reads them all first."""
        from firstwords.inference.language_model import LanguageModel
        from firstwords.tokenizer.tokenizer import Tokenizer

        own = self.base
        before = LanguageModel.load(own.model_folder(inputs) if own is not None else base_of(inputs["model"], inputs))
        tokenizer = Tokenizer.load(inputs["model"].path("model"))
        found: list[Judged] = []
        for part in PARTS:
            documents = self._documents(inputs[part], tokenizer)
            if not documents:
                raise RecipeError(f"task '{self.title}': the {part} text holds no document in the split '{self.split}'")
            texts = [tokenizer.decode(each.ids[:-1].tolist()) for each in documents]
            prompts = [[*before.tokenizer.encode(text), before.tokenizer.end_of_text] for text in texts]
            nats = before.token_log_likelihoods(prompts)
            found += [Judged(each, part, float(-own.sum())) for each, own in zip(documents, nats, strict=True)]
        return found

    def _documents(self, tokens: Artifact, tokenizer: "Tokenizer") -> "list[HeldOut]":
        """Held-out documents in the order of their draws, long ones cut at a white space."""
        from firstwords.data.split import group_of
        from firstwords.data.token_store import TokenStore
        from firstwords.evaluation.held_out_documents import HeldOut, drawn_order

        store = TokenStore(tokens.folder, self.split)
        found: list[HeldOut] = []
        left = self.max_tokens
        for number in drawn_order(store):
            ids = np.asarray(store.document(number), dtype=np.int64)
            num_bytes = int(store.num_bytes[number])
            if len(ids) > self.max_document_tokens:
                text = tokenizer.decode(ids[: self.max_document_tokens].tolist())
                text = text[: max(text.rfind(" "), text.rfind("\n"))]
                ids = np.array([*tokenizer.encode(text), tokenizer.end_of_text], dtype=np.int64)
                num_bytes = len(text.encode())
            if len(ids) > left:
                break
            left -= len(ids)
            if num_bytes:
                group = group_of(store.urls[number], store.documents[number])
                found.append(HeldOut(id=store.documents[number], group=group, ids=ids, num_bytes=num_bytes))
        return found

    def prompt(self, example: Judged) -> list[int]:
        """Its tokens: each is asked for given those before it."""
        return example.document.ids.tolist()

    def gold(self, example: Judged) -> NDArray[np.float64]:
        """Every token was certain."""
        return np.zeros(len(example.document.ids))

    def answers(self, model: "LanguageModel", prompts: Sequence[Any], progress: Progress) -> list[NDArray[np.float64]]:
        """Log-likelihoods in nats, one per token."""
        return model.token_log_likelihoods(
            prompts, progress=lambda done, total: progress("predicting held-out text", done, total)
        )

    def score(self, examples: Sequence[Judged], answers: Sequence[NDArray[np.float64]]) -> dict[str, list[Any]]:
        """Columns `id`, `group`, `part`, `bytes`, `nats`, `nats_before`."""
        for example, answer in zip(examples, answers, strict=True):
            if len(answer) != len(example.document.ids) or not np.isfinite(answer).all():
                raise ValueError(f"document {example.document.id}: every token needs a finite number")
        return {
            "id": [f"{example.part}/{example.document.id}" for example in examples],
            "group": [example.document.group for example in examples],
            "part": [example.part for example in examples],
            "bytes": [example.document.num_bytes for example in examples],
            "nats": [float(-answer.sum()) + 0.0 for answer in answers],
            "nats_before": [example.nats_before for example in examples],
        }

    def metrics(self, examples: Sequence[Judged]) -> tuple[Metric, ...]:
        """Bits per byte of both texts, then how much they changed."""
        kinds: tuple[Literal["bits", "change"], ...] = ("bits", "change")
        return tuple(ChangeInBits(part=part, told=told) for told in kinds for part in PARTS)

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: Sequence[Judged],
        model: "LanguageModel",
        answers: Sequence[NDArray[np.float64]],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`before`: bits per byte of the base."""
        columns: dict[str, list[Any]] = {
            "part": [example.part for example in examples],
            "nats": [example.nats_before for example in examples],
            "nats_before": [example.nats_before for example in examples],
            "bytes": [example.document.num_bytes for example in examples],
        }
        metrics = [ChangeInBits(part=part, told="bits") for part in PARTS]
        return {"before": Figures({metric.name: metric.value(columns) for metric in metrics})}
