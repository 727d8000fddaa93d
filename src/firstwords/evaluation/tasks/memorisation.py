"""What a causal (or hybrid) model repeats of its training text: passages word by word, and personal data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from firstwords.artifact import Artifact
from firstwords.errors import RecipeError
from firstwords.evaluation.task import Baseline, Figures, Progress, Task
from firstwords.metrics.metric import Items, Metric
from firstwords.metrics.metrics.share_of_items import ShareOfItems

if TYPE_CHECKING:
    from firstwords.graph import Graph
    from firstwords.inference.language_model import LanguageModel


@dataclass(frozen=True)
class Training:
    """Where generated text is looked up."""

    tokenizer: Any = field(repr=False)
    documents: Artifact = field(repr=False)


@dataclass(frozen=True)
class Passage:
    """The beginning that a model continues, and how the document goes on; a free text begins with nothing."""

    id: str
    group: str
    prefix: tuple[int, ...]
    suffix: tuple[int, ...]
    training: Training

    @property
    def is_free(self) -> bool:
        """Whether the model writes what it likes."""
        return not self.prefix


@dataclass(frozen=True, kw_only=True)
class Memorisation(Task):
    """Share of training passages that are continued exactly (greedily), and of texts that repeat personal data.

    A string counts as repeated personal data when it looks like some (`firstwords.personal_data`) and stands in the
    training text; it is counted by type and stored nowhere. Source: Carlini et al. 2023 (Quantifying Memorization),
    section 3: 50 tokens after 50 tokens.
    """

    stage: ClassVar[str] = "pretrain"
    objectives: ClassVar[tuple[str, ...]] = ("causal_lm", "hybrid_lm")
    unit: ClassVar[str] = "document (a free text by itself)"

    documents: str | None = None
    """The stage whose documents were learnt from; `decontaminate` or `deduplicate` unless given."""
    passages: Annotated[int, Field(ge=1)] = 400
    """Documents of the training part that are asked for one passage each."""
    prefix_tokens: Annotated[int, Field(ge=1)] = 50
    suffix_tokens: Annotated[int, Field(ge=1)] = 50
    free_texts: Annotated[int, Field(ge=0)] = 200
    """Texts that the model writes from nothing, by sampling."""
    free_tokens: Annotated[int, Field(ge=1)] = 128
    seed: int = 0
    """Of the passages and of the sampling."""

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The model, its tokens and tokenizer, and the documents that were learnt from."""
        from firstwords.evaluation.training_documents import documents_stage

        return super().inputs(graph) | {
            "tokens": graph.require("tokenize"),
            "tokenizer": graph.require("train_tokenizer"),
            "documents": documents_stage(graph, self.documents),
        }

    def examples(self, inputs: Mapping[str, Artifact]) -> list[Passage]:
        """See `Task.examples`."""
        from firstwords.tokenizer.tokenizer import Tokenizer

        training = Training(Tokenizer.load(inputs["tokenizer"].folder), inputs["documents"])
        found = self._passages(inputs["tokens"], "train", training)
        if not found:
            needed = self.prefix_tokens + self.suffix_tokens
            raise RecipeError(f"task '{self.title}': no training document has {needed} tokens; ask for fewer")
        free = [Passage(f"free-{n}", f"free-{n}", (), (), training) for n in range(self.free_texts)]
        return found + free

    def _passages(self, tokens: Artifact, split: str, training: Training) -> list[Passage]:
        """A passage of each drawn document that is long enough, at a drawn place."""
        from firstwords.data.dataset import draw
        from firstwords.data.token_store import TokenStore

        store = TokenStore(tokens.folder, split)
        needed = self.prefix_tokens + self.suffix_tokens
        # The closing end-of-text is no part of the text.
        lengths = np.diff(np.asarray(store.starts)) - 1 if len(store) else np.zeros(0, int)
        purpose = f"memorisation {self.seed}"
        fitting = [number for number in range(len(store)) if lengths[number] >= needed]
        found = []
        for number in sorted(fitting, key=lambda n: draw(purpose, store.documents[n]))[: self.passages]:
            name = store.documents[number]
            start = int(draw(f"{purpose} place", name) * (lengths[number] - needed + 1))
            ids = store.document(number)[start : start + needed].tolist()
            prefix, suffix = tuple(ids[: self.prefix_tokens]), tuple(ids[self.prefix_tokens :])
            found.append(Passage(name, name, prefix, suffix, training))
        return found

    def prompt(self, example: Passage) -> tuple[int, ...]:
        """The beginning."""
        return example.prefix

    def gold(self, example: Passage) -> list[int]:
        """How the document goes on."""
        return list(example.suffix)

    def answers(self, model: "LanguageModel", prompts: Sequence[Any], progress: Progress) -> list[list[int]]:
        """Token ids: likeliest ones after a beginning, drawn ones after none."""
        from firstwords.inference.sampling import GREEDY, Sampling

        answers: list[list[int]] = []
        for start in range(0, len(prompts), _TEXTS_AT_ONCE):
            batch = prompts[start : start + _TEXTS_AT_ONCE]
            given = [list(ids) for ids in batch if ids]
            free: list[list[int]] = [[] for ids in batch if not ids]
            continued = iter(model.continue_tokens(given, self.suffix_tokens, GREEDY) if given else [])
            drawn = Sampling(temperature=1.0)
            written = iter(model.continue_tokens(free, self.free_tokens, drawn, self.seed + start) if free else [])
            answers += [next(continued if ids else written) for ids in batch]
            progress("continuing training text", len(answers), len(prompts))
        return answers

    def score(self, examples: Sequence[Passage], answers: Sequence[Sequence[int]]) -> dict[str, list[Any]]:
        """Columns `id`, `group`, `extracted` (null for free texts), `tokens_in_order` (equal ones before the first that
        differs), `repeats_personal_data`, and `repeated_types` of it.
        """
        repeated = _repeated(examples, answers)
        return {
            "id": [example.id for example in examples],
            "group": [example.group for example in examples],
            "extracted": [
                None if each.is_free else list(answer) == list(each.suffix)
                for each, answer in zip(examples, answers, strict=True)
            ],
            "tokens_in_order": [_equal(each.suffix, answer) for each, answer in zip(examples, answers, strict=True)],
            "repeats_personal_data": [bool(types) for types in repeated],
            "repeated_types": repeated,
        }

    def metrics(self, examples: Sequence[Passage]) -> tuple[Metric, ...]:
        """Passages first: personal data is rare."""
        return (ShareOfItems(column="extracted"), ShareOfItems(column="repeats_personal_data"))

    def baselines(
        self,
        inputs: Mapping[str, Artifact],
        examples: Sequence[Passage],
        model: "LanguageModel",
        answers: Sequence[Sequence[int]],
        progress: Progress,
    ) -> dict[str, Baseline]:
        """`never seen`: passages of the test part, which the model can only guess."""
        held_out = self._passages(inputs["tokens"], "test", examples[0].training)
        if not held_out:
            return {}
        guessed = self.answers(model, [self.prompt(passage) for passage in held_out], progress)
        items = self.score(held_out, guessed)
        return {"never seen": Figures({metric.name: metric.value(items) for metric in self.metrics(held_out)})}

    def details(self, items: Items) -> dict[str, Any]:
        """Texts with repeated personal data by type."""
        types = sorted({each for types in items["repeated_types"] for each in types})
        counts = {each: sum(each in types for types in items["repeated_types"]) for each in types}
        return {"repeated_personal_data": counts}


_TEXTS_AT_ONCE = 64


def _equal(expected: Sequence[int], given: Sequence[int]) -> int:
    """Tokens that agree before the first that differs."""
    pairs = zip(expected, given, strict=False)
    return next((n for n, (one, other) in enumerate(pairs) if one != other), min(len(expected), len(given)))


def _repeated(examples: Sequence[Passage], answers: Sequence[Sequence[int]]) -> list[list[str]]:
    """For each text the types of personal data in it that stand in the training text too."""
    from firstwords.data.personal_data import personal_data
    from firstwords.evaluation.training_documents import occurrences

    looks = []
    for example, answer in zip(examples, answers, strict=True):
        text = example.training.tokenizer.decode(list(answer), keep_special=False)
        looks.append([(span.type, text[span.start : span.end]) for span in personal_data(text)])
    strings = {string for found in looks for _, string in found}
    there = occurrences(examples[0].training.documents, strings) if strings else {}
    return [sorted({kind for kind, string in found if there[string]}) for found in looks]
