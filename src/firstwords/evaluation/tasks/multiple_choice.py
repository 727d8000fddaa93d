"""Which of several answers a language model finds likeliest, for any file of questions (ARC, PIQA, Winogrande ...)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from firstwords.artifact import Artifact
from firstwords.evaluation.task import Baseline, Figures, Progress, Task
from firstwords.metrics.metric import Metric
from firstwords.metrics.metrics.centred_accuracy import CentredAccuracy
from firstwords.metrics.metrics.choice_accuracy import ChoiceAccuracy
from firstwords.recipe import InputPath, resolve

if TYPE_CHECKING:
    from firstwords.evaluation.question_file import Question
    from firstwords.inference.language_model import LanguageModel

Prompt = tuple[tuple[str, str], ...]
Answer = dict[str, list[float]]


@dataclass(frozen=True, kw_only=True)
class MultipleChoice(Task):
    """Accuracy by the sum of log-likelihoods, per character, byte and token, and above chance; beside a guess."""

    stage: ClassVar[str] = "pretrain"
    objectives: ClassVar[tuple[str, ...]] = ("causal_lm", "hybrid_lm")
    unit: ClassVar[str] = "question"
    takes_checkpoint: ClassVar[bool] = True

    path: InputPath
    """JSON Lines, may be packed; see `evaluation/question_file.py` for its forms."""
    delimiter: str = " "
    """Between question and answer, such as `"\\nAnswer: "`."""
    shots: Annotated[int, Field(ge=0, le=64)] = 0
    """So many answered questions stand before each, drawn for it by its name."""
    shots_from: InputPath | None = None
    """Where they come from; the same file without the question itself and its copies unless given."""
    without_question: str | None = None
    """With a text such as `"Answer:"`, answers are also judged by how much the question adds to their log-likelihood
    behind this text alone (Brown et al. 2020: surface forms compete)."""
    seed: int = 0
    """Of the draws of answered questions."""

    def fingerprint(self) -> str:
        """Digest of the files."""
        from firstwords.data.dataset import digest_of_files

        return digest_of_files(resolve(path) for path in (self.path, self.shots_from) if path is not None)

    def examples(self, inputs: Mapping[str, Artifact]) -> "list[Question]":
        """See `Task.examples`."""
        from firstwords.evaluation.question_file import read_questions, with_shots

        questions = read_questions(resolve(self.path), self.delimiter)
        pool = questions if self.shots_from is None else read_questions(resolve(self.shots_from), self.delimiter)
        return with_shots(questions, pool, self.shots, self.seed)

    def prompt(self, example: "Question") -> Prompt:
        """Each answer behind its context; nothing tells which is right."""
        return tuple(zip(example.contexts, example.choices, strict=True))

    def gold(self, example: "Question") -> Answer:
        """The right one is certain, and nothing is known without the question."""
        sure = [0.0 if number == example.gold else -1000.0 for number in range(len(example.choices))]
        return {"together": sure, "alone": [0.0] * len(sure), "tokens": [1.0] * len(sure)}

    def answers(self, model: "LanguageModel", prompts: Sequence[Prompt], progress: Progress) -> list[Answer]:
        """Log-likelihoods in nats, with the question and (where it is asked for) without, and numbers of tokens."""
        told = "judging answers"
        judged = model.judge_choices(prompts, progress=lambda done, total: progress(told, done, total))
        found = [
            {"together": [a.log_likelihood for a in each], "tokens": [float(a.num_tokens) for a in each], "alone": []}
            for each in judged
        ]
        if self.without_question is not None:
            front = self.without_question
            alone = model.judge_choices([[(front, answer) for _, answer in prompt] for prompt in prompts])
            for answer, each in zip(found, alone, strict=True):
                answer["alone"] = [a.log_likelihood for a in each]
        return found

    def score(self, examples: "Sequence[Question]", answers: Sequence[Answer]) -> dict[str, list[Any]]:
        """Columns `id`, `group`, `text`, `source`, `gold`, and lists over the answers: `choices`, `log_likelihoods`,
        `log_likelihoods_alone`, `characters`, `bytes`, `tokens`.
        """
        texts = [[choice.strip() for choice in example.choices] for example in examples]
        return {
            "id": [example.id for example in examples],
            "group": [example.id for example in examples],
            "text": [example.text for example in examples],
            "source": [example.source for example in examples],
            "choices": texts,
            "gold": [example.gold for example in examples],
            "log_likelihoods": [answer["together"] for answer in answers],
            "log_likelihoods_alone": [answer["alone"] for answer in answers],
            "characters": [[len(choice) for choice in each] for each in texts],
            "bytes": [[len(choice.encode()) for choice in each] for each in texts],
            "tokens": [answer["tokens"] for answer in answers],
        }

    def metrics(self, examples: "Sequence[Question]") -> tuple[Metric, ...]:
        """The plain sum first."""
        found: list[Metric] = [ChoiceAccuracy(), ChoiceAccuracy(per="characters"), ChoiceAccuracy(per="bytes")]
        found.append(ChoiceAccuracy(per="tokens"))
        if self.without_question is not None:
            found.append(ChoiceAccuracy(per="without_question"))
        return (*found, CentredAccuracy(), CentredAccuracy(per="characters"))

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: "Sequence[Question]",
        model: "LanguageModel",
        answers: Sequence[Answer],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`chance`: every answer as likely as the others; `longest`: the longest answer, which betrays itself in some
        sets.
        """
        chance = sum(1 / len(example.choices) for example in examples) / len(examples)
        figures = {metric.name: 0.0 if "centred" in metric.name else chance for metric in self.metrics(examples)}
        longest = [
            {"together": [float(len(c)) for c in example.choices], "tokens": [1.0] * len(example.choices)}
            | {"alone": [0.0] * len(example.choices)}
            for example in examples
        ]
        by_length = self.score(examples, longest)
        return {"chance": Figures(figures), "longest": Figures({"choice_accuracy": ChoiceAccuracy().value(by_length)})}
