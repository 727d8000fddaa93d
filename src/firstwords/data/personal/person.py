"""Names of persons, as a model finds them, among the other spans of a text."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

from firstwords.data.personal.finder import Span


def with_persons(
    spans: Mapping[int, Sequence[Span]],
    texts: Sequence[bytes],
    find: Callable[[list[str]], Sequence[Sequence[tuple[int, int]]]],
) -> dict[int, list[Span]]:
    """The spans of each text with those of persons; where both overlap, the others stay.

    Args:
        spans: Index of a text to its spans in bytes, in order.
        texts: UTF-8.
        find: Start and end, in characters, of the names in each of some texts.
    """
    asked = [index for index, text in enumerate(texts) if text]
    decoded = [texts[index].decode() for index in asked]
    found = find(decoded) if asked else []
    joined = {}
    for index, text, places in zip(asked, decoded, found, strict=True):
        others = list(spans.get(index, ()))
        persons = [Span("person", *place) for place in _in_bytes(text, places)]
        free = [person for person in persons if all(s.end <= person.start or s.start >= person.end for s in others)]
        if others or free:
            joined[index] = sorted([*others, *free], key=lambda span: span.start)
    return joined


def _in_bytes(text: str, places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    if not places or text.isascii():
        return list(places)
    ends = list(itertools.accumulate((len(character.encode()) for character in text), initial=0))
    return [(ends[start], ends[end]) for start, end in places]
