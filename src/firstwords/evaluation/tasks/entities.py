"""How many entities a fine-tuned tagger finds whole and of the right type in the test part of its data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from firstwords.artifact import Artifact
from firstwords.evaluation.task import Baseline, Progress, Task
from firstwords.metrics.entities import find_entities
from firstwords.metrics.metric import Metric
from firstwords.metrics.metrics.entity_score import EntityScore

if TYPE_CHECKING:
    from firstwords.data.dataset import WordsRecord
    from firstwords.inference.language_model import LanguageModel


@dataclass(frozen=True, kw_only=True)
class Entities(Task):
    """F1, precision and recall of entities, beside a CRF over hand-made features and a dictionary."""

    version: ClassVar[int] = 2
    stage: ClassVar[str] = "finetune"
    objectives: ClassVar[tuple[str, ...]] = ("token_classification",)
    unit: ClassVar[str] = "document or other group of the data (a sentence without one by itself)"

    part: Literal["test", "validation"] = "test"
    """What is scored; the validation part to choose among models, so that the test part is looked at once."""
    mode: Literal["default", "strict"] = "default"
    """How tags that break the scheme are read: as conlleval does, or not at all."""

    def examples(self, inputs: Mapping[str, Artifact]) -> "list[WordsRecord]":
        """See `Task.examples`."""
        from firstwords.evaluation.labelled_parts import read_part

        return read_part(inputs["model"], self.part)

    def prompt(self, example: "WordsRecord") -> tuple[str, ...]:
        """Its words."""
        return example.words

    def gold(self, example: "WordsRecord") -> list[str]:
        """Its tags."""
        return list(example.tags)

    def answers(self, model: "LanguageModel", prompts: Sequence[Sequence[str]], progress: Progress) -> list[list[str]]:
        """A tag for every word."""
        answers: list[list[str]] = []
        for start in range(0, len(prompts), _SENTENCES_AT_ONCE):
            answers += model.tags(prompts[start : start + _SENTENCES_AT_ONCE])
            progress("tagging sentences", len(answers), len(prompts))
        return answers

    def score(self, examples: "Sequence[WordsRecord]", answers: Sequence[Sequence[str]]) -> dict[str, list[Any]]:
        """Columns `id`, `group`, `words`, `gold`, `predicted`; the last three are lists."""
        return {
            "id": [example.id for example in examples],
            "group": [example.group for example in examples],
            "words": [list(example.words) for example in examples],
            "gold": [list(example.tags) for example in examples],
            "predicted": [list(answer) for answer in answers],
        }

    def metrics(self, examples: "Sequence[WordsRecord]") -> tuple[Metric, ...]:
        """Over all entities; F1 of each type, where there are several; F1 by the kinder readings of SemEval."""
        types = sorted({entity.type for example in examples for entity in find_entities(example.tags, self.mode)})
        overall = [EntityScore(score=score, mode=self.mode) for score in ("f1", "precision", "recall")]
        nearly = [EntityScore(mode=self.mode, match=match) for match in ("exact", "partial", "type")]
        by_type = [EntityScore(mode=self.mode, type=each) for each in types] if len(types) > 1 else []
        return (*overall, *by_type, *nearly)

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: "Sequence[WordsRecord]",
        model: "LanguageModel",
        answers: Sequence[Sequence[str]],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`CRF` over hand-made features, and `dictionary`: the training entities, looked up."""
        from firstwords.evaluation.baselines import dictionary_tags
        from firstwords.evaluation.crf_tagger import crf_tags
        from firstwords.evaluation.labelled_parts import read_part

        train = read_part(inputs["model"], "train")
        words = [example.words for example in examples]
        progress("conditional random field over hand-made features", 0, 1)
        return {"CRF": crf_tags(train, words), "dictionary": dictionary_tags(train, words)}


_SENTENCES_AT_ONCE = 256
