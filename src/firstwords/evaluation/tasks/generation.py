"""Whether what a language model writes behind a question is the answer: GSM8K, reading comprehension, summaries.

The model writes greedily. Of its text the answer is taken by a rule (`take`), as it is of the wanted text, and both are
compared; what it wrote is kept with the items.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from firstwords.artifact import Artifact
from firstwords.errors import RecipeError
from firstwords.evaluation.task import Baseline, Progress, Task
from firstwords.metrics.metric import Metric
from firstwords.metrics.metrics.exact_match import ExactMatch
from firstwords.metrics.metrics.rouge import Rouge
from firstwords.metrics.metrics.token_f1 import TokenF1
from firstwords.recipe import InputPath, resolve

if TYPE_CHECKING:
    from firstwords.inference.language_model import LanguageModel

_NUMBER = re.compile(r"-?\$?\d[\d,]*(?:\.\d+)?|-?\$?\.\d+")
_PROMPTS_AT_ONCE = 32


class Asked(NamedTuple):
    """A prompt, and the accepted answers."""

    id: str
    prompt: str
    wanted: tuple[str, ...]
    question: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Generation(Task):
    """Exact match; with `take = "text"` or `"line"` also F1 over words and ROUGE. Beside the commonest answer."""

    stage: ClassVar[str] = "pretrain"
    objectives: ClassVar[tuple[str, ...]] = ("causal_lm", "hybrid_lm")
    unit: ClassVar[str] = "question"
    takes_checkpoint: ClassVar[bool] = True

    path: InputPath
    """CSV, TSV or JSON Lines, may be packed."""
    question: str = "question"
    """The column of the question."""
    answer: str = "answer"
    """The column of the answer: a text or a list of accepted ones."""
    also: str | None = None
    """A column of further accepted answers (a list), such as `aliases`."""
    template: str = "Question: {question}\nAnswer:"
    """What the model reads; `{question}` stands for it."""
    take: Literal["text", "line", "number"] = "text"
    """What counts of an answer: all, its first line, or its last number (of the wanted one, the number behind `####`
    where that stands, as in GSM8K)."""
    shots: Annotated[int, Field(ge=0, le=64)] = 0
    """So many answered questions stand before each, drawn by its name."""
    shots_from: InputPath | None = None
    """Where they come from; the same file without the question itself and its copies unless given."""
    max_tokens: Annotated[int, Field(ge=1, le=8192)] = 128
    stop: tuple[str, ...] = ("\nQuestion:", "\n\n")
    """Strings that end an answer."""
    max_items: Annotated[int, Field(ge=1)] | None = None
    """At most so many questions, drawn by their names."""
    seed: int = 0
    """Of the draws."""

    def __post_init__(self) -> None:
        if "{question}" not in self.template:
            raise ValueError("template: it has no place for {question}")

    def fingerprint(self) -> str:
        """Digest of the files."""
        from firstwords.data.dataset import digest_of_files

        return digest_of_files(resolve(path) for path in (self.path, self.shots_from) if path is not None)

    def examples(self, inputs: Mapping[str, Artifact]) -> list[Asked]:
        """See `Task.examples`."""
        from firstwords.data.dataset import draw
        from firstwords.evaluation.question_file import Question, with_shots

        rows = self._rows(self.path)
        pool = rows if self.shots_from is None else self._rows(self.shots_from)
        if self.max_items is not None and len(rows) > self.max_items:
            chosen = sorted(range(len(rows)), key=lambda n: draw(f"generation {self.seed}", rows[n].id))
            rows = [rows[number] for number in sorted(chosen[: self.max_items])]

        def as_question(each: Asked) -> Question:
            return Question(each.id, (each.prompt,), (" " + each.wanted[0].strip(),), 0, each.source)

        shown = with_shots([as_question(e) for e in rows], [as_question(e) for e in pool], self.shots, self.seed)
        return [row._replace(prompt=question.contexts[0]) for row, question in zip(rows, shown, strict=True)]

    def _rows(self, path: str) -> list[Asked]:
        from firstwords.data.labelled_files import Place
        from firstwords.data.table_rows import rows_of
        from firstwords.evaluation.question_file import text_at

        place, found = resolve(path), []
        for row, where, name in rows_of(Place(place, "", "")):
            question, given = text_at(row, self.question, where), row.get(self.answer)
            wanted = [given] if isinstance(given, str | int | float) else given
            more = row.get(self.also, []) if self.also is not None else []
            if not isinstance(wanted, list) or not wanted or not isinstance(more, list):
                there = ", ".join(map(str, row))
                raise RecipeError(f"{where}: '{self.answer}' is neither a text nor a list of texts. It has: {there}")
            prompt = self.template.replace("{question}", question)
            texts = tuple(str(each) for each in [*wanted, *more])
            found.append(Asked(f"{place.name}#{name}", prompt, texts, question, str(row.get("source", ""))))
        if not found:
            raise RecipeError(f"{place}: holds no questions")
        return found

    def prompt(self, example: Asked) -> str:
        """The question in its template, behind the answered ones."""
        return example.prompt

    def gold(self, example: Asked) -> str:
        """The first accepted answer, as it stands."""
        return example.wanted[0]

    def answers(self, model: "LanguageModel", prompts: Sequence[str], progress: Progress) -> list[str]:
        """What the model writes, greedily, up to a stop string."""
        from firstwords.inference.sampling import GREEDY

        order = sorted(range(len(prompts)), key=lambda number: len(prompts[number]))
        found = [""] * len(prompts)
        for start in range(0, len(order), _PROMPTS_AT_ONCE):
            chosen = order[start : start + _PROMPTS_AT_ONCE]
            written = model.generate_batch([prompts[n] for n in chosen], self.max_tokens, GREEDY, stop=self.stop)
            for number, text in zip(chosen, written, strict=True):
                found[number] = text
            progress("writing answers", min(start + _PROMPTS_AT_ONCE, len(order)), len(order))
        return found

    def score(self, examples: Sequence[Asked], answers: Sequence[str]) -> dict[str, list[Any]]:
        """Columns `id`, `group`, `text` (the question), `source`, `gold` (a list), `predicted`, `written`."""
        return {
            "id": [example.id for example in examples],
            "group": [example.id for example in examples],
            "text": [example.question for example in examples],
            "source": [example.source for example in examples],
            "gold": [[self._taken(each) for each in example.wanted] for example in examples],
            "predicted": [self._taken(answer) for answer in answers],
            "written": list(answers),
        }

    def _taken(self, text: str) -> str:
        """The part of an answer that counts."""
        if self.take == "text":
            return text.strip()
        if self.take == "line":
            return text.strip().split("\n", maxsplit=1)[0].strip()
        return last_number(text.rpartition("####")[2] if "####" in text else text)

    def metrics(self, examples: Sequence[Asked]) -> tuple[Metric, ...]:
        """Numbers are right or wrong; texts may be nearly right."""
        if self.take == "number":
            return (ExactMatch(compare="exact"),)
        return (ExactMatch(), TokenF1(), Rouge(kind="1"), Rouge(kind="2"), Rouge(kind="L"))

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: Sequence[Asked],
        model: "LanguageModel",
        answers: Sequence[str],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`commonest`: the most frequent answer of this very file, to every question."""
        from collections import Counter

        counts = Counter(self._taken(example.wanted[0]) for example in examples)
        return {"commonest": [counts.most_common(1)[0][0]] * len(examples)}


def last_number(text: str) -> str:
    """The last number of a text as its shortest decimal form, without thousands' commas and currency; else nothing.

    `1,234.50` and `1234.5` are one number, and so are `72.` at the end of a sentence and `72`.
    """
    found = _NUMBER.findall(text)
    if not found:
        return ""
    plain = found[-1].replace(",", "").replace("$", "")
    sign, digits = ("-", plain[1:]) if plain.startswith("-") else ("", plain)
    whole, _, fraction = digits.partition(".")
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    number = whole + (f".{fraction}" if fraction else "")
    return number if number == "0" else sign + number
