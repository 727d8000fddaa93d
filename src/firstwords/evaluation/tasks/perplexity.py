"""How well a causal (or hybrid) model predicts held-out documents, token by token.

Held out are whole groups (top-level modules, sites), taken after de-duplication, so no sibling of a test page was seen.
Every document is predicted from end-of-text up to and with its own end; its bytes are those of its text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from firstwords.artifact import Artifact
from firstwords.errors import RecipeError
from firstwords.evaluation.task import Baseline, Figures, Progress, Task
from firstwords.metrics.metric import Metric
from firstwords.metrics.metrics.bits_per_byte import BitsPerByte
from firstwords.metrics.metrics.perplexity import Perplexity as PerTokenPerplexity
from firstwords.recipe import Count

if TYPE_CHECKING:
    from firstwords.evaluation.held_out_documents import HeldOut
    from firstwords.graph import Graph
    from firstwords.inference.language_model import LanguageModel


@dataclass(frozen=True, kw_only=True)
class Perplexity(Task):
    """Bits per byte and perplexity per token, beside xz, an n-gram model of the same tokens, and both models mixed."""

    stage: ClassVar[str] = "pretrain"
    objectives: ClassVar[tuple[str, ...]] = ("causal_lm", "hybrid_lm")
    unit: ClassVar[str] = "top-level module or site (a document without an address by itself)"

    split: Literal["test", "validation"] = "test"
    max_tokens: Count = 1_000_000
    """Larger splits are judged by documents drawn from them, as many as make up this."""
    ngram_order: Annotated[int, Field(ge=1, le=9)] = 5
    ngram_tokens: Count = 20_000_000
    """The n-gram model is counted on at most so many tokens of the training split: it holds them in memory."""
    weight_tokens: Count = 100_000
    """Tokens of the validation split on which the weight of the mixture is chosen; 0 leaves the mixture out."""

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The model and the token store."""
        inputs = super().inputs(graph)
        return inputs | {"tokens": graph.input_of(inputs["model"], "tokens", "tokenize")}

    def examples(self, inputs: Mapping[str, Artifact]) -> "list[HeldOut]":
        """See `Task.examples`."""
        from firstwords.evaluation.held_out_documents import held_out_documents

        documents = held_out_documents(inputs["tokens"], self.split, self.max_tokens)
        if not documents:
            raise RecipeError(
                f"task '{self.title}': the split '{self.split}' holds no document: the corpus has too few groups "
                '(modules, sites) to hold one out. Add pages, or set split = "validation"'
            )
        return documents

    def prompt(self, example: "HeldOut") -> list[int]:
        """Its tokens: each is asked for given those before it."""
        return example.ids.tolist()

    def gold(self, example: "HeldOut") -> NDArray[np.float64]:
        """Every token was certain."""
        return np.zeros(len(example.ids))

    def answers(self, model: "LanguageModel", prompts: Sequence[Any], progress: Progress) -> list[NDArray[np.float64]]:
        """Log-likelihoods in nats, one per token."""
        return model.token_log_likelihoods(
            prompts, progress=lambda done, total: progress("predicting held-out text", done, total)
        )

    def score(self, examples: "Sequence[HeldOut]", answers: Sequence[NDArray[np.float64]]) -> dict[str, list[Any]]:
        """Columns `id`, `group`, `bytes`, `tokens`, `nats`."""
        for example, answer in zip(examples, answers, strict=True):
            if len(answer) != len(example.ids) or not np.isfinite(answer).all():
                raise ValueError(f"document {example.id}: its {len(example.ids)} tokens need as many finite numbers")
        return {
            "id": [example.id for example in examples],
            "group": [example.group for example in examples],
            "bytes": [example.num_bytes for example in examples],
            "tokens": [len(example.ids) for example in examples],
            "nats": [float(-answer.sum()) + 0.0 for answer in answers],
        }

    def metrics(self, examples: "Sequence[HeldOut]") -> tuple[Metric, ...]:
        """Perplexity comes second: it depends on the tokenizer."""
        return (BitsPerByte(), PerTokenPerplexity())

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: "Sequence[HeldOut]",
        model: "LanguageModel",
        answers: Sequence[NDArray[np.float64]],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`xz`, `5-gram` and, where there is validation text to choose the weight on, `interpolation`."""
        from firstwords.evaluation.held_out_documents import held_out_documents
        from firstwords.metrics.compression import xz_bits_per_byte
        from firstwords.metrics.interpolation import best_weight, interpolate

        progress("xz", 0, 3)
        texts = (_text(model, example) for example in examples)
        found: dict[str, Baseline] = {"xz": Figures({BitsPerByte().name: xz_bits_per_byte(texts)})}
        progress(f"counting {self.ngram_order}-grams", 1, 3)
        ngrams = self._ngram_model(inputs["tokens"])
        counted = ngrams([example.ids for example in examples])
        found[f"{self.ngram_order}-gram"] = counted
        chosen_on = [d.ids for d in held_out_documents(inputs["tokens"], "validation", self.weight_tokens)]
        if self.split == "test" and chosen_on:
            neural = model.token_log_likelihoods(
                [ids.tolist() for ids in chosen_on],
                progress=lambda done, total: progress("predicting validation text", done, total),
            )
            weight = best_weight(np.concatenate(neural), np.concatenate(ngrams(chosen_on)))
            found["interpolation"] = [
                interpolate(first, second, weight) for first, second in zip(answers, counted, strict=True)
            ]
        return found

    def _ngram_model(self, tokens: Artifact) -> "Any":
        """A function from documents to their tokens' log-likelihoods under an n-gram model of the training split."""
        from firstwords.data.token_store import read_store_index
        from firstwords.evaluation.held_out_documents import training_tokens
        from firstwords.metrics.ngram import NGramModel

        store = read_store_index(tokens.folder)
        counted = training_tokens(tokens, self.ngram_tokens)
        if not len(counted):
            raise RecipeError(f"task '{self.title}': the training split holds no document to count n-grams on")
        ngrams = NGramModel.train(
            counted, vocab_size=store["vocab_size"], end_of_text=store["end_of_text"], order=self.ngram_order
        )

        def log_likelihoods(documents: Sequence[NDArray[np.int64]]) -> list[NDArray[np.float64]]:
            ends = np.cumsum([len(document) for document in documents])[:-1]
            return np.split(ngrams.log_probabilities(np.concatenate(list(documents))), ends)

        return log_likelihoods


def _text(model: "LanguageModel", example: "HeldOut") -> str:
    """The text that tokens stand for, checked against the bytes that the store counted."""
    text = model.tokenizer.decode(example.ids[:-1].tolist())
    if len(text.encode()) != example.num_bytes:
        raise RecipeError(
            f"document {example.id}: the model's tokenizer reads {len(text.encode())} bytes from tokens that stand for "
            f"{example.num_bytes}: model and token store have different tokenizers"
        )
    return text
