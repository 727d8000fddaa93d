"""The search for the worst change of a text: word by word, the most important one first, for many texts at once.

Each text is searched by a generator that asks questions and waits; whatever all of them ask goes through the model
together. The order among texts changes nothing, since each has its own random numbers and its own budget.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from firstwords.evaluation.attack import Attack, Proposer, Subject
from firstwords.evaluation.victim import Verdict, Victim

# Subjects that are searched side by side: enough to fill the model, few enough to be told about.
AT_ONCE = 64


@dataclass(frozen=True)
class Attacked:
    """How an attack on an item ended.

    Attributes:
        subject: The worst that was found; the item itself where nothing hurt.
        answer: What the model says about it.
        clean: What the model says about the item itself.
        was_right: Whether the model was right before; what was wrong is not attacked.
        is_right: Whether it is right now.
        queries: Different texts that the model was asked about, the unchanged one included.
        changed: Share of the words that were changed.
    """

    subject: Subject
    answer: Any
    clean: Any
    was_right: bool
    is_right: bool
    queries: int
    changed: float


Search = Generator[list[Subject], list[Verdict], Attacked]


def attacked_all(
    attack: Attack,
    propose: Proposer,
    victim: Victim,
    subjects: Sequence[Subject],
    generator: Callable[[int], np.random.Generator],
    progress: Callable[[int, int], None],
) -> list[Attacked]:
    """Attack many subjects.

    Args:
        attack: Its places and limits.
        propose: Of the attack.
        victim: The model.
        subjects: To be attacked.
        generator: Random numbers of a subject, by its number.
        progress: Told how many are done, and of how many.
    """
    results: dict[int, Attacked] = {}
    waiting = list(range(len(subjects)))[::-1]
    live: dict[int, tuple[Search, list[Subject]]] = {}
    while waiting or live:
        while waiting and len(live) < AT_ONCE:
            number = waiting.pop()
            search = greedy(attack, propose, subjects[number], generator(number))
            live[number] = search, next(search)
        questions = [question for _, asked in live.values() for question in asked]
        verdicts = iter(victim(questions))
        for number, (search, asked) in list(live.items()):
            try:
                live[number] = search, search.send([next(verdicts) for _ in asked])
            except StopIteration as end:
                results[number] = end.value
                del live[number]
                progress(len(results), len(subjects))
    return [results[number] for number in range(len(subjects))]


def greedy(attack: Attack, propose: Proposer, subject: Subject, generator: np.random.Generator) -> Search:
    """Search for one subject: yields what it asks, is sent the verdicts, returns how it ended.

    Source: Gao et al. 2018 (DeepWordBug); Jin et al. 2020 (TextFooler), algorithm 1, for the order of the words.
    """
    (clean,) = yield [subject]
    known: dict[Any, Verdict] = {_key(subject): clean}
    best, verdict = subject, clean
    changed: set[int] = set()

    def outcome() -> Attacked:
        share = _num_changed(subject, best) / max(1, len(subject.words))
        return Attacked(best, verdict.answer, clean.answer, clean.is_right, verdict.is_right, len(known), share)

    def affordable(asked: list[Subject]) -> list[Subject]:
        """What is new, as far as the budget goes."""
        fresh = list({_key(each): each for each in asked if _key(each) not in known}.values())
        return fresh[: attack.max_queries - len(known)]

    places = attack.places(subject)
    if not clean.is_right or not places:
        return outcome()
    order = places
    if len(places) > 1:
        # Without the word: what hurts most is tried first. The asked texts are counted, but never the result.
        asked = affordable([subject.without(place) for place in places if len(subject.words) > 1])
        answers = (yield asked) if asked else []
        known |= {_key(each): answer for each, answer in zip(asked, answers, strict=True)}
        left = {place: known.get(_key(subject.without(place))) for place in places}
        # A sentence loses the tag of the word too, so it is the score per word that is compared.
        order = sorted(places, key=lambda place: (_per_word(left[place], subject), place))
    shifts: list[tuple[int, int]] = []
    for place in order:
        if len(changed) >= max(1, int(attack.max_share * len(subject.words))) or len(known) >= attack.max_queries:
            break
        # What was put in before may be longer or shorter than what stood there.
        now = place + sum(grown for where, grown in shifts if where < place)
        candidates = affordable(propose(best, now, generator))
        if not candidates:
            continue
        answers = yield candidates
        known |= {_key(each): answer for each, answer in zip(candidates, answers, strict=True)}
        worst = min(range(len(candidates)), key=lambda i: (answers[i].is_right, answers[i].score))
        if answers[worst].score < verdict.score or not answers[worst].is_right:
            shifts.append((place, len(candidates[worst].words) - len(best.words)))
            best, verdict = candidates[worst], answers[worst]
            changed.add(place)
        if not verdict.is_right:
            break
    return outcome()


def _key(subject: Subject) -> Any:
    return subject.shown, subject.gold


def _per_word(verdict: Verdict | None, subject: Subject) -> float:
    if verdict is None:
        return np.inf
    return verdict.score if subject.gaps is not None else verdict.score / max(1, len(subject.words) - 1)


def _num_changed(before: Subject, after: Subject) -> int:
    """Words of the one that are not at their place in the other."""
    if len(before.words) == len(after.words):
        return sum(a != b for a, b in zip(before.words, after.words, strict=True))
    same_start = next((i for i, (a, b) in enumerate(zip(before.words, after.words, strict=False)) if a != b), 0)
    tails = zip(before.words[same_start:][::-1], after.words[same_start:][::-1], strict=False)
    same_end = next((i for i, (a, b) in enumerate(tails) if a != b), 0)
    return len(before.words) - same_start - same_end
