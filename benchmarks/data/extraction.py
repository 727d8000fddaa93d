"""How well extractors find the main text of web pages: two sets, each by its own rules.

    FIRSTWORDS_DATA=... python -m benchmarks.data.extraction fast best

Articles (181 pages, whole gold text): runs of four words as multisets; precision and recall of each page, then their
means, F1 from the two means. Segments (990 pages, 2,951 wanted and 2,966 unwanted strings): a string counts when it is
found verbatim. Intervals: 1,000 resamples of registered domains, 95 %.

The weights of `balanced`, which `best` asks too, were trained on these pages: their scores here say nothing, only their
speed does. What they do on sites that they never saw is printed by `benchmarks.data.train_blocks`.
"""

import argparse
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from benchmarks.data.web_pages import ARTICLES, SEGMENTS, WebPage, read_pages
from firstwords.data.document import Document
from firstwords.data.extractor import Extractor
from firstwords.data.source import Record
from firstwords.find import find

_WORD = re.compile(r"\w+")
Row = tuple[float, ...]


def extracted(extractor: Extractor, page: WebPage) -> str:
    """The text an extractor gives for a page, empty if it gives none. The page's bytes go in, no header."""
    record = Record(origin=page.key, url=page.url, body=page.html, media_type="text/html")
    result = extractor.extract(record)
    return result.text if isinstance(result, Document) else ""


def article_row(page: WebPage, text: str) -> Row:
    """Precision and recall over runs of four words; a text without such a run counts as one run of all its words."""
    gold, found = _runs(page.article or ""), _runs(text)
    common = sum((gold & found).values())
    if not found:
        return (1.0 if not gold else 0.0), (1.0 if not gold else 0.0)
    return common / sum(found.values()), (common / sum(gold.values()) if gold else 0.0)


def segment_row(page: WebPage, text: str) -> Row:
    """How many wanted strings are found and missed, and how many unwanted ones are found."""
    found = sum(each in text for each in page.wanted)
    return found, len(page.wanted) - found, sum(each in text for each in page.unwanted)


def article_score(rows: Sequence[Row]) -> dict[str, float]:
    """F1 of the mean precision and the mean recall."""
    return _f1(sum(row[0] for row in rows) / len(rows), sum(row[1] for row in rows) / len(rows))


def segment_score(rows: Sequence[Row]) -> dict[str, float]:
    """F1 over all strings of all pages."""
    found, missed, wrong = (sum(row[i] for row in rows) for i in range(3))
    return _f1(found / max(1, found + wrong), found / max(1, found + missed))


def scores(extractor: Extractor, *, resamples: int = 1000) -> dict[str, dict[str, float]]:
    """Both sets' scores: `articles` and `segments`, each with precision, recall, f1, low, high, pages_per_second."""
    return text_scores(lambda page: extracted(extractor, page), resamples=resamples)


def text_scores(text_of: Callable[[WebPage], str], *, resamples: int = 1000) -> dict[str, dict[str, float]]:
    """The same for any function from a page to its text; `pages_per_second` is of processor time, one core."""
    out = {}
    for name, row_of, score in ((ARTICLES, article_row, article_score), (SEGMENTS, segment_row, segment_score)):
        pages = read_pages(name)
        if pages:
            text_of(pages[0])  # what is loaded and compiled at first use is not counted
        started = time.process_time()
        texts = [text_of(page) for page in pages]
        seconds = time.process_time() - started
        rows = [row_of(page, text) for page, text in zip(pages, texts, strict=True)]
        low, high = interval([page.domain for page in pages], rows, score, resamples)
        out[name.replace(ARTICLES, "articles").replace(SEGMENTS, "segments")] = score(rows) | {
            "low": low,
            "high": high,
            "pages_per_second": len(pages) / max(seconds, 1e-9),
        }
    return out


def interval(
    domains: Sequence[str], rows: Sequence[Row], score: Callable[[Sequence[Row]], dict[str, float]], resamples: int
) -> tuple[float, float]:
    """The 95 % interval of F1 when whole domains are drawn with replacement: pages of one site err alike."""
    groups = defaultdict(list)
    for domain, row in zip(domains, rows, strict=True):
        groups[domain].append(row)
    parts = list(groups.values())
    draw = random.Random(0)
    found = sorted(
        score([row for part in draw.choices(parts, k=len(parts)) for row in part])["f1"] for _ in range(resamples)
    )
    return found[int(0.025 * resamples)], found[min(resamples - 1, int(0.975 * resamples))]


def _runs(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    if not words:
        return Counter()
    return Counter(tuple(words[i : i + 4]) for i in range(max(1, len(words) - 3)))


def _f1(precision: float, recall: float) -> dict[str, float]:
    total = precision + recall
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / total if total else 0.0}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modes", nargs="*", default=["fast", "best"])
    print(f"{'extractor':<12}{'set':<10}{'precision':>10}{'recall':>8}{'F1':>7}  {'95 % interval':<15}{'pages/s':>8}")
    for mode in parser.parse_args().modes:
        for name, row in scores(find("data.extractors", mode)()).items():
            print(
                f"{mode:<12}{name:<10}{row['precision']:>10.3f}{row['recall']:>8.3f}{row['f1']:>7.3f}  "
                f"[{row['low']:.3f}, {row['high']:.3f}] {row['pages_per_second']:>8.1f}"
            )


if __name__ == "__main__":
    main()
