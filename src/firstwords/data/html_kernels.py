# ruff: noqa: PLR1714, SIM109  (numba compiles a chain of comparisons; membership in a set it does not)
# mypy: disable-error-code="no-untyped-def"
"""Cutting an HTML page into blocks, compiled by numba: tokens after the HTML standard (13.2.5), a simple tree.

One pass over the bytes of the page, in time that grows with their number: a search through the open elements is
bounded. What is left out of the standard's tree construction changes where inline elements end, not where text
stands: no formatting element is opened again, nothing is moved out of tables. Import this module only where it is used.

Longer than most files, because all of it works on one state: the stack, the open block, the text so far.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from firstwords.data.html_tokens import (
    BASIS,
    BESIDE,
    CLASS,
    CLASS_TO,
    CLOSED,
    HAS_FACTS,
    HIDDEN,
    ID,
    ID_TO,
    NAME_TO,
    NUM_FOUND,
    PRIME,
    ROLE,
    ROLE_TO,
    comment_end,
    hash_lower,
    is_letter,
    look_up,
    lower,
    raw_end,
    read_tag,
)
from firstwords.data.kernels import compiled

# Properties of tags.
BLOCK, SKIPPED, VOID, RAW, ENDS_P, PRESERVED, HEADING, SCOPE, LINK, BREAK, IN_HEAD, DOCUMENT, TOLD, SPECIAL, ROOTS = (
    1 << bit for bit in range(15)
)
# What the pass keeps in `state`.
(
    POSITION, PENDING, LINE, START, LINK_CHARACTERS, NUM_LINKS, SIGNS, NUM_BLOCKS, NUM_NODES, OPEN, TOP, SKIPS_FROM,
    IN_LINK, IN_PRESERVED, DEPTH, DEEPEST, TITLE_FROM, TITLE_TO, NUM_TOLD, CHARACTERS,
) = range(20)  # fmt: skip
NUM_STATES = 20
# Columns of blocks, of nodes and of the stack of open elements.
BLOCK_FROM, BLOCK_TO, BLOCK_NODE, BLOCK_LINKED, BLOCK_LINKS, BLOCK_SIGNS, BLOCK_CHARACTERS = range(7)
NUM_BLOCK_COLUMNS = 7
PARENT, TAG, NODE_SIGNS, FIRST, LAST, NAME = range(6)
_STACK_HASH, _STACK_TAG, _STACK_NODE = range(3)
# Tags that the rules below name, by their numbers in the table of tags: `page_blocks` puts these first.
P, LI, DD, DT, TR, TD, TH, TBODY, THEAD, TFOOT, TABLE, HEAD, BODY, HTML, TITLE, SVG, MATH, OPTION = range(18)
FIRST_TAGS = (
    "p", "li", "dd", "dt", "tr", "td", "th", "tbody", "thead", "tfoot", "table", "head", "body", "html", "title", "svg",
    "math", "option",
)  # fmt: skip
MAX_SEARCHED = 512  # open elements that a tag looks through: no real page is so deep
MAX_NAME = 300  # characters of a class attribute: longer ones are generated


@compiled
def _signs_in(data, start, end, state, column, move, tells, signs):
    """Follow the automaton over a span and a blank; returns its state and the bits it has shown."""
    for at in range(start, min(end, start + MAX_NAME)):
        state = move[state, column[data[at]]]
        signs |= tells[state]
    state = move[state, column[32]]
    return state, signs | tells[state]


@compiled
def _signs_of(data, found, tag_signs, column, move, tells):
    """Bits that class, id, role and hiding of a tag show.

    The automaton reads a blank before a class, `#` and a blank before an id, `=` and a blank before a role.
    """
    state, signs = move[0, column[32]], np.int64(0)
    if found[CLASS] >= 0:
        state, signs = _signs_in(data, found[CLASS], found[CLASS_TO], state, column, move, tells, signs)
    if found[ID] >= 0:
        state = move[move[state, column[35]], column[32]]
        state, signs = _signs_in(data, found[ID], found[ID_TO], state, column, move, tells, signs)
    if found[ROLE] >= 0:
        state = move[move[state, column[61]], column[32]]
        state, signs = _signs_in(data, found[ROLE], found[ROLE_TO], state, column, move, tells, signs)
    if found[HIDDEN]:
        signs |= tag_signs[len(tag_signs) - 1]
    if found[BESIDE]:
        signs |= tag_signs[len(tag_signs) - 2]
    return signs


@compiled
def _put(out, at, character):
    """Write a character as UTF-8; returns the position behind it."""
    if character < 0x80:
        out[at] = character
        return at + 1
    if character < 0x800:
        out[at] = 0xC0 | character >> 6
        out[at + 1] = 0x80 | character & 0x3F
        return at + 2
    if character < 0x10000:
        out[at] = 0xE0 | character >> 12
        out[at + 1] = 0x80 | character >> 6 & 0x3F
        out[at + 2] = 0x80 | character & 0x3F
        return at + 3
    out[at] = 0xF0 | character >> 18
    out[at + 1] = 0x80 | character >> 12 & 0x3F
    out[at + 2] = 0x80 | character >> 6 & 0x3F
    out[at + 3] = 0x80 | character & 0x3F
    return at + 4


@compiled
def _numeric(data, at, end, latin):
    """The character of `&#...` from behind the sign on, and the position behind it; -1 if it is none."""
    value: Any = np.int64(0)
    digits = 0
    is_hex = at < end and lower(data[at]) == 120
    at += is_hex
    while at < end:
        byte = lower(data[at])
        if 48 <= byte <= 57:
            digit = byte - 48
        elif is_hex and 97 <= byte <= 102:
            digit = byte - 87
        else:
            break
        value = min(value * (16 if is_hex else 10) + digit, 0x110000)
        digits += 1
        at += 1
    if digits == 0:
        return np.int64(-1), at
    at += at < end and data[at] == 59
    if 0x80 <= value < 0xA0:
        value = latin[value - 0x80]
    if value == 0 or value > 0x10FFFF or 0xD800 <= value < 0xE000:
        value = np.int64(0xFFFD)
    return value, at


@compiled
def _reference(data, at, end, entity_keys, entity_values, latin):
    """The character that a reference at `&` stands for, and the position behind it; -1 if it is only an `&`."""
    if at + 1 < end and data[at + 1] == 35:
        return _numeric(data, at + 2, end, latin)
    value = BASIS
    character, behind = np.int64(-1), at
    place = at + 1
    while place < end and place < at + 33:
        byte = data[place]
        if not (is_letter(byte) or 48 <= byte <= 57 or byte == 59):
            break
        value = (value ^ np.uint64(byte)) * PRIME
        place += 1
        entry = look_up(entity_keys, value)
        if entry >= 0:
            character, behind = entity_values[entry], place
        if byte == 59:
            break
    return character, behind


@compiled
def _is_wide_space(first, second, third):
    """White space beyond ASCII, from the bytes of its UTF-8."""
    if first == 0xC2:
        return second == 0x85 or second == 0xA0
    if first == 0xE1:
        return second == 0x9A and third == 0x80
    if first == 0xE2:
        if second == 0x80:
            return third <= 0x8A or 0xA8 <= third <= 0xA9 or third == 0xAF
        return second == 0x81 and third == 0x9F
    return first == 0xE3 and second == 0x80 and third == 0x80


@compiled
def _is_space_character(character):
    if character < 0x80:
        return character == 32 or 9 <= character <= 13 or 28 <= character <= 31
    return (
        character == 0x85 or character == 0xA0 or character == 0x1680 or 0x2000 <= character <= 0x200A
        or character == 0x2028 or character == 0x2029 or character == 0x202F or character == 0x205F
        or character == 0x3000
    )  # fmt: skip


@compiled
def _text(data, at, end, state, out, entity_keys, entity_values, latin):
    """Add text to the block: white space collapsed, references resolved; as it is inside `pre`."""
    position, pending = state[POSITION], state[PENDING]
    characters = np.int64(0)
    preserved = state[IN_PRESERVED] > 0
    while at < end:
        byte = data[at]
        start, width, character = at, 1, np.int64(-1)
        if byte < 0x80:
            space = byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31
            if byte == 38:
                character, behind = _reference(data, at, end, entity_keys, entity_values, latin)
                if character >= 0:
                    width = behind - at
                    space = _is_space_character(character)
            elif byte == 0:
                character = np.int64(0xFFFD)
        else:
            width = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            width = min(width, end - at)
            space = byte <= 0xE3 and width > 1 and _is_wide_space(byte, data[at + 1], data[at + 2] if width > 2 else 0)
        at += width
        if space and not preserved:
            pending = 1
            continue
        if pending:
            if position > state[LINE]:
                out[position] = 32
                position += 1
            pending = 0
        if character >= 0:
            position = _put(out, position, character)
        else:
            for step in range(width):
                out[position + step] = data[start + step]
            position += width
        characters += not space
    state[POSITION], state[PENDING] = position, pending
    state[CHARACTERS] += characters
    if state[IN_LINK] > 0:
        state[LINK_CHARACTERS] += characters


@compiled
def _tidy(out, start, end):
    """A preserved block in place: line ends as line feeds, lines without trailing blanks, no empty lines around."""
    to = start
    for at in range(start, end + 1):
        if at < end and out[at] == 13:
            if at + 1 < end and out[at + 1] == 10:
                continue
            out[at] = 10
        if at == end or out[at] == 10:
            while to > start and (out[to - 1] == 32 or out[to - 1] == 9 or out[to - 1] == 11 or out[to - 1] == 12):
                to -= 1
            if at < end and to > start:
                out[to] = 10
                to += 1
        else:
            out[to] = out[at]
            to += 1
    while to > start and out[to - 1] == 10:
        to -= 1
    return to


@compiled
def _end_block(state, out, blocks):
    start, position = state[START], state[POSITION]
    if position > start:
        if state[IN_PRESERVED] > 0:
            position = _tidy(out, start, position)
        elif out[position - 1] == 10:
            position -= 1
        if position > start:
            row = blocks[state[NUM_BLOCKS]]
            row[BLOCK_FROM], row[BLOCK_TO], row[BLOCK_NODE] = start, position, state[OPEN]
            row[BLOCK_LINKED], row[BLOCK_LINKS] = state[LINK_CHARACTERS], state[NUM_LINKS]
            row[BLOCK_SIGNS], row[BLOCK_CHARACTERS] = state[SIGNS], state[CHARACTERS]
            state[NUM_BLOCKS] += 1
    state[POSITION] = state[START] = state[LINE] = position
    state[PENDING] = state[LINK_CHARACTERS] = state[NUM_LINKS] = state[SIGNS] = state[CHARACTERS] = 0


@compiled
def _break_line(state, out, blocks):
    """At `<br>`: one ends a line, two a block."""
    if state[IN_PRESERVED] > 0:
        out[state[POSITION]] = 10
        state[POSITION] += 1
    elif state[POSITION] > state[LINE]:
        out[state[POSITION]] = 10
        state[POSITION] += 1
        state[LINE] = state[POSITION]
        state[PENDING] = 0
    elif state[POSITION] > state[START]:
        _end_block(state, out, blocks)


@compiled
def _pop(state, target, stack, is_open, properties, out, blocks, nodes):
    """Close the open elements above a height of the stack."""
    while state[TOP] > target:
        state[TOP] -= 1
        entry = stack[state[TOP]]
        tag, node = entry[_STACK_TAG], entry[_STACK_NODE]
        is_open[tag] -= 1
        if node >= 0:
            _end_block(state, out, blocks)
            nodes[node, LAST] = state[NUM_BLOCKS]
            state[OPEN] = nodes[node, PARENT]
            state[DEPTH] -= 1
            state[IN_PRESERVED] -= (properties[tag] & PRESERVED) != 0
        elif state[SKIPS_FROM] < 0:
            state[IN_LINK] -= (properties[tag] & LINK) != 0
        if state[SKIPS_FROM] >= state[TOP]:
            state[SKIPS_FROM] = -1


@compiled
def _find_open(state, first, second, stack, is_open, properties, stops):
    """Height of the innermost open element of one of two tags, not looking past tags with a property; -1 if none."""
    if is_open[first] + is_open[second] == 0:
        return -1
    for height in range(state[TOP] - 1, max(-1, state[TOP] - 1 - MAX_SEARCHED), -1):
        tag = stack[height, _STACK_TAG]
        if tag == first or tag == second:
            return height
        if properties[tag] & stops:
            return -1
    return -1


@compiled
def _implied_ends(state, tag, stack, is_open, properties, out, blocks, nodes):
    """Close what a start tag ends without saying so (13.2.6.4.7 and the rules for tables)."""
    height = -1
    if is_open[HEAD] and not properties[tag] & IN_HEAD:
        height = _find_open(state, HEAD, HEAD, stack, is_open, properties, 0)
        if height >= 0:
            _pop(state, height, stack, is_open, properties, out, blocks, nodes)
    if properties[tag] & ENDS_P:
        height = _find_open(state, P, P, stack, is_open, properties, SCOPE)
        if height >= 0:
            _pop(state, height, stack, is_open, properties, out, blocks, nodes)
    height = -1
    if tag == LI:
        height = _find_open(state, LI, LI, stack, is_open, properties, SPECIAL | SCOPE)
    elif tag == DD or tag == DT:
        height = _find_open(state, DD, DT, stack, is_open, properties, SPECIAL | SCOPE)
    elif tag == TD or tag == TH:
        height = _find_open(state, TD, TH, stack, is_open, properties, ROOTS)
    elif tag == TR:
        height = _find_open(state, TR, TR, stack, is_open, properties, ROOTS)
    elif tag == TBODY or tag == THEAD or tag == TFOOT:
        height = _find_open(state, TBODY, THEAD, stack, is_open, properties, ROOTS)
        if height < 0:
            height = _find_open(state, TFOOT, TFOOT, stack, is_open, properties, ROOTS)
    elif tag == OPTION or properties[tag] & HEADING:
        top = state[TOP] - 1
        if top >= 0 and (
            stack[top, _STACK_TAG] == tag or properties[stack[top, _STACK_TAG]] & properties[tag] & HEADING
        ):
            height = top
    elif properties[tag] & LINK:
        height = _find_open(state, tag, tag, stack, is_open, properties, BLOCK)
    if height >= 0:
        _pop(state, height, stack, is_open, properties, out, blocks, nodes)


@compiled
def _begin_node(data, state, tag, number, found, signs, nodes):
    """A block-level element begins."""
    at = state[NUM_NODES]
    row = nodes[at]
    row[PARENT], row[TAG], row[NODE_SIGNS] = state[OPEN], number, signs
    row[FIRST] = row[LAST] = state[NUM_BLOCKS]
    name = (BASIS ^ np.uint64(tag)) * PRIME
    for place in range(max(found[CLASS], 0), found[CLASS_TO]):
        name = (name ^ np.uint64(data[place])) * PRIME
    row[NAME] = np.int64(name >> np.uint64(1))
    state[OPEN] = at
    state[NUM_NODES] += 1
    state[DEPTH] += 1
    state[DEEPEST] = max(state[DEEPEST], state[DEPTH])
    return at


@compiled
def _start_tag(
    data, name, state, found, tag, numbers, properties, tag_signs, signs, aside, stack, is_open, out, blocks, nodes
):
    """An element begins."""
    property_ = properties[tag]
    node = -1
    skips = state[SKIPS_FROM] >= 0
    if not skips:
        if property_ & DOCUMENT and is_open[tag]:
            return
        _implied_ends(state, tag, stack, is_open, properties, out, blocks, nodes)
        if property_ & SKIPPED:
            if not property_ & VOID:
                state[SKIPS_FROM] = state[TOP]
        elif property_ & BLOCK:
            _end_block(state, out, blocks)
            node = _begin_node(data, state, tag, numbers[tag], found, tag_signs[tag] | signs, nodes)
            state[IN_PRESERVED] += (property_ & PRESERVED) != 0
            if property_ & VOID:
                state[OPEN] = nodes[node, PARENT]
                state[DEPTH] -= 1
        elif property_ & BREAK:
            _break_line(state, out, blocks)
        elif (tag_signs[tag] | signs) & aside and not property_ & VOID:
            state[SKIPS_FROM] = state[TOP]
        elif property_ & LINK:
            state[IN_LINK] += 1
            state[NUM_LINKS] += 1
        else:
            state[SIGNS] |= signs
    if property_ & VOID or (found[CLOSED] and (is_open[SVG] or is_open[MATH] or tag == SVG or tag == MATH)):
        if state[SKIPS_FROM] == state[TOP]:
            state[SKIPS_FROM] = -1
        return
    entry = stack[state[TOP]]
    entry[_STACK_HASH] = np.int64(hash_lower(data, name, found[NAME_TO]) >> np.uint64(1))
    entry[_STACK_TAG], entry[_STACK_NODE] = tag, node
    is_open[tag] += 1
    state[TOP] += 1


@compiled
def _end_tag(data, name, name_to, state, tag, properties, stack, is_open, out, blocks, nodes):
    """An element ends, and with it what is open inside; an inline element's end closes no block-level element."""
    property_ = properties[tag]
    if property_ & BREAK and state[SKIPS_FROM] < 0:
        _break_line(state, out, blocks)
        return
    if property_ & DOCUMENT:
        if state[SKIPS_FROM] < 0:
            _end_block(state, out, blocks)
        return
    if not is_open[tag]:
        if property_ & BLOCK and state[SKIPS_FROM] < 0:
            _end_block(state, out, blocks)
        return
    wanted = np.int64(hash_lower(data, name, name_to) >> np.uint64(1))
    stops = SCOPE if property_ & (BLOCK | SKIPPED) else SCOPE | BLOCK
    if tag == TABLE or tag == TR or tag == TBODY or tag == THEAD or tag == TFOOT:
        stops = 0 if tag == TABLE else ROOTS
    for height in range(state[TOP] - 1, max(-1, state[TOP] - 1 - MAX_SEARCHED), -1):
        if stack[height, _STACK_HASH] == wanted:
            _pop(state, height, stack, is_open, properties, out, blocks, nodes)
            return
        if properties[stack[height, _STACK_TAG]] & stops:
            return


@compiled
def cut(data, tags, automaton, references, aside, state, stack, is_open, out, blocks, nodes, told):
    """Cut a page into blocks.

    Args:
        data: (bytes,) uint8, the page in UTF-8.
        tags: Table of tags: keys (uint64 hashes), their numbers here, and of each number the number that the
            classifier sees, its properties, its signs; the last two signs are of elements that stand beside the text
            by an attribute, and of hidden ones.
        automaton: Of class names: byte to column, (states, columns) moves, and what each state tells.
        references: Hash table of named characters: keys, values; and Windows-1252 from 0x80 to 0x9F.
        aside: Signs of inline elements that are left out with all that they hold.
        state: (NUM_STATES,) int64, filled.
        stack, is_open: Room for the open elements (tags, 3) int64, and for how many of each tag are open, zeros.
        out: (3 * bytes + 64,) uint8, filled with the texts of the blocks.
        blocks, nodes: (tags, NUM_BLOCK_COLUMNS) and (tags, 6) int64, filled: columns above.
        told: (tags, 2) int64, filled: where tags stand that tell facts about the page.
    """
    keys, key_tags, numbers, properties, tag_signs = tags
    column, move, tells = automaton
    entity_keys, entity_values, latin = references
    state[:] = 0
    state[OPEN] = state[SKIPS_FROM] = state[TITLE_FROM] = -1
    found = np.empty(NUM_FOUND, np.int64)
    at, end = 0, len(data)
    while at < end:
        start = at
        while at < end:
            if data[at] == 60 and at + 1 < end:
                following = data[at + 1]
                if following == 33 or following == 47 or following == 63 or is_letter(following):
                    break
            at += 1
        if at > start and state[SKIPS_FROM] < 0:
            _text(data, start, at, state, out, entity_keys, entity_values, latin)
        if at >= end:
            break
        is_end = data[at + 1] == 47
        name = at + 1 + is_end
        if name >= end or not is_letter(data[name]):
            at = comment_end(data, at, end)
            continue
        behind = read_tag(data, name, end, found)
        if behind < 0:
            break
        entry = look_up(keys, hash_lower(data, name, found[NAME_TO]))
        tag = key_tags[entry] if entry >= 0 else len(numbers) - 1
        if is_end:
            _end_tag(data, name, found[NAME_TO], state, tag, properties, stack, is_open, out, blocks, nodes)
            at = behind
            continue
        if properties[tag] & TOLD or found[HAS_FACTS]:
            told[state[NUM_TOLD], 0], told[state[NUM_TOLD], 1] = at, behind
            state[NUM_TOLD] += 1
        signs = _signs_of(data, found, tag_signs, column, move, tells)
        is_outer = state[SKIPS_FROM] < 0
        _start_tag(
            data, name, state, found, tag, numbers, properties, tag_signs, signs, aside, stack, is_open, out, blocks,
            nodes
        )  # fmt: skip
        at = behind
        if properties[tag] & RAW and not is_open[SVG] and not is_open[MATH]:
            at = raw_end(data, behind, end, name, found[NAME_TO])
            if tag == TITLE and is_outer and state[TITLE_FROM] < 0:
                state[TITLE_FROM], state[TITLE_TO] = behind, at
    _pop(state, 0, stack, is_open, properties, out, blocks, nodes)
    _end_block(state, out, blocks)
