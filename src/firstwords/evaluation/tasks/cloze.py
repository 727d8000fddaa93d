"""Whether a language model goes on with just the right words, and how likely it finds them (LAMBADA and its like)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from firstwords.artifact import Artifact
from firstwords.errors import RecipeError
from firstwords.evaluation.task import Baseline, Figures, Progress, Task
from firstwords.metrics.metric import Metric
from firstwords.metrics.metrics.accuracy import Accuracy
from firstwords.metrics.metrics.perplexity import Perplexity
from firstwords.recipe import InputPath, resolve

if TYPE_CHECKING:
    from firstwords.inference.language_model import LanguageModel

Answer = tuple[bool, float, int]


class Gap(NamedTuple):
    """A context and the one continuation that is right."""

    id: str
    context: str
    continuation: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Cloze(Task):
    """Share of continuations that greedy reading gives, and their perplexity; beside the commonest of them."""

    stage: ClassVar[str] = "pretrain"
    objectives: ClassVar[tuple[str, ...]] = ("causal_lm", "hybrid_lm")
    unit: ClassVar[str] = "text"
    takes_checkpoint: ClassVar[bool] = True

    path: InputPath
    """JSON Lines, may be packed: `context` with `continuation` or `answer`."""
    delimiter: str = " "
    """Between context and continuation."""
    shots: Annotated[int, Field(ge=0, le=64)] = 0
    """So many whole texts of the file stand before each, drawn for it by its name; never itself or a copy."""
    seed: int = 0
    """Of these draws."""

    def fingerprint(self) -> str:
        """Digest of the file."""
        from firstwords.data.dataset import digest_of_files

        return digest_of_files([resolve(self.path)])

    def examples(self, inputs: Mapping[str, Artifact]) -> list[Gap]:
        """See `Task.examples`."""
        from firstwords.data.labelled_files import Place
        from firstwords.data.table_rows import rows_of
        from firstwords.evaluation.question_file import Question, joint, text_at, with_shots

        place, questions = resolve(self.path), []
        for row, where, name in rows_of(Place(place, "", "")):
            key = "continuation" if "continuation" in row else "answer"
            context, answer = joint(text_at(row, "context", where), text_at(row, key, where), self.delimiter)
            source = str(row.get("source", row.get("category", "")))
            questions.append(Question(f"{place.name}#{name}", (context,), (answer,), 0, source))
        if not questions:
            raise RecipeError(f"{place}: holds no texts")
        asked = with_shots(questions, questions, self.shots, self.seed)
        return [Gap(each.id, each.contexts[0], each.choices[0], each.source) for each in asked]

    def prompt(self, example: Gap) -> tuple[str, str]:
        """Both: a continuation's likelihood cannot be asked for without it."""
        return example.context, example.continuation

    def gold(self, example: Gap) -> Answer:
        """The model says just this, and is certain."""
        return True, 0.0, 1

    def answers(self, model: "LanguageModel", prompts: Sequence[tuple[str, str]], progress: Progress) -> list[Answer]:
        """Whether the continuation is the greedy one, its log-likelihood in nats, its tokens."""
        told = "judging continuations"
        judged = model.judge_choices(
            [[prompt] for prompt in prompts], progress=lambda done, total: progress(told, done, total)
        )
        return [(each.is_greedy, each.log_likelihood, each.num_tokens) for (each,) in judged]

    def score(self, examples: Sequence[Gap], answers: Sequence[Answer]) -> dict[str, list[Any]]:
        """Columns `id`, `group`, `text`, `source`, `gold`, `predicted` (the continuation, or nothing), `nats`,
        `tokens`, `words`, `bytes`.
        """
        texts = [example.continuation.strip() for example in examples]
        return {
            "id": [example.id for example in examples],
            "group": [example.id for example in examples],
            "text": [" ".join((example.context + example.continuation).split()) for example in examples],
            "source": [example.source for example in examples],
            "gold": texts,
            "predicted": [text if answer[0] else "" for text, answer in zip(texts, answers, strict=True)],
            "nats": [-answer[1] + 0.0 for answer in answers],
            "tokens": [answer[2] for answer in answers],
            "words": [max(1, len(text.split())) for text in texts],
            "bytes": [max(1, len(text.encode())) for text in texts],
        }

    def metrics(self, examples: Sequence[Gap]) -> tuple[Metric, ...]:
        """Accuracy; perplexity of a continuation's word and token."""
        return (Accuracy(), Perplexity(unit="word"), Perplexity())

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: Sequence[Gap],
        model: "LanguageModel",
        answers: Sequence[Answer],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`commonest`: the most frequent continuation of this very file, for every text."""
        from collections import Counter

        counts = Counter(example.continuation.strip() for example in examples)
        return {"commonest": Figures({"accuracy": counts.most_common(1)[0][1] / len(examples)})}
