"""Whether a language model finds the better one of two texts likelier, for any file of such pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from firstwords.artifact import Artifact
from firstwords.errors import RecipeError
from firstwords.evaluation.task import Baseline, Figures, Progress, Task
from firstwords.metrics.metric import Metric
from firstwords.metrics.metrics.minimal_pairs import MinimalPairs
from firstwords.recipe import InputPath, resolve

if TYPE_CHECKING:
    from firstwords.inference.language_model import LanguageModel

Judged = tuple[float, float]


class TextPair(NamedTuple):
    """Two texts behind one context (often none)."""

    id: str
    context: str
    good: str
    bad: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Pairs(Task):
    """Share of pairs judged rightly, ties one half, over all and of each kind; beside a guess by length.

    `blimp` reads BLiMP's own files; this reads a table of one's own.
    """

    stage: ClassVar[str] = "pretrain"
    objectives: ClassVar[tuple[str, ...]] = ("causal_lm", "hybrid_lm")
    unit: ClassVar[str] = "pair of texts"
    takes_checkpoint: ClassVar[bool] = True

    path: InputPath
    """CSV, TSV or JSON Lines, may be packed."""
    good: str = "good"
    """The column of the better text."""
    bad: str = "bad"
    """The column of the other."""
    context: str | None = None
    """The column of what stands before both, and is not judged."""
    kind: str | None = None
    """A column that sorts pairs: each kind gets its own figure."""
    per: Literal["none", "token"] = "none"
    """`token`: log-likelihoods are divided by numbers of tokens, for texts of unlike lengths."""

    def fingerprint(self) -> str:
        """Digest of the file."""
        from firstwords.data.dataset import digest_of_files

        return digest_of_files([resolve(self.path)])

    def examples(self, inputs: Mapping[str, Artifact]) -> list[TextPair]:
        """See `Task.examples`."""
        from firstwords.data.labelled_files import Place
        from firstwords.data.table_rows import rows_of

        place, found = resolve(self.path), []
        wanted = [self.good, self.bad, *(each for each in (self.context, self.kind) if each is not None)]
        for row, where, name in rows_of(Place(place, "", "")):
            missing = [column for column in wanted if not isinstance(row.get(column), str) or not row[column]]
            if missing and missing != [self.context]:
                there = ", ".join(map(str, row))
                raise RecipeError(f"{where} has no text '{missing[0]}'. It has: {there}")
            context = str(row.get(self.context) or "") if self.context else ""
            kind = str(row[self.kind]) if self.kind else ""
            found.append(TextPair(f"{place.name}#{name}", context, str(row[self.good]), str(row[self.bad]), kind))
        if not found:
            raise RecipeError(f"{place}: holds no pairs")
        return found

    def prompt(self, example: TextPair) -> tuple[tuple[str, str], tuple[str, str]]:
        """Both texts behind their context, in the order of the alphabet."""
        first, second = sorted((example.good, example.bad))
        return (example.context, first), (example.context, second)

    def gold(self, example: TextPair) -> Judged:
        """The good one is the likelier."""
        return (0.0, -1.0) if self.prompt(example)[0][1] == example.good else (-1.0, 0.0)

    def answers(self, model: "LanguageModel", prompts: Sequence[Any], progress: Progress) -> list[Judged]:
        """The log-likelihood of each of the two, in nats."""
        told = "judging pairs"
        judged = model.judge_choices(prompts, progress=lambda done, total: progress(told, done, total))
        divided = [
            tuple(each.log_likelihood / (each.num_tokens if self.per == "token" else 1) for each in pair)
            for pair in judged
        ]
        return [(first, second) for first, second in divided]

    def score(self, examples: Sequence[TextPair], answers: Sequence[Judged]) -> dict[str, list[Any]]:
        """Columns `id`, `group`, `text`, `phenomenon` (the kind), `good`, `bad` (log-likelihoods)."""
        swapped = [self.prompt(example)[0][1] != example.good for example in examples]
        return {
            "id": [example.id for example in examples],
            "group": [example.id for example in examples],
            "text": [" ".join(f"{example.context} {example.good}".split()) for example in examples],
            "phenomenon": [example.kind for example in examples],
            "good": [answer[int(swap)] for answer, swap in zip(answers, swapped, strict=True)],
            "bad": [answer[1 - int(swap)] for answer, swap in zip(answers, swapped, strict=True)],
        }

    def metrics(self, examples: Sequence[TextPair]) -> tuple[Metric, ...]:
        """Over all pairs; then of each kind."""
        kinds = sorted({example.kind for example in examples} - {""})
        return (MinimalPairs(), *(MinimalPairs(phenomenon=each) for each in kinds))

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: Sequence[TextPair],
        model: "LanguageModel",
        answers: Sequence[Judged],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`chance`, and `shorter`: the shorter text of each pair."""
        shorter = []
        for example in examples:
            (_, first), (_, second) = self.prompt(example)
            shorter.append((-float(len(first)), -float(len(second))))
        return {"chance": Figures({"minimal_pairs": 0.5}), "shorter": shorter}
