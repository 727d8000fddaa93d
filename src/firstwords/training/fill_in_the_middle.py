"""Texts rearranged so that a causal model learns to fill in the middle (Bavarian et al. 2022).

A piece of a document is cut at two places into prefix, middle and suffix, and read as

    end-of-text  PREFIX prefix SUFFIX suffix MIDDLE middle  end-of-text     (prefix first, PSM)
    end-of-text  PREFIX SUFFIX suffix MIDDLE prefix middle  end-of-text     (suffix first, SPM, section 3, joint form)

so that what comes last has seen both of its sides. The three marks are given to the model when it is used, so it is
never asked to predict them; end-of-text behind the middle says that it joins the suffix, and is.

Cuts lie between tokens: rows keep their length and are made from stored ids alone. A prefix that ends inside of what
the tokenizer would make one token is therefore not seen in training; `inference.infilling` is meant for cuts between
words.
"""

from __future__ import annotations

import numpy as np

from firstwords.training.batch import IGNORED

# Three marks and an end that is always there take the place of text.
NUM_MARKS = 3
SHORTEST = 8


def rearrange(
    input_ids: np.ndarray,
    labels: np.ndarray,
    bounds: np.ndarray,
    generator: np.random.Generator,
    *,
    rate: float,
    suffix_first_share: float,
    first_mark: int,
    end_of_text: int,
) -> tuple[np.ndarray, np.ndarray]:
    """A packed row in which some pieces of documents are rearranged; lengths and bounds stay.

    Args:
        input_ids: (T,) what is read.
        labels: (T,) the token behind each.
        bounds: (D + 1,) of the pieces; none sees another.
        generator: Three or four draws a piece, whatever comes of them.
        rate: Chance that a piece is rearranged; those below `SHORTEST` tokens never are.
        suffix_first_share: Of the rearranged pieces.
        first_mark: Id of the first of three marks.
        end_of_text: Its id.

    Returns:
        Inputs and labels; a rearranged piece has lost the last three tokens of its text (four if the row cut it).
    """
    inputs, targets = input_ids.astype(np.int64), labels.astype(np.int64)
    for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        wanted, order, *cuts = generator.random(4)
        if wanted >= rate or end - start < SHORTEST:
            continue
        text = labels[start:end].astype(np.int64)
        text = text[: end - start - NUM_MARKS - 1]
        low, high = sorted(int(cut * (len(text) + 1)) for cut in cuts)
        prefix, middle, suffix = text[:low], text[low:high], text[high:]
        prefix_mark, suffix_mark, middle_mark = (np.array([first_mark + number]) for number in range(NUM_MARKS))
        end_mark = np.array([end_of_text])
        if order < suffix_first_share:
            pieces = [prefix_mark, suffix_mark, suffix, middle_mark, prefix, middle, end_mark]
        else:
            pieces = [prefix_mark, prefix, suffix_mark, suffix, middle_mark, middle, end_mark]
        made = np.concatenate(pieces).astype(np.int64)
        inputs[start] = end_of_text
        inputs[start + 1 : end] = made[:-1]
        is_mark = (made >= first_mark) & (made < first_mark + NUM_MARKS)
        targets[start:end] = np.where(is_mark, IGNORED, made)
    return inputs, targets
