"""Whether a language model finds the acceptable one of two sentences likelier (BLiMP, Warstadt et al. 2020).

A causal model judges a sentence by its log-likelihood, a masked one by its pseudo-log-likelihood (Salazar et al. 2020);
a hybrid model can do either. Sums are not divided by lengths, and both sentences stand behind end-of-text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from firstwords.artifact import Artifact
from firstwords.errors import RecipeError
from firstwords.evaluation.task import Baseline, Figures, Progress, Task
from firstwords.metrics.metric import Metric
from firstwords.metrics.metrics.minimal_pairs import MinimalPairs
from firstwords.recipe import Count, InputPath, resolve

if TYPE_CHECKING:
    from firstwords.evaluation.minimal_pairs import Pair
    from firstwords.graph import Graph
    from firstwords.inference.language_model import LanguageModel

Judged = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Blimp(Task):
    """Share of minimal pairs judged rightly, over all and of each phenomenon, beside an n-gram model."""

    stage: ClassVar[str] = "pretrain"
    objectives: ClassVar[tuple[str, ...]] = ("causal_lm", "masked_lm", "hybrid_lm")
    takes_checkpoint: ClassVar[bool] = True

    path: InputPath
    """BLiMP's folder of JSON Lines files, or a tar archive of it."""
    sense: Literal["causal", "masked"] | None = None
    """How sentences are judged: from the left, or token by token with the rest in view. Unless given, as a causal model
    where the model is one; a hybrid is judged in both senses by two tasks."""
    pairs_per_paradigm: Annotated[int, Field(ge=1)] | None = None
    """So many pairs of each paradigm, drawn; all unless given."""
    seed: int = 0
    """Of that draw."""
    whole_words: bool = False
    """In the masked sense: whether the rest of a word is hidden with its token (Kauf & Ivanova 2023, PLL-word-l2r)."""
    resample: Literal["pairs", "paradigms"] = "pairs"
    """What intervals resample. Pairs: how sure the score on these paradigms is; paradigms: on others like them."""
    ngram_order: Annotated[int, Field(ge=1, le=9)] = 5
    ngram_tokens: Count = 20_000_000
    """The n-gram model is counted on at most so many tokens of the training split."""

    @property
    def unit(self) -> str:  # type: ignore[override]
        """What `resample` says."""
        return "pair of sentences" if self.resample == "pairs" else "paradigm"

    def fingerprint(self) -> str:
        """Digest of the archive, or of all files of the folder."""
        from firstwords.data.dataset import digest_of_files

        place = resolve(self.path)
        return digest_of_files([place] if place.is_file() else sorted(place.glob("*.jsonl")))

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The model; token store and tokenizer for the n-gram model, which a mere checkpoint has none of."""
        inputs = super().inputs(graph)
        if self.checkpoint is not None:
            return inputs
        return inputs | {
            "tokens": graph.input_of(inputs["model"], "tokens", "tokenize"),
            "tokenizer": graph.input_of(inputs["model"], "tokenizer", "train_tokenizer"),
        }

    def examples(self, inputs: Mapping[str, Artifact]) -> "list[Pair]":
        """See `Task.examples`."""
        from firstwords.evaluation.minimal_pairs import drawn_pairs, read_pairs

        pairs = read_pairs(resolve(self.path))
        return pairs if self.pairs_per_paradigm is None else drawn_pairs(pairs, self.pairs_per_paradigm, self.seed)

    def prompt(self, example: "Pair") -> tuple[str, str]:
        """Both sentences in the order of the alphabet."""
        first, second = sorted((example.good, example.bad))
        return first, second

    def gold(self, example: "Pair") -> Judged:
        """The good one is the likelier."""
        return (0.0, -1.0) if self.prompt(example)[0] == example.good else (-1.0, 0.0)

    def answers(self, model: "LanguageModel", prompts: Sequence[tuple[str, str]], progress: Progress) -> list[Judged]:
        """The log-likelihood of each of the two sentences, in nats.

        Raises:
            RecipeError: If the model has no such side.
        """
        can = {"causal": model.task == "language_model", "masked": model.fills_masks}
        sense = self.sense or ("causal" if can["causal"] else "masked")
        if not can[sense]:
            raise RecipeError(f"task '{self.title}': this model cannot judge sentences in the sense '{sense}'")
        # Each sentence is judged once: rounding in another batch must not decide between equal ones.
        places = {sentence: place for place, sentence in enumerate(dict.fromkeys(s for pair in prompts for s in pair))}
        encoded = model.tokenizer.encode_batch(places)

        def tell(done: int, total: int) -> None:
            progress(f"judging sentences ({sense})", done, total)

        if sense == "causal":
            scores = model.token_log_likelihoods(encoded, progress=tell)
        else:
            scores = model.pseudo_log_likelihoods(encoded, whole_words=self.whole_words, progress=tell)
        sums = [float(each.sum()) for each in scores]
        return [(sums[places[first]], sums[places[second]]) for first, second in prompts]

    def score(self, examples: "Sequence[Pair]", answers: Sequence[Judged]) -> dict[str, list[Any]]:
        """Columns `id`, `group`, `paradigm`, `phenomenon`, `good`, `bad` (log-likelihoods)."""
        swapped = [self.prompt(example)[0] != example.good for example in examples]
        return {
            "id": [example.id for example in examples],
            "group": [example.id if self.resample == "pairs" else example.paradigm for example in examples],
            "paradigm": [example.paradigm for example in examples],
            "phenomenon": [example.phenomenon for example in examples],
            "good": [answer[int(swap)] for answer, swap in zip(answers, swapped, strict=True)],
            "bad": [answer[1 - int(swap)] for answer, swap in zip(answers, swapped, strict=True)],
        }

    def metrics(self, examples: "Sequence[Pair]") -> tuple[Metric, ...]:
        """Over all pairs; then of each phenomenon."""
        phenomena = sorted({example.phenomenon for example in examples})
        return (MinimalPairs(), *(MinimalPairs(phenomenon=each) for each in phenomena))

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: "Sequence[Pair]",
        model: "LanguageModel",
        answers: Sequence[Judged],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`5-gram`: counted on the text that the model was trained on, where that is known; else `chance`."""
        if "tokens" not in inputs:
            return {"chance": Figures({metric.name: 0.5 for metric in self.metrics(examples)})}
        from firstwords.data.token_store import read_store_index
        from firstwords.evaluation.held_out_documents import training_tokens
        from firstwords.metrics.ngram import NGramModel
        from firstwords.tokenizer.tokenizer import Tokenizer

        progress(f"counting {self.ngram_order}-grams", 0, 1)
        counted = training_tokens(inputs["tokens"], self.ngram_tokens)
        if not len(counted):
            raise RecipeError(f"task '{self.title}': the training split holds no document to count n-grams on")
        index = read_store_index(inputs["tokens"].folder)
        end = index["end_of_text"]
        ngrams = NGramModel.train(counted, vocab_size=index["vocab_size"], end_of_text=end, order=self.ngram_order)
        tokenizer = Tokenizer.load(inputs["tokenizer"].folder)
        encoded = tokenizer.encode_batch([s for example in examples for s in self.prompt(example)])
        stream = np.concatenate([np.array([*ids, end], dtype=np.int64) for ids in encoded])
        # The end of the sentence is not judged, as it is not for the models.
        known = np.where(stream == end, 0.0, ngrams.log_probabilities(stream))
        starts = np.cumsum([0] + [len(ids) + 1 for ids in encoded[:-1]])
        sums = np.add.reduceat(known, starts).reshape(-1, 2)
        return {f"{self.ngram_order}-gram": [(float(first), float(second)) for first, second in sums]}
