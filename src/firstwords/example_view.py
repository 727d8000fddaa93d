"""Labelled examples as the model will see them, before anything is trained: `firstwords show RECIPE --examples NAME`.

Most fine-tuning that fails was lost here: a label on the wrong column, a text cut where it matters, a tag on the wrong
word. So the tokens are shown with their labels, as the objective encodes them.
"""

from __future__ import annotations

import json
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from firstwords.console import printable
from firstwords.data.conversation import PreferenceRecord
from firstwords.data.dataset import PARTS, Record, label_names
from firstwords.errors import RecipeError
from firstwords.find import nearest
from firstwords.graph import Graph, Plan
from firstwords.model.base import BaseFolder, BaseStage
from firstwords.recipe import kind_of
from firstwords.recipe_file import read_recipe

if TYPE_CHECKING:
    from firstwords.tokenizer.tokenizer import Tokenizer
    from firstwords.training.batch import Example

WIDTH = 80
# Of a base that is not trained yet the context is not known; examples are then cut as most small models would.
USUAL_CONTEXT = 512
MOST_NAMES = 40


@dataclass(frozen=True)
class ShownExample:
    """An encoded example in words.

    Attributes:
        part: `train`, `validation` or `test`.
        id: Of the record.
        tokens: The text of each token; a space in front is part of it.
        input_ids: Their ids.
        token_labels: One a token, None where nothing is predicted; empty where labels are of the whole text.
        labels: Of the whole text; empty where each token has its own.
        documents: How many pieces a text that is longer than the context was cut into.
        learnt: Whether each token is predicted, where the next token is what is learnt; empty elsewhere.
    """

    part: str
    id: str
    tokens: list[str]
    input_ids: list[int]
    token_labels: list[str | None]
    labels: list[str]
    documents: int
    learnt: list[bool] = field(default_factory=list)


@dataclass(frozen=True)
class ExampleView:
    """Some examples of each part, and how many there are."""

    stage: str
    counts: dict[str, int]
    labels: list[str]
    context: int
    examples: list[ShownExample]
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def examples_of(recipe: str | Path, stage: str, root: Path, limit: int) -> ExampleView:
    """The first examples of each part of a fine-tuning's data, encoded.

    Args:
        recipe: A TOML file.
        stage: Full name, `finetune.x`.
        root: Folder of all artifacts: where the base's tokenizer is looked for.
        limit: At most so many of each part.

    Raises:
        RecipeError: If the recipe has no such stage, the data is malformed, or there is no tokenizer yet.
    """
    from firstwords.tokenizer.conversation import DoesNotFit, with_template
    from firstwords.tokenizer.tokenizer import Tokenizer
    from firstwords.training.episodes import Question

    plan = Plan(Graph(read_recipe(recipe)), root)
    found: Any = plan.graph.stage(stage)
    if found is None or stage.partition(".")[0] != "finetune":
        names = plan.graph.names("finetune")
        there = ", ".join(names) or "none"
        raise RecipeError(f"{recipe}: no fine-tuning '{stage}'.{nearest(stage, names)} There are: {there}")
    folder, context, note = _tokenizer_folder(plan, found.base)
    documents = _documents(plan, stage) if found.data.needs_documents else None
    parts = found.data.parts(documents)
    if type(found.objective).has_labels:
        tokenizer = Tokenizer.load(folder)
    else:
        with tempfile.TemporaryDirectory() as place:
            tokenizer = with_template(folder, Path(place))
    if found.correct is not None:
        tokenizer.known_words = found.correct.known_words(parts["train"], tokenizer)
    labels = label_names([*parts["train"], *parts["validation"]])
    shown: list[ShownExample] = []
    for part in PARTS:
        fitting = 0
        for row, record in enumerate(parts[part]):
            if limit and fitting == limit:
                break
            try:
                example = found.objective.encode(record, tokenizer, labels, context, row)
            except DoesNotFit:  # training leaves it out too, and says how many
                continue
            except ValueError as error:
                raise RecipeError(f"{kind_of(type(found.data))}: {part}: {error}") from error
            if isinstance(example, Question) or not type(found.objective).has_labels:
                shown += _predicted(part, record, example, tokenizer)
            else:
                shown.append(_shown(part, record.id, example, tokenizer, labels))
            fitting += 1
    return ExampleView(stage, {part: len(parts[part]) for part in PARTS}, labels, context, shown, note)


def lines(view: ExampleView, width: int = WIDTH) -> Iterator[str]:
    """The view as text of a width: a head for each example, then its tokens, a label behind each that has one."""
    counts = ", ".join(f"{number:,} {part}" for part, number in view.counts.items())
    names = view.labels[:MOST_NAMES] + (["..."] if len(view.labels) > MOST_NAMES else [])
    named = f"   {len(view.labels)} labels: {', '.join(names)}" if names else ""
    yield from textwrap.wrap(f"{view.stage}   {counts}{named}", width)
    if view.note:
        yield from textwrap.wrap(view.note, width)
    for each in view.examples:
        cut = f", {each.documents} documents of at most {view.context}" if each.documents > 1 else ""
        yield ""
        yield from textwrap.wrap(printable(f"{each.part}   {each.id}   {len(each.tokens)} tokens{cut}"), width)
        if each.learnt:
            yield from _runs(each, width)
            continue
        if each.labels or not each.token_labels:
            yield from textwrap.wrap(
                printable(f"  label: {', '.join(each.labels) or 'none'}"), width, subsequent_indent="    "
            )
        words = [
            _visible(token) + ("" if label is None else f"/{label}")
            for token, label in zip(each.tokens, each.token_labels or [None] * len(each.tokens), strict=True)
        ]
        yield from _filled(words, width)


def _runs(example: ShownExample, width: int) -> Iterator[str]:
    """What is read and what is learnt, one behind the other."""
    tokens = zip(example.learnt, example.tokens, strict=True)
    for is_learnt, run in groupby(tokens, key=lambda pair: pair[0]):
        yield "  learnt:" if is_learnt else "  read:"
        yield from _filled([_visible(token) for _, token in run], width, "   ")


def _filled(words: Sequence[str], width: int, indent: str = " ") -> Iterator[str]:
    line = indent
    for word in words:
        shown = word if len(word) < width - 1 else word[: width - 5] + "..."
        if len(line) + 1 + len(shown) > width:
            yield line
            line = indent
        line += " " + shown
    yield line


def _visible(token: str) -> str:
    """A token with its white space made visible."""
    return printable(token.replace(" ", "\N{MIDDLE DOT}").replace("\n", "\\n").replace("\t", "\\t"))


def _shown(part: str, name: str, example: Example, tokenizer: Tokenizer, labels: Sequence[str]) -> ShownExample:
    ids = [int(each) for each in example.input_ids]
    found: Any = example.labels
    token_labels: list[str | None] = []
    whole: list[str] = []
    if isinstance(found, int):
        whole = [labels[found]]
    elif found is not None and np.asarray(found).dtype != bool:
        token_labels = [None if number < 0 else labels[number] for number in found]
    elif found is not None:
        whole = [label for label, is_set in zip(labels, found, strict=True) if is_set]
    return ShownExample(
        part=part,
        id=name,
        tokens=[tokenizer.decode([each]) for each in ids],
        input_ids=ids,
        token_labels=token_labels,
        labels=whole,
        documents=len(example.document_bounds) - 1,
    )


def _predicted(part: str, record: Record, example: Example, tokenizer: Tokenizer) -> Iterator[ShownExample]:
    """Where the next token is what is learnt: one for each document, the token behind its last included."""
    from firstwords.training.batch import IGNORED
    from firstwords.training.episodes import Question

    ids, targets = np.asarray(example.input_ids), example.labels
    if isinstance(example, Question):  # of an episode: a text and what is to be said of it; others come before it
        assert example.answer is not None
        documents = [([*ids, *example.answer], [False] * len(ids) + [True] * len(example.answer))]
    else:
        bounds = example.document_bounds
        documents = []
        for start, end in pairwise(bounds):
            behind = np.asarray(targets)[start:end]
            last = [int(behind[-1])] if behind[-1] != IGNORED else []
            documents.append(([*ids[start:end], *last], [False, *(behind[: end - start - 1 + len(last)] != IGNORED)]))
    names = [f"piece {number} of {len(documents)}" for number in range(1, len(documents) + 1)]
    if isinstance(record, PreferenceRecord):
        names = ["the preferred answer", "the other answer"]
    for name, (tokens, learnt) in zip(names, documents, strict=True):
        yield ShownExample(
            part=part,
            id=record.id if len(documents) == 1 else f"{record.id}, {name}",
            tokens=[tokenizer.decode([int(each)]) or tokenizer.token(int(each)) or "" for each in tokens],
            input_ids=[int(each) for each in tokens],
            token_labels=[],
            labels=[],
            documents=1,
            learnt=[bool(each) for each in learnt],
        )


def _tokenizer_folder(plan: Plan, base: BaseFolder | BaseStage) -> tuple[Path, int, str]:
    """Where the base's tokenizer is, its context, and what is to be said about it.

    Args:
        plan: Of the recipe.
        base: Of the fine-tuning.
    """
    if isinstance(base, BaseFolder):
        return base.folder, _context(base.folder), ""
    if (trained := plan.artifact(base.name)) is not None:
        return trained.path("model"), _context(trained.path("model")), ""
    waiting, seen = [base.name], set[str]()
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        if name.partition(".")[0] == "train_tokenizer" and (made := plan.artifact(name)) is not None:
            context = next(filter(None, (_planned_context(plan, each) for each in seen)), USUAL_CONTEXT)
            note = f"{base.name} is not trained yet: its tokenizer with a context of {context} tokens"
            return made.folder, context, note
        waiting += plan.graph.inputs.get(name, {}).values()
    raise RecipeError(
        f"the tokenizer of {base.name} is not there yet: "
        f"firstwords run {plan.graph.recipe.path} --until train_tokenizer"
    )


def _planned_context(plan: Plan, stage: str) -> int | None:
    """What a recipe says of the context of a pre-training."""
    found: Any = plan.graph.stage(stage)
    return getattr(found.model, "context", None) if stage.partition(".")[0] == "pretrain" else None


def _context(folder: Path) -> int:
    try:
        values = json.loads((folder / "config.json").read_bytes())
        return int(values["max_position_embeddings"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecipeError(f"{folder}: config.json does not tell how long a text may be: {error}") from None


def _documents(plan: Plan, stage: str) -> Path:
    name = plan.graph.inputs[stage]["documents"]
    artifact = plan.artifact(name)
    if artifact is None:
        raise RecipeError(
            f"the labels of {stage} are made from documents: firstwords run {plan.graph.recipe.path} --until {name}"
        )
    return artifact.path("documents")
