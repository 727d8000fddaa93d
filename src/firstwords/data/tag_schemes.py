"""The ways in which tags of words mark where entities begin and end, and all of them as IOB2.

`iob1`: B- only where an entity follows another of its type directly. `iob2` (BIO): B- at every beginning. `iobes` and
`bilou`: also the last word (E-, L-) and an entity of one word (S-, U-) have tags of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from firstwords.data.dataset import OUTSIDE
from firstwords.errors import RecipeError

Scheme = Literal["auto", "iob1", "iob2", "iobes", "bilou"]
SCHEMES = ("iob1", "iob2", "iobes", "bilou")

_BEGIN = {"iob1": "B", "iob2": "B", "iobes": "BS", "bilou": "BU"}
_INSIDE = {"iob1": "I", "iob2": "I", "iobes": "IE", "bilou": "IL"}
# Last words of entities: what follows may not go on.
_LAST = {"iobes": "ES", "bilou": "LU"}

Told = Callable[[int, str], str]
"""From the place of a tag in its sentence and what is wrong to a message with file and line."""


def recognised(sentences: Iterable[Sequence[str]]) -> str:
    """The scheme of tags, by the prefixes that occur.

    S and E mean `iobes`, U and L mean `bilou`; with B and I alone it is `iob2` if every entity begins with B, else
    `iob1`. Without an I both readings agree.
    """
    begins_inside = False
    for tags in sentences:
        before = OUTSIDE
        for tag in tags:
            prefix, dash, kind = tag.partition("-")
            if dash and prefix in ("S", "E"):
                return "iobes"
            if dash and prefix in ("U", "L"):
                return "bilou"
            begins_inside |= prefix == "I" and bool(dash) and before[2:] != kind
            before = tag
    return "iob1" if begins_inside else "iob2"


def as_iob2(tags: Sequence[str], scheme: str, told: Told) -> tuple[str, ...]:
    """The tags of a sentence in IOB2.

    Args:
        tags: `O`, or a prefix of the scheme, a hyphen and a type.
        scheme: One of `SCHEMES`.
        told: Makes the message of an error.

    Raises:
        RecipeError: If a tag is none of the scheme, or cannot stand where it does.
    """
    found: list[str] = []
    is_open, before_kind = False, ""
    for place, tag in enumerate([*tags, OUTSIDE]):
        prefix, dash, kind = tag.partition("-")
        is_tag = len(prefix) == 1 and bool(dash and kind)
        inside = is_tag and prefix in _INSIDE[scheme]
        if tag != OUTSIDE and not inside and not (is_tag and prefix in _BEGIN[scheme]):
            known = ", ".join(f"{each}-<type>" for each in _BEGIN[scheme] + _INSIDE[scheme])
            raise RecipeError(told(place, f"'{tag}' is not a tag of {scheme}: expected {OUTSIDE}, {known}"))
        goes_on = inside and is_open and kind == before_kind
        if scheme in _LAST and is_open and not goes_on:
            raise RecipeError(told(min(place, len(tags) - 1), f"'{tag}' stands where the entity {before_kind} is open"))
        if inside and not goes_on and scheme != "iob1":
            raise RecipeError(told(place, f"'{tag}' continues no {kind} entity"))
        if place < len(tags):
            found.append(tag if tag == OUTSIDE else f"{'I' if goes_on else 'B'}-{kind}")
        is_open = tag != OUTSIDE and prefix not in _LAST.get(scheme, "")
        before_kind = kind
    return tuple(found)
