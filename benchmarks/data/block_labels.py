"""What the blocks of a page are learnt from: gold texts and segments where there are some, else what `best` keeps."""

import re
from collections.abc import Sequence

import numpy as np

from benchmarks.data.web_pages import WebPage

_WORD = re.compile(r"\w+")
MAX_TAUGHT = 30_000  # elements: on larger pages the teacher takes minutes
ARTICLE_WEIGHT, SEGMENT_WEIGHT = 2.0, 4.0  # of gold labels; those of the teacher weigh 1


class _Text:
    """A text that knows what stands in it: whole lines and cells for short blocks, runs of three words for others."""

    def __init__(self, text: str) -> None:
        words = _words(text)
        self._runs = set(zip(words, words[1:], words[2:], strict=False))
        self._lines = {tuple(_words(part)) for line in text.split("\n") for part in (line, *line.split("|"))}

    def share_of(self, words: Sequence[str]) -> float:
        """How much of a block it holds, 0 to 1."""
        if len(words) < 4:
            return float(bool(words) and tuple(words) in self._lines)
        runs = list(zip(words, words[1:], words[2:], strict=False))
        return sum(run in self._runs for run in runs) / len(runs)


def taught_texts(page: WebPage, html: str) -> list[str]:
    """The main text by three settings of trafilatura; what they agree on is surer."""
    from trafilatura import bare_extraction

    if html.count("<") > 2 * MAX_TAUGHT:
        return []
    texts = []
    for settings in ({}, {"favor_precision": True}, {"fast": True}):
        found = bare_extraction(html, url=page.url, include_comments=False, include_tables=True, **settings)
        texts.append("" if found is None else found.text or "")
    return texts


def block_labels(page: WebPage, blocks: Sequence[str], taught: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Whether each block is main text, and how much the label weighs: 0 where nothing is known."""
    words = [_words(block) for block in blocks]
    if page.article is not None:
        share, gold = _shares([page.article], words), ARTICLE_WEIGHT
    elif taught:
        share, gold = _shares(taught, words), 1.0
    else:
        share, gold = np.full(len(words), 0.5), 0.0
    labels = share > 0.5
    weights = gold * (0.3 + 0.7 * np.abs(2.0 * share - 1.0))
    # Long blocks matter more; a page of many blocks more than one of few, but not in proportion.
    weights *= np.log2(2.0 + np.array([len(each) for each in words])) * np.sqrt(100.0 / max(30, len(words)))
    for block, wanted in _segments(page, blocks).items():
        labels[block] = wanted
        weights[block] = SEGMENT_WEIGHT * max(weights[block], 1.0)
    return labels, weights


def _segments(page: WebPage, blocks: Sequence[str]) -> dict[int, bool]:
    """The blocks that gold strings decide: all with an unwanted one; the only one with a wanted one."""
    found = {}
    for wanted in page.wanted:
        places = [number for number, block in enumerate(blocks) if wanted in block]
        if len(places) == 1:
            found[places[0]] = True
    return found | {n: False for n, block in enumerate(blocks) if any(each in block for each in page.unwanted)}


def _shares(texts: Sequence[str], words: list[list[str]]) -> np.ndarray:
    known = [_Text(text) for text in texts]
    return np.array([sum(text.share_of(each) for text in known) / len(known) for each in words])


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
