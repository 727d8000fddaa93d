"""How well a masked (or hybrid) model guesses each hidden token of held-out passages from all the others.

Every token costs a forward pass of its whole passage, so the beginnings of drawn documents are judged, short enough to
need no windows. The closing end-of-text is no part of what masked models read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from firstwords.artifact import Artifact
from firstwords.errors import RecipeError
from firstwords.evaluation.task import Baseline, Progress, Task
from firstwords.metrics.metric import Metric
from firstwords.metrics.metrics.pseudo_perplexity import PseudoPerplexity as Figure
from firstwords.recipe import Count

if TYPE_CHECKING:
    from firstwords.graph import Graph
    from firstwords.inference.language_model import LanguageModel


class Passage(NamedTuple):
    """Tokens to be hidden one after another, the words that begin among them, and the bytes of their text."""

    id: str
    group: str
    ids: NDArray[np.int64]
    num_words: int
    num_bytes: int


@dataclass(frozen=True, kw_only=True)
class PseudoPerplexity(Task):
    """Pseudo-perplexity per token and per word, and pseudo-bits per byte."""

    stage: ClassVar[str] = "pretrain"
    objectives: ClassVar[tuple[str, ...]] = ("masked_lm", "hybrid_lm")
    unit: ClassVar[str] = "top-level module or site (a document without an address by itself)"

    split: Literal["test", "validation"] = "test"
    num_tokens: Count = 10_000
    """About so many tokens are judged."""
    passage_tokens: Annotated[int, Field(ge=2)] = 128
    """Longest beginning of a document that is judged; more than the model's context is judged in windows."""
    unigram_tokens: Count = 20_000_000
    """The baseline is counted on at most so many tokens of the training split."""
    whole_words: bool = False
    """Whether the rest of a word is hidden with its token (Kauf & Ivanova 2023, PLL-word-l2r)."""

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The model, the token store, the tokenizer."""
        inputs = super().inputs(graph)
        return inputs | {
            "tokens": graph.input_of(inputs["model"], "tokens", "tokenize"),
            "tokenizer": graph.input_of(inputs["model"], "tokenizer", "train_tokenizer"),
        }

    def examples(self, inputs: Mapping[str, Artifact]) -> list[Passage]:
        """See `Task.examples`."""
        from firstwords.data.token_store import TokenStore
        from firstwords.evaluation.held_out_documents import drawn_order
        from firstwords.tokenizer.tokenizer import Tokenizer

        tokenizer = Tokenizer.load(inputs["tokenizer"].folder)
        store = TokenStore(inputs["tokens"].folder, self.split)
        passages: list[Passage] = []
        judged = 0
        for number in drawn_order(store):
            ids = np.asarray(store.document(number), dtype=np.int64)[:-1][: self.passage_tokens]
            if len(ids) and judged < self.num_tokens:
                passages.append(_passage(tokenizer, store, number, ids))
                judged += len(ids)
        if not passages:
            raise RecipeError(f"task '{self.title}': the split '{self.split}' holds no document")
        return passages

    def prompt(self, example: Passage) -> list[int]:
        """Its tokens: each is asked for given all others."""
        return example.ids.tolist()

    def gold(self, example: Passage) -> NDArray[np.float64]:
        """Every token was certain."""
        return np.zeros(len(example.ids))

    def answers(self, model: "LanguageModel", prompts: Sequence[Any], progress: Progress) -> list[NDArray[np.float64]]:
        """Log-likelihoods in nats, one per token."""
        return model.pseudo_log_likelihoods(
            prompts,
            whole_words=self.whole_words,
            progress=lambda done, total: progress("guessing hidden tokens", done, total),
        )

    def score(self, examples: Sequence[Passage], answers: Sequence[NDArray[np.float64]]) -> dict[str, list[Any]]:
        """Columns `id`, `group`, `bytes`, `words`, `tokens`, `nats`."""
        for example, answer in zip(examples, answers, strict=True):
            if len(answer) != len(example.ids) or not np.isfinite(answer).all():
                raise ValueError(f"document {example.id}: its {len(example.ids)} tokens need as many finite numbers")
        return {
            "id": [example.id for example in examples],
            "group": [example.group for example in examples],
            "bytes": [example.num_bytes for example in examples],
            "words": [example.num_words for example in examples],
            "tokens": [len(example.ids) for example in examples],
            "nats": [float(-answer.sum()) + 0.0 for answer in answers],
        }

    def metrics(self, examples: Sequence[Passage]) -> tuple[Metric, ...]:
        """Per token as it is usually told, then per word and per byte."""
        return (Figure(), Figure(unit="word"), Figure(unit="byte"))

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: Sequence[Passage],
        model: "LanguageModel",
        answers: Sequence[NDArray[np.float64]],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`unigram`: every token by its (smoothed) share of the training text, without looking at its surroundings."""
        from firstwords.data.token_store import read_store_index
        from firstwords.evaluation.held_out_documents import training_tokens
        from firstwords.metrics.ngram import NGramModel

        counted = training_tokens(inputs["tokens"], self.unigram_tokens)
        if not len(counted):
            raise RecipeError(f"task '{self.title}': the training split holds no document to count tokens on")
        index = read_store_index(inputs["tokens"].folder)
        unigrams = NGramModel.train(counted, vocab_size=index["vocab_size"], end_of_text=index["end_of_text"], order=1)
        known = np.log(unigrams.distribution([]))
        return {"unigram": [known[example.ids] for example in examples]}


def _passage(tokenizer: Any, store: Any, number: int, ids: NDArray[np.int64]) -> Passage:
    from firstwords.data.split import group_of

    whole = len(ids) == store.starts[number + 1] - store.starts[number] - 1
    text = tokenizer.decode(ids.tolist())
    # Where the cut parts a character, its first bytes decode to one replacement character; it counts as one byte.
    num_bytes = (
        int(store.num_bytes[number])
        if whole
        else len(text.rstrip("\N{REPLACEMENT CHARACTER}").encode()) + (text.endswith("\N{REPLACEMENT CHARACTER}"))
    )
    return Passage(
        id=store.documents[number],
        group=group_of(store.urls[number], store.documents[number]),
        ids=ids,
        num_words=max(1, len(text.split())),
        num_bytes=max(1, num_bytes),
    )
