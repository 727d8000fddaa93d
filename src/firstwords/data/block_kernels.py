# ruff: noqa: PLR1714, SIM109  (numba compiles a chain of comparisons; membership in a set it does not)
# mypy: disable-error-code="no-untyped-def"
"""The hot loops of the block classifier, compiled by numba: what a block looks like, and what the trees say to it.

Integers only, so that the same page gives the same blocks on every processor. Shares are in thousandths. Import this
module only where it is used.
"""

from __future__ import annotations

import numpy as np

from firstwords.data.characters import IDEOGRAPH, LETTER, NUMBER, SPACE
from firstwords.data.kernels import compiled, mix
from firstwords.data.page_blocks import NUM_SIGNS

# Columns of what `count_characters` fills.
(
    CHARACTERS, WORDS, LETTERS, UPPER, DIGITS, COMMAS, ENDS, LOWER_WORDS, MARKS, LINES, IN_TITLE, FIRST, LAST,
) = range(13)  # fmt: skip
NUM_COUNTS = 13
# Columns of what `fill_features` is given for each block.
LINK_CHARACTERS, NUM_LINKS, REPEATS = range(3)
LEVELS = 5  # of the boxes around a block
FAR = 20
MAX_CLIMBED = 256  # elements: no real page is deeper, hostile ones are
_PRIME = np.uint64(0x100000001B3)
_BASIS = np.uint64(0xCBF29CE484222325)
# Kinds of the first and last character.
_OTHER, _UPPER, _LOWER, _DIGIT, _END, _COMMA, _COLON, _QUOTE, _MARK = range(9)


@compiled
def _kind(character, classes, lower):
    if character in (46, 33, 63, 0x2026, 0x3002, 0xFF01, 0xFF1F):
        return _END
    if character in (44, 59, 0x3001, 0xFF0C):
        return _COMMA
    if character in (58, 0xFF1A):
        return _COLON
    if character in (34, 39, 0xAB, 0xBB, 0x2018, 0x2019, 0x201A, 0x201C, 0x201D, 0x201E, 40, 41):
        return _QUOTE
    if character in (124, 0x203A, 0x2039, 0xA9, 0x2022, 0xB7, 0x2192, 64, 35, 43, 47, 62, 60, 0x25BA, 0x25B8, 42):
        return _MARK
    kind = classes[character] if character < 0x10000 else LETTER
    if kind == LETTER or kind == IDEOGRAPH:
        return _UPPER if character < 0x10000 and lower[character] != character else _LOWER
    return _DIGIT if kind == NUMBER else _OTHER


@compiled
def count_characters(data, offsets, title, classes, lower, counts):
    """What the characters of each text are.

    Args:
        data: (characters,) uint32, the texts one after another.
        offsets: (B + 1,) int64, their bounds.
        title: (T,) uint64, hashes of the words of the page's title.
        classes, lower: What `characters.tables` gives.
        counts: (B, NUM_COUNTS) int64 zeros, filled.
    """
    for block in range(len(offsets) - 1):
        inside = known = False
        word = _BASIS
        row = counts[block]
        row[LINES] = 1
        for at in range(offsets[block], offsets[block + 1] + 1):
            ends = at == offsets[block + 1]
            character = np.uint32(32) if ends else data[at]
            if character < 0x10000 and classes[character] == SPACE:
                if inside:
                    known = False
                    for each in title:
                        known = known or each == mix(word)
                    row[IN_TITLE] += known
                inside = False
                row[LINES] += (not ends) and character == 10
                continue
            row[CHARACTERS] += 1
            kind = _kind(character, classes, lower)
            if not inside:
                inside = True
                word = _BASIS
                row[WORDS] += 1
                row[LOWER_WORDS] += kind == _LOWER
            word = (word ^ np.uint64(lower[character] if character < 0x10000 else character)) * _PRIME
            row[LETTERS] += kind == _UPPER or kind == _LOWER
            row[UPPER] += kind == _UPPER
            row[DIGITS] += kind == _DIGIT
            row[COMMAS] += kind == _COMMA
            row[ENDS] += kind == _END
            row[MARKS] += kind == _MARK
            if row[CHARACTERS] == 1:
                row[FIRST] = kind
            row[LAST] = kind


@compiled
def hash_words(data, lower, hashes):
    """Hashes of the words of a text between blanks, as `count_characters` compares them; returns how many."""
    found = 0
    inside = False
    word = _BASIS
    for character in data:
        if character <= 32:
            if inside:
                hashes[found] = mix(word)
                found += 1
            inside, word = False, _BASIS
        else:
            inside = True
            word = (word ^ np.uint64(lower[character] if character < 0x10000 else character)) * _PRIME
    if inside:
        hashes[found] = mix(word)
        found += 1
    return found


@compiled
def _share(part, whole):
    return part * 1000 // whole if whole > 0 else 0


@compiled
def fill_features(counts, given, inline_signs, node, parent, tag, signs, first, last, twins, depth, sums, features):
    """The features of every block of a page; returns how many columns were filled.

    Args:
        counts: (B, NUM_COUNTS), what `count_characters` filled.
        given: (B, 3) int64: `LINK_CHARACTERS` ... `REPEATS`.
        inline_signs, node: (B,) int64 of `PageBlocks`.
        parent, tag, signs, first, last: (N,) int64 of `PageBlocks`.
        twins: (N,) int64, siblings of the same tag and class, itself included.
        depth: (N,) int64, filled.
        sums: (B + 1, 5) int64 zeros, filled: running sums of characters, link characters, long blocks, sentence ends,
            commas.
        features: (B, F) int32, filled.
    """
    num_blocks = len(node)
    for each in range(len(parent)):
        depth[each] = depth[parent[each]] + 1 if parent[each] >= 0 else 0
    for block in range(num_blocks):
        characters, links = counts[block, CHARACTERS], given[block, LINK_CHARACTERS]
        is_long = characters >= 80 and links * 3 < characters
        sums[block + 1] = sums[block]
        sums[block + 1, 0] += characters
        sums[block + 1, 1] += min(links, characters)
        sums[block + 1, 2] += is_long
        sums[block + 1, 3] += counts[block, ENDS]
        sums[block + 1, 4] += counts[block, COMMAS]
    total = sums[num_blocks]
    heading_at = -1
    columns = 0
    for block in range(num_blocks):
        row = features[block]
        own = counts[block]
        characters = own[CHARACTERS]
        for column in range(NUM_COUNTS):
            row[column] = own[column]
        at = NUM_COUNTS
        for value in (
            given[block, NUM_LINKS],
            _share(given[block, LINK_CHARACTERS], characters),
            given[block, REPEATS],
            _share(own[UPPER], own[LETTERS]),
            _share(own[DIGITS], characters),
            _share(own[LOWER_WORDS], own[WORDS]),
            _share(own[LETTERS], own[WORDS]) // 100,
            _share(own[COMMAS] + own[ENDS], characters),
            _share(own[IN_TITLE], own[WORDS]),
            block,
            _share(block, num_blocks),
            _share(sums[block, 0], total[0]),
            _share(sums[block, 2], total[2]),
            num_blocks,
            total[0],
            _share(total[1], total[0]),
            _share(total[2], num_blocks),
        ):
            row[at] = value
            at += 1
        here = node[block]
        row[at] = tag[here] if here >= 0 else 99
        row[at + 1] = tag[parent[here]] if here >= 0 and parent[here] >= 0 else 99
        row[at + 2] = depth[here] if here >= 0 else 0
        at += 3
        # How many levels up each sign is met first.
        for sign in range(NUM_SIGNS):
            row[at + sign] = FAR
        level = 0
        each = here
        while each >= 0 and level < FAR:
            bits = signs[each]
            sign = 0
            while bits:
                if bits & 1 and row[at + sign] == FAR:
                    row[at + sign] = level
                bits >>= 1
                sign += 1
            level += 1
            each = parent[each]
        row[at + NUM_SIGNS] = np.int32(inline_signs[block] & 0x7FFFFFFF)
        at += NUM_SIGNS + 1
        at = _boxes(row, at, block, here, parent, tag, first, last, twins, sums, total)
        at = _neighbours(row, at, block, num_blocks, counts, given, tag, node)
        at = _windows(row, at, block, num_blocks, sums)
        if here >= 0 and 1 <= tag[here] <= 6:
            heading_at = block
        row[at] = block - heading_at if heading_at >= 0 else 9999
        row[at + 1] = tag[node[heading_at]] if heading_at >= 0 else 0
        columns = at + 2
    return columns


@compiled
def _boxes(row, at, block, here, parent, tag, first, last, twins, sums, total):
    """The elements around a block, each wider than the one before: what they hold."""
    low, high = block, block + 1
    each = here
    twin = 1
    climbed = 0
    for _ in range(LEVELS):
        while each >= 0 and climbed < MAX_CLIMBED and (last[each] - first[each]) <= high - low:
            twin = max(twin, twins[each])
            each = parent[each]
            climbed += 1
        if each >= 0:
            low, high = first[each], last[each]
        inside = sums[high] - sums[low]
        row[at] = high - low
        row[at + 1] = inside[0]
        row[at + 2] = _share(inside[1], inside[0])
        row[at + 3] = _share(inside[2], high - low)
        row[at + 4] = _share(inside[3], inside[0])
        row[at + 5] = _share(inside[2], total[2])
        row[at + 6] = twin
        row[at + 7] = tag[each] if each >= 0 else 99
        row[at + 8] = block - low
        at += 9
    return at


@compiled
def _neighbours(row, at, block, num_blocks, counts, given, tag, node):
    for step in (-3, -2, -1, 1, 2, 3):
        other = block + step
        if 0 <= other < num_blocks:
            characters = counts[other, CHARACTERS]
            row[at] = characters
            row[at + 1] = _share(given[other, LINK_CHARACTERS], characters)
            row[at + 2] = counts[other, ENDS]
            row[at + 3] = tag[node[other]] if node[other] >= 0 else 99
            row[at + 4] = node[other] == node[block]
        else:
            row[at : at + 5] = -1
        at += 5
    return at


@compiled
def _windows(row, at, block, num_blocks, sums):
    """What stands within 5 and 15 blocks before and behind."""
    for width in (5, 15):
        for low, high in ((max(0, block - width), block), (block + 1, min(num_blocks, block + 1 + width))):
            inside = sums[max(low, high)] - sums[low]
            row[at] = inside[0]
            row[at + 1] = _share(inside[1], inside[0])
            row[at + 2] = inside[2]
            at += 3
    return at


@compiled
def sum_of_trees(features, roots, feature, number, right, margins):
    """Add what the trees say to each block; see `block_classifier.Trees`.

    Args:
        features: (B, F) int32.
        roots, feature, number, right: Of the trees.
        margins: (B,) int64, added to.
    """
    for block in range(len(features)):
        row = features[block]
        total = np.int64(0)
        for root in roots:
            at = root
            while feature[at] >= 0:
                at = at + 1 if row[feature[at]] <= number[at] else right[at]
            total += number[at]
        margins[block] += total
