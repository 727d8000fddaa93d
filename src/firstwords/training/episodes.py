"""Episodes: some examples of one task, then a question of the same task, all in one document.

An episode is drawn anew in every epoch, as a pure function of the row's random numbers. What it is drawn from, the
texts of the task, hangs at the rows themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from firstwords.errors import RecipeError
from firstwords.training.batch import Example

MOST_LOST = 0.6
"""Of a repeated text's tokens; as many of another text join them, so that a third may still be shared."""
DAMAGED_SHARE = 0.7
"""Of the episodes of repeated texts; in the others texts come back unchanged."""


@dataclass(frozen=True, eq=False)
class TaskTexts:
    """All texts of a task.

    Attributes:
        name: Of the task.
        texts: Token ids of each.
        classes: (N,) class of each text, a number within the task.
        answers: Token ids of each class's name, ending with the line break.
        by_class: Texts of each class, by their numbers.
        content: (N,) equal numbers for equal texts.
    """

    name: str
    texts: list[np.ndarray]
    classes: np.ndarray
    answers: list[np.ndarray]
    by_class: list[np.ndarray]
    content: np.ndarray


@dataclass(frozen=True, eq=False)
class Pool:
    """What all tasks share: names that may stand in for a label.

    Attributes:
        names: Token ids of every class's name of every task.
        words: Tokens that occur in texts, each a possible name.
        num_last: So many tokens end every text alike: the lead of its label.
    """

    names: list[np.ndarray]
    words: np.ndarray
    num_last: int = 0


@dataclass(frozen=True, slots=True)
class Question(Example):
    """A text and its label as a row; the examples before it are drawn when the row is used.

    `input_ids` are the text's, `labels` is the number of its class within the task.

    Attributes:
        task_name: Which task it belongs to.
        answer: Token ids of the label's name.
        task: The texts of its task; None until `related`.
        pool: What all tasks share.
        place: Number of the text in its task.
        expected_tokens: Of an episode, about; batches are made by it.
    """

    task_name: str = ""
    answer: np.ndarray | None = None
    task: TaskTexts | None = None
    pool: Pool | None = None
    place: int = 0
    expected_tokens: int = 0

    def __len__(self) -> int:
        return self.expected_tokens or len(self.input_ids)


@dataclass(frozen=True)
class Episode:
    """Examples and a question.

    Attributes:
        texts: Token ids of the texts; the question is the last.
        classes: (k + 1,) which of `candidates` is right for each text.
        candidates: Token ids of the names that the question is asked to choose from.
        is_told: Whether names say what they mean; elsewhere they can only be learnt from the examples.
        numbers: (W,) class of each candidate, a number within the task.
    """

    texts: list[np.ndarray]
    classes: np.ndarray
    candidates: list[np.ndarray]
    is_told: bool
    numbers: np.ndarray


def related(rows: Sequence[Example], num_examples: int) -> list[Question]:
    """Rows that know the texts of their task.

    Args:
        rows: All `Question`s of one part.
        num_examples: Of an episode.

    Raises:
        RecipeError: If a task has fewer than two labels.
    """
    by_task: dict[str, list[Question]] = defaultdict(list)
    for row in rows:
        assert isinstance(row, Question)
        by_task[row.task_name].append(row)
    tasks = {name: _task(name, questions) for name, questions in by_task.items()}
    names = [name for task in tasks.values() for name in task.answers]
    words = np.unique(np.concatenate([text for task in tasks.values() for text in task.texts] or [np.zeros(0, int)]))
    pool = Pool(names, words, _common_end([text for task in tasks.values() for text in task.texts]))
    found = []
    for name, questions in by_task.items():
        task = tasks[name]
        part = sum(map(len, task.texts)) / len(task.texts) + sum(map(len, task.answers)) / len(task.answers)
        numbers = {answer.tobytes(): number for number, answer in enumerate(task.answers)}
        for place, question in enumerate(questions):
            assert question.answer is not None
            number = numbers[question.answer.tobytes()]
            expected = round((num_examples + 1) * part)
            found.append(replace(question, labels=number, task=task, pool=pool, place=place, expected_tokens=expected))
    return sorted(found, key=lambda question: question.row)


def _common_end(texts: Sequence[np.ndarray]) -> int:
    """How many last tokens all texts share; at least one token of each is left before them."""
    shared = 0
    while shared < min(map(len, texts)) - 1 and len({int(text[-1 - shared]) for text in texts}) == 1:
        shared += 1
    return shared


def _task(name: str, questions: list[Question]) -> TaskTexts:
    answers: dict[bytes, np.ndarray] = {}
    for question in questions:
        assert question.answer is not None
        answers.setdefault(question.answer.tobytes(), question.answer)
    keys = sorted(answers)
    if len(keys) < 2:
        raise RecipeError(f"task '{name}' has one label only: nothing can be learnt from examples of it")
    numbers = {key: number for number, key in enumerate(keys)}
    classes = np.array([numbers[question.answer.tobytes()] for question in questions])  # type: ignore[union-attr]
    contents: dict[bytes, int] = {}
    content = np.array([contents.setdefault(q.input_ids.tobytes(), len(contents)) for q in questions])
    by_class = [np.flatnonzero(classes == number) for number in range(len(keys))]
    return TaskTexts(name, [q.input_ids for q in questions], classes, [answers[key] for key in keys], by_class, content)


def balanced_counts(num_examples: int, ways: int, generator: np.random.Generator) -> np.ndarray:
    """(W,) how many examples each class gets: equally many, what is left over drawn."""
    counts = np.full(ways, num_examples // ways)
    counts[generator.permutation(ways)[: num_examples % ways]] += 1
    return counts


def draw_episode(
    question: Question,
    generator: np.random.Generator,
    *,
    num_examples: int,
    ways: tuple[int, int],
    permuted_share: float = 0.0,
    arbitrary_share: float = 0.0,
    repeated_share: float = 0.0,
) -> Episode:
    """The episode of a question.

    Args:
        question: Related to its task.
        generator: Every choice comes from it.
        num_examples: Before the question, balanced over the classes; fewer where a class has too few texts.
        ways: Fewest and most classes.
        permuted_share: Of the episodes whose names change places.
        arbitrary_share: Of the episodes whose names are those of other tasks or words drawn at random.
        repeated_share: Of the episodes whose classes are single texts, damaged (`_repeated`); the other shares are of
            what is left.
    """
    task, pool = question.task, question.pool
    assert task is not None and pool is not None
    most = min(ways[1], len(task.answers))
    num_ways = int(generator.integers(min(ways[0], most), most + 1))
    own = int(question.labels)  # type: ignore[arg-type]
    others = np.delete(np.arange(len(task.answers)), own)
    numbers = generator.permutation(np.append(generator.choice(others, num_ways - 1, replace=False), own))
    if repeated_share and generator.random() < repeated_share:
        return _repeated(question, num_ways, num_examples, generator)
    chosen: list[tuple[int, int]] = []
    for way, count in enumerate(balanced_counts(num_examples, num_ways, generator)):
        texts = task.by_class[numbers[way]]
        texts = texts[task.content[texts] != task.content[question.place]]
        chosen += [(int(text), way) for text in generator.choice(texts, min(int(count), len(texts)), replace=False)]
    chosen = [chosen[place] for place in generator.permutation(len(chosen))]
    kind = generator.random()
    names = [task.answers[number] for number in numbers]
    is_told = kind >= permuted_share + arbitrary_share
    if kind < permuted_share:
        names = [names[place] for place in generator.permutation(num_ways)]
    elif not is_told:
        names = _arbitrary_names(pool, num_ways, names[0][-1:], generator)
    way = int(np.flatnonzero(numbers == own)[0])
    texts = [task.texts[text] for text, _ in chosen] + [task.texts[question.place]]
    return Episode(texts, np.array([each for _, each in chosen] + [way]), names, is_told, numbers)


def _repeated(question: Question, num_ways: int, num_examples: int, generator: np.random.Generator) -> Episode:
    """An episode in which each class is a single text, of which some words are lost and some strange ones join.

    Names are arbitrary. The texts are those of the task, whatever their labels; the question's own is one of them.
    """
    task, pool = question.task, question.pool
    assert task is not None and pool is not None
    places = [question.place]
    for place in generator.permutation(len(task.texts))[: 8 * num_ways]:
        if len(places) < num_ways and all(task.content[place] != task.content[each] for each in places):
            places.append(int(place))
    if len(places) < 2:
        raise RecipeError(f"task '{question.task_name}': repeated_share needs texts that differ")
    bodies = [task.texts[place][: len(task.texts[place]) - pool.num_last] for place in places]
    last = question.input_ids[len(question.input_ids) - pool.num_last :]
    shown = np.repeat(np.arange(len(places)), balanced_counts(num_examples, len(places), generator))
    ways = np.append(generator.permutation(shown), generator.integers(len(places)))
    lost = generator.uniform(0.0, MOST_LOST) if generator.random() < DAMAGED_SHARE else 0.0
    texts = []
    for way in ways:
        strange = task.texts[int(generator.integers(len(task.texts)))]
        strange = strange[: len(strange) - pool.num_last]
        parts = [_some(bodies[way], 1 - lost, generator), strange[generator.random(len(strange)) < lost]]
        texts.append(np.concatenate([*(parts if generator.random() < 0.5 else parts[::-1]), last]))
    names = _arbitrary_names(pool, len(places), task.answers[0][-1:], generator)
    return Episode(texts, ways, names, False, task.classes[places])


def _some(tokens: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    kept = generator.random(len(tokens)) < share
    return tokens[kept] if kept.any() else tokens


def _arbitrary_names(pool: Pool, number: int, end: np.ndarray, generator: np.random.Generator) -> list[np.ndarray]:
    """Names that mean nothing here, no two alike: of other tasks, or one or two words."""
    found: dict[bytes, np.ndarray] = {}
    borrowed = generator.random() < 0.5 and len(pool.names) >= 2 * number
    for _ in range(64 * number):
        if len(found) == number:
            break
        if borrowed:
            name = pool.names[int(generator.integers(len(pool.names)))]
        else:
            words = generator.choice(pool.words, int(generator.integers(1, 3)))
            name = np.concatenate([words, end]).astype(np.int32)
        found.setdefault(name.tobytes(), name)
    names = list(found.values())
    return names + names[: number - len(names)]
