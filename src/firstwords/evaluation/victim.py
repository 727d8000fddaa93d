"""What an attack asks a model: how sure is it of the gold answer, and does it still give it?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from firstwords.data.dataset import TextRecord, WordsRecord
from firstwords.evaluation.attack import Subject
from firstwords.inference.language_model import LanguageModel
from firstwords.metrics.entities import find_entities


class Verdict(NamedTuple):
    """What a model says about a subject.

    Attributes:
        score: The log-probability of the gold label, in nats; of a sentence, that of the gold tags, summed.
        answer: Its label, or its tags.
        is_right: Whether it still says what is to be defended: the label, or every gold entity with its type.
    """

    score: float
    answer: Any
    is_right: bool


Victim = Callable[[Sequence[Subject]], list[Verdict]]
"""Answers many subjects at once."""


def victim_of(model: LanguageModel, record: type) -> Victim:
    """A model as a victim, for records of a class."""
    return {TextRecord: classifier, WordsRecord: tagger}[record](model)


def classifier(model: LanguageModel) -> Victim:
    """A model that gives a label."""
    return label_victim(model.labels, model.label_log_probabilities)


def label_victim(labels: Sequence[str], log_probabilities: Callable[[list[str]], np.ndarray]) -> Victim:
    """Anything that gives (E, K) log-probabilities of labels for texts."""
    numbers = {label: number for number, label in enumerate(labels)}

    def judge(subjects: Sequence[Subject]) -> list[Verdict]:
        rows = log_probabilities([subject.shown for subject in subjects])
        verdicts = []
        for subject, row in zip(subjects, rows, strict=True):
            answer = labels[int(row.argmax())]
            # A label that the model never learnt cannot be given; nothing is lost by attacking such a text.
            gold = numbers.get(str(subject.gold))
            score = -np.inf if gold is None else float(row[gold])
            verdicts.append(Verdict(score, answer, answer == subject.gold))
        return verdicts

    return judge


def tagger(model: LanguageModel) -> Victim:
    """A model that gives tags."""
    from firstwords.inference.labelling import tag_log_probabilities

    numbers = {tag: number for number, tag in enumerate(model.labels)}

    def judge(subjects: Sequence[Subject]) -> list[Verdict]:
        sentences = [subject.words for subject in subjects]
        rows = tag_log_probabilities(model.model, model.tokenizer, sentences)
        verdicts = []
        for subject, tags, row in zip(subjects, model.tags(sentences), rows, strict=True):
            gold = [(place, numbers[tag]) for place, tag in enumerate(subject.gold) if tag in numbers]
            score = float(sum(row[place, number] for place, number in gold))
            kept = set(find_entities(subject.gold)) <= set(find_entities(tags))
            verdicts.append(Verdict(score, tuple(tags), kept))
        return verdicts

    return judge
