# ruff: noqa: PLR1714, SIM109  (numba compiles a chain of comparisons; membership in a set it does not)
# mypy: disable-error-code="no-untyped-def"
"""Cutting an HTML page into blocks, compiled by numba: tokens after the HTML standard (13.2.5), a simple tree.

One pass over the bytes of the page, in time that grows with their number: a search through the open elements is
bounded. What is left out of the standard's tree construction changes where inline elements end, not where text
stands: no formatting element is opened again, nothing is moved out of tables. Import this module only where it is used.
"""

from __future__ import annotations

import numpy as np

from firstwords.data.kernels import compiled

# Properties of tags.
BLOCK, SKIPPED, VOID, RAW, ENDS_P, PRESERVED, HEADING, SCOPE, LINK, BREAK, IN_HEAD, DOCUMENT, TOLD, SPECIAL, ROOTS = (
    1 << bit for bit in range(15)
)
# What the pass keeps in `state`.
(
    POSITION, PENDING, LINE, START, LINK_CHARACTERS, NUM_LINKS, SIGNS, NUM_BLOCKS, NUM_NODES, OPEN, TOP, SKIPS_FROM,
    IN_LINK, IN_PRESERVED, DEPTH, DEEPEST, TITLE_FROM, TITLE_TO, NUM_TOLD,
) = range(19)  # fmt: skip
NUM_STATES = 19
# Columns of blocks, of nodes, of the stack of open elements, and of what `_read_tag` finds.
BLOCK_FROM, BLOCK_TO, BLOCK_NODE, BLOCK_LINKED, BLOCK_LINKS, BLOCK_SIGNS = range(6)
PARENT, TAG, NODE_SIGNS, FIRST, LAST, NAME = range(6)
_STACK_HASH, _STACK_TAG, _STACK_NODE = range(3)
_NAME_TO, _CLASS, _CLASS_TO, _ID, _ID_TO, _ROLE, _ROLE_TO, _HIDDEN, _CLOSED, _TOLD = range(10)
# Tags that the rules below name, by their numbers in the table of tags: `page_blocks` puts these first.
P, LI, DD, DT, TR, TD, TH, TBODY, THEAD, TFOOT, TABLE, HEAD, BODY, HTML, TITLE, SVG, MATH, OPTION = range(18)
FIRST_TAGS = (
    "p", "li", "dd", "dt", "tr", "td", "th", "tbody", "thead", "tfoot", "table", "head", "body", "html", "title", "svg",
    "math", "option",
)  # fmt: skip
MAX_SEARCHED = 512  # open elements that a tag looks through: no real page is so deep
MAX_NAME = 300  # characters of a class attribute: longer ones are generated
_PRIME = np.uint64(0x100000001B3)
_BASIS = np.uint64(0xCBF29CE484222325)


@compiled
def _is_space(byte):
    return byte == 32 or 9 <= byte <= 13


@compiled
def _is_letter(byte):
    return 97 <= byte <= 122 or 65 <= byte <= 90


@compiled
def _lower(byte):
    return byte + 32 if 65 <= byte <= 90 else byte


@compiled
def _hash_lower(data, start, end):
    value = _BASIS
    for at in range(start, end):
        value = (value ^ np.uint64(_lower(data[at]))) * _PRIME
    return value


@compiled
def look_up(keys, value):
    """Place of a key in an open hash table (0: empty), -1 if it is not there."""
    at = np.int64(value % np.uint64(len(keys)))
    while keys[at] != 0:
        if keys[at] == value:
            return at
        at = at + 1 if at + 1 < len(keys) else 0
    return -1


@compiled
def _equals(data, start, end, word):
    """Whether a span says a lower-case word, in any case."""
    if end - start != len(word):
        return False
    for at in range(len(word)):
        if _lower(data[start + at]) != word[at]:
            return False
    return True


@compiled
def _holds(data, start, end, word):
    for at in range(start, end - len(word) + 1):
        if _lower(data[at]) == word[0] and _equals(data, at, at + len(word), word):
            return True
    return False


@compiled
def _hides(data, start, end):
    """Whether a style attribute says `display:none`, with blanks anywhere."""
    word = b"display:none"
    found = 0
    for at in range(start, end):
        byte = _lower(data[at])
        if _is_space(byte):
            continue
        found = found + 1 if byte == word[found] else 1 if byte == word[0] else 0
        if found == len(word):
            return True
    return False


@compiled
def _note_attribute(data, name, name_to, value, value_to, found):
    """Keep what is asked of an attribute; the first of a name counts."""
    length = name_to - name
    if length == 5 and _equals(data, name, name_to, b"class"):
        if found[_CLASS] < 0:
            found[_CLASS], found[_CLASS_TO] = value, value_to
    elif length == 2 and _equals(data, name, name_to, b"id"):
        if found[_ID] < 0:
            found[_ID], found[_ID_TO] = value, value_to
    elif length == 4 and _equals(data, name, name_to, b"role"):
        if found[_ROLE] < 0:
            found[_ROLE], found[_ROLE_TO] = value, value_to
    elif length == 6 and _equals(data, name, name_to, b"hidden"):
        found[_HIDDEN] = 1
    elif length == 5 and _equals(data, name, name_to, b"style"):
        if _hides(data, value, value_to):
            found[_HIDDEN] = 1
    elif length == 3 and _equals(data, name, name_to, b"rel"):
        if _holds(data, value, value_to, b"license") or _holds(data, value, value_to, b"canonical"):
            found[_TOLD] = 1
    elif length == 4 and _equals(data, name, name_to, b"href"):
        if _holds(data, value, value_to, b"creativecommons.org/"):
            found[_TOLD] = 1


@compiled
def _read_tag(data, at, end, found):
    """Read a tag from its name on; returns the position behind `>`, or -1 if the page ends inside."""
    found[:] = -1
    found[_HIDDEN] = found[_CLOSED] = found[_TOLD] = 0
    while at < end and not _is_space(data[at]) and data[at] != 47 and data[at] != 62:
        at += 1
    found[_NAME_TO] = at
    while at < end:
        while at < end and (_is_space(data[at]) or data[at] == 47):
            found[_CLOSED] = data[at] == 47
            at += 1
        if at >= end:
            break
        if data[at] == 62:
            return at + 1
        found[_CLOSED] = 0
        name = at
        at += 1  # a name may begin with "="
        while at < end and not _is_space(data[at]) and data[at] != 47 and data[at] != 62 and data[at] != 61:
            at += 1
        name_to = at
        while at < end and _is_space(data[at]):
            at += 1
        value = value_to = at
        if at < end and data[at] == 61:
            at += 1
            while at < end and _is_space(data[at]):
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
                while at < end and not _is_space(data[at]) and data[at] != 62:
                    at += 1
                value_to = at
        if at <= end:
            _note_attribute(data, name, name_to, value, value_to, found)
    return -1


@compiled
def _signs_in(data, start, end, state, column, move, tells, signs):
    """Follow the automaton over a span and a blank; returns its state and the bits it has shown."""
    for at in range(start, min(end, start + MAX_NAME)):
        state = move[state, column[data[at]]]
        signs |= tells[state]
    return move[state, column[32]], signs


@compiled
def _signs_of(data, found, column, move, tells):
    """Bits that class, id, role and hiding of a tag show."""
    state, signs = 0, np.int64(0)
    if found[_CLASS] >= 0:
        state, signs = _signs_in(data, found[_CLASS], found[_CLASS_TO], state, column, move, tells, signs)
    if found[_ID] >= 0:
        state, signs = _signs_in(data, found[_ID], found[_ID_TO], state, column, move, tells, signs)
    if found[_ROLE] >= 0:
        state, signs = _signs_in(data, found[_ROLE], found[_ROLE_TO], state, column, move, tells, signs)
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
    value, digits = np.int64(0), 0
    is_hex = at < end and _lower(data[at]) == 120
    at += is_hex
    while at < end:
        byte = _lower(data[at])
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
    value = _BASIS
    character, behind = np.int64(-1), at
    place = at + 1
    while place < end and place < at + 33:
        byte = data[place]
        if not (_is_letter(byte) or 48 <= byte <= 57 or byte == 59):
            break
        value = (value ^ np.uint64(byte)) * _PRIME
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
    linked = np.int64(0)
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
        linked += not space
    state[POSITION], state[PENDING] = position, pending
    if state[IN_LINK] > 0:
        state[LINK_CHARACTERS] += linked


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
            row[BLOCK_SIGNS] = state[SIGNS]
            state[NUM_BLOCKS] += 1
    state[POSITION] = state[START] = state[LINE] = position
    state[PENDING] = state[LINK_CHARACTERS] = state[NUM_LINKS] = state[SIGNS] = 0


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
    name = (_BASIS ^ np.uint64(tag)) * _PRIME
    for place in range(max(found[_CLASS], 0), found[_CLASS_TO]):
        name = (name ^ np.uint64(data[place])) * _PRIME
    row[NAME] = np.int64(name >> np.uint64(1))
    state[OPEN] = at
    state[NUM_NODES] += 1
    state[DEPTH] += 1
    state[DEEPEST] = max(state[DEEPEST], state[DEPTH])
    return at


@compiled
def _raw_end(data, at, end, name, name_to):
    """Where the end tag of an element begins whose content is no markup; the end of the page if there is none."""
    length = name_to - name
    while at < end:
        if data[at] == 60 and at + 2 + length <= end and data[at + 1] == 47:
            same = True
            for step in range(length):
                if _lower(data[at + 2 + step]) != _lower(data[name + step]):
                    same = False
                    break
            if same:
                behind = at + 2 + length
                if behind >= end or _is_space(data[behind]) or data[behind] == 47 or data[behind] == 62:
                    return at
        at += 1
    return end


@compiled
def _comment_end(data, at, end):
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


@compiled
def _start_tag(
    data, name, state, found, tag, numbers, properties, tag_signs, signs, stack, is_open, out, blocks, nodes
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
        elif property_ & LINK:
            state[IN_LINK] += 1
            state[NUM_LINKS] += 1
        else:
            state[SIGNS] |= signs
    if property_ & VOID or (found[_CLOSED] and (is_open[SVG] or is_open[MATH] or tag == SVG or tag == MATH)):
        if state[SKIPS_FROM] == state[TOP]:
            state[SKIPS_FROM] = -1
        return
    entry = stack[state[TOP]]
    entry[_STACK_HASH] = np.int64(_hash_lower(data, name, found[_NAME_TO]) >> np.uint64(1))
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
    wanted = np.int64(_hash_lower(data, name, name_to) >> np.uint64(1))
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
def cut(data, tags, automaton, references, state, stack, is_open, out, blocks, nodes, told):
    """Cut a page into blocks.

    Args:
        data: (bytes,) uint8, the page in UTF-8.
        tags: Table of tags: keys (uint64 hashes), their numbers here, and of each number the number that the
            classifier sees, its properties, its signs.
        automaton: Of class names: byte to column, (states, columns) moves, and what each state tells.
        references: Hash table of named characters: keys, values; and Windows-1252 from 0x80 to 0x9F.
        state: (NUM_STATES,) int64, filled.
        stack, is_open: Room for the open elements (tags, 3) int64, and for how many of each tag are open, zeros.
        out: (3 * bytes + 64,) uint8, filled with the texts of the blocks.
        blocks, nodes: (tags, 6) int64, filled: columns above.
        told: (tags, 2) int64, filled: where tags stand that tell facts about the page.
    """
    keys, key_tags, numbers, properties, tag_signs = tags
    column, move, tells = automaton
    entity_keys, entity_values, latin = references
    state[:] = 0
    state[OPEN] = state[SKIPS_FROM] = state[TITLE_FROM] = -1
    found = np.empty(10, np.int64)
    at, end = 0, len(data)
    while at < end:
        start = at
        while at < end:
            if data[at] == 60 and at + 1 < end:
                following = data[at + 1]
                if following == 33 or following == 47 or following == 63 or _is_letter(following):
                    break
            at += 1
        if at > start and state[SKIPS_FROM] < 0:
            _text(data, start, at, state, out, entity_keys, entity_values, latin)
        if at >= end:
            break
        is_end = data[at + 1] == 47
        name = at + 1 + is_end
        if name >= end or not _is_letter(data[name]):
            at = _comment_end(data, at, end)
            continue
        behind = _read_tag(data, name, end, found)
        if behind < 0:
            break
        entry = look_up(keys, _hash_lower(data, name, found[_NAME_TO]))
        tag = key_tags[entry] if entry >= 0 else len(numbers) - 1
        if is_end:
            _end_tag(data, name, found[_NAME_TO], state, tag, properties, stack, is_open, out, blocks, nodes)
            at = behind
            continue
        if properties[tag] & TOLD or found[_TOLD]:
            told[state[NUM_TOLD], 0], told[state[NUM_TOLD], 1] = at, behind
            state[NUM_TOLD] += 1
        signs = _signs_of(data, found, column, move, tells)
        if found[_HIDDEN]:
            signs |= tag_signs[len(tag_signs) - 1]
        is_outer = state[SKIPS_FROM] < 0
        _start_tag(
            data, name, state, found, tag, numbers, properties, tag_signs, signs, stack, is_open, out, blocks, nodes
        )  # fmt: skip
        at = behind
        if properties[tag] & RAW and not is_open[SVG] and not is_open[MATH]:
            at = _raw_end(data, behind, end, name, found[_NAME_TO])
            if tag == TITLE and is_outer and state[TITLE_FROM] < 0:
                state[TITLE_FROM], state[TITLE_TO] = behind, at
    _pop(state, 0, stack, is_open, properties, out, blocks, nodes)
    _end_block(state, out, blocks)
