# ruff: noqa: SIM102, SIM110  (numba compiles loops; generators it does not)
# mypy: disable-error-code="no-untyped-def"
"""Tags, comments and raw text of HTML, read as the standard's tokenizer reads them (13.2.5), compiled by numba."""

from __future__ import annotations

from typing import Any

import numpy as np

from firstwords.data.kernels import compiled

PRIME = np.uint64(0x100000001B3)
BASIS = np.uint64(0xCBF29CE484222325)
# Columns of what `read_tag` finds: ends of spans follow their beginnings, -1 where there is none.
NAME_TO, CLASS, CLASS_TO, ID, ID_TO, ROLE, ROLE_TO, HIDDEN, CLOSED, HAS_FACTS, BESIDE = range(11)
NUM_FOUND = 11


@compiled
def is_space(byte):
    """White space as markup knows it."""
    return byte == 32 or 9 <= byte <= 13


@compiled
def is_letter(byte):
    """An ASCII letter."""
    return 97 <= byte <= 122 or 65 <= byte <= 90


@compiled
def lower(byte):
    """An ASCII letter in lower case; other bytes as they are."""
    return byte + 32 if 65 <= byte <= 90 else byte


@compiled
def hash_lower(data, start, end):
    """FNV-1a of a span in lower case."""
    value = BASIS
    for at in range(start, end):
        value = (value ^ np.uint64(lower(data[at]))) * PRIME
    return value


@compiled
def look_up(keys, value):
    """Place of a key in an open hash table (0: empty), -1 if it is not there."""
    at: Any = np.int64(value % np.uint64(len(keys)))
    while keys[at] != 0:
        if keys[at] == value:
            return at
        at = at + 1 if at + 1 < len(keys) else 0
    return -1


@compiled
def equals(data, start, end, word):
    """Whether a span says a lower-case word, in any case."""
    if end - start != len(word):
        return False
    for at in range(len(word)):
        if lower(data[start + at]) != word[at]:
            return False
    return True


@compiled
def _holds(data, start, end, word):
    for at in range(start, end - len(word) + 1):
        if lower(data[at]) == word[0] and equals(data, at, at + len(word), word):
            return True
    return False


@compiled
def _hides(data, start, end):
    """Whether a style attribute says `display:none`, with blanks anywhere."""
    word = b"display:none"
    found = 0
    for at in range(start, end):
        byte = lower(data[at])
        if is_space(byte):
            continue
        found = found + 1 if byte == word[found] else 1 if byte == word[0] else 0
        if found == len(word):
            return True
    return False


@compiled
def _is_relation(data, start, end):
    """Whether what a link leads to stands beside the page: its author, its neighbours, its tags."""
    return (
        equals(data, start, end, b"author")
        or equals(data, start, end, b"prev")
        or equals(data, start, end, b"next")
        or equals(data, start, end, b"tag")
        or equals(data, start, end, b"search")
    )


@compiled
def _note_attribute(data, name, name_to, value, value_to, found):
    """Keep what is asked of an attribute; the first of a name counts."""
    length = name_to - name
    if length == 5 and equals(data, name, name_to, b"class"):
        if found[CLASS] < 0:
            found[CLASS], found[CLASS_TO] = value, value_to
    elif length == 2 and equals(data, name, name_to, b"id"):
        if found[ID] < 0:
            found[ID], found[ID_TO] = value, value_to
    elif length == 4 and equals(data, name, name_to, b"role"):
        if found[ROLE] < 0:
            found[ROLE], found[ROLE_TO] = value, value_to
    elif length == 6 and equals(data, name, name_to, b"hidden"):
        found[HIDDEN] = 1
    elif length == 5 and equals(data, name, name_to, b"style"):
        if _hides(data, value, value_to):
            found[HIDDEN] = 1
    elif length == 3 and equals(data, name, name_to, b"rel"):
        if _holds(data, value, value_to, b"license") or _holds(data, value, value_to, b"canonical"):
            found[HAS_FACTS] = 1
        if _is_relation(data, value, value_to):
            found[BESIDE] = 1
    elif length == 4 and equals(data, name, name_to, b"href"):
        if _holds(data, value, value_to, b"creativecommons.org/"):
            found[HAS_FACTS] = 1
    elif length == 8 and equals(data, name, name_to, b"itemprop"):
        if (
            equals(data, value, value_to, b"datepublished")
            or equals(data, value, value_to, b"author")
            or equals(data, value, value_to, b"url")
        ):
            found[BESIDE] = 1
    elif length == 11 and equals(data, name, name_to, b"aria-hidden"):
        if equals(data, value, value_to, b"true"):
            found[BESIDE] = 1
    elif length == 13 and equals(data, name, name_to, b"aria-expanded"):
        if equals(data, value, value_to, b"false"):
            found[BESIDE] = 1


@compiled
def read_tag(data, at, end, found):
    """Read a tag from its name on; returns the position behind `>`, or -1 if the page ends inside."""
    found[:] = -1
    found[HIDDEN] = found[CLOSED] = found[HAS_FACTS] = found[BESIDE] = 0
    while at < end and not is_space(data[at]) and data[at] != 47 and data[at] != 62:
        at += 1
    found[NAME_TO] = at
    while at < end:
        while at < end and (is_space(data[at]) or data[at] == 47):
            found[CLOSED] = data[at] == 47
            at += 1
        if at >= end:
            break
        if data[at] == 62:
            return at + 1
        found[CLOSED] = 0
        name = at
        at += 1  # a name may begin with "="
        while at < end and not is_space(data[at]) and data[at] != 47 and data[at] != 62 and data[at] != 61:
            at += 1
        name_to = at
        while at < end and is_space(data[at]):
            at += 1
        value = value_to = at
        if at < end and data[at] == 61:
            at += 1
            while at < end and is_space(data[at]):
                at += 1
            if at < end and (data[at] == 34 or data[at] == 39):
                quote = data[at]
                at += 1
                value = at
                while at < end and data[at] != quote:
                    at += 1
                value_to = at
                at += 1
            else:
                value = at
                while at < end and not is_space(data[at]) and data[at] != 62:
                    at += 1
                value_to = at
        if at <= end:
            _note_attribute(data, name, name_to, value, value_to, found)
    return -1


@compiled
def raw_end(data, at, end, name, name_to):
    """Where the end tag of an element begins whose content is no markup; the end of the page if there is none."""
    length = name_to - name
    while at < end:
        if data[at] == 60 and at + 2 + length <= end and data[at + 1] == 47:
            same = True
            for step in range(length):
                if lower(data[at + 2 + step]) != lower(data[name + step]):
                    same = False
                    break
            if same:
                behind = at + 2 + length
                if behind >= end or is_space(data[behind]) or data[behind] == 47 or data[behind] == 62:
                    return at
        at += 1
    return end


@compiled
def comment_end(data, at, end):
    """The position behind a comment, or what the standard reads as one, that begins at `<!`, `<?` or `</`."""
    if at + 3 < end and data[at + 1] == 33 and data[at + 2] == 45 and data[at + 3] == 45:
        at += 4
        # `<!-->` and `<!--->` are whole comments.
        if at < end and data[at] == 62:
            return at + 1
        if at + 1 < end and data[at] == 45 and data[at + 1] == 62:
            return at + 2
        while at + 2 < end:
            if data[at] == 45 and data[at + 1] == 45:
                if data[at + 2] == 62:
                    return at + 3
                if at + 3 < end and data[at + 2] == 33 and data[at + 3] == 62:
                    return at + 4
            at += 1
        return end
    while at < end and data[at] != 62:
        at += 1
    return min(end, at + 1)
