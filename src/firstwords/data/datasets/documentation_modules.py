"""Passages of a documentation and the top-level module each belongs to, from the pages' own addresses."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from firstwords.data.dataset import PARTS, Dataset, Parts, TextRecord, draw, read_documents
from firstwords.data.split import PYDOC, group_of, page_is_held_out, page_of
from firstwords.errors import RecipeError

_DOTTED_NAME = re.compile(r"[^\W\d]\w*(?:\.\w+)*")
# The parts of a name in capitals-and-underscores spelling: `HTTPServer2_x` has HTTP, Server, 2 and x.
_NAME_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")
_LINE_GAP = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True, kw_only=True)
class DocumentationModules(Dataset):
    """Which of the largest top-level modules a passage of about a hundred words is about.

    Passages follow the paragraphs of a page. Every page is wholly in one part: the test part are the pages that
    `page_is_held_out` names, which no pre-training reads. The names of all the modules among the classes, alone or
    inside a dotted or compound name, are taken out of every passage: the class must be told by what the passage says.

    Attributes:
        num_classes: So many modules, the largest ones among those that have pages both to train on and to test on.
        min_words: A passage is closed at the first paragraph end behind so many words; a rest of at least half is kept.
        max_words: A longer paragraph is cut at a line end, a longer line between words.
        validation_share: Of the passages of each class that are not in the test part, at most.
        max_passages: At most so many of one class in training, drawn by hash; the other parts stay as they are.
    """

    record: ClassVar[type] = TextRecord
    needs_documents: ClassVar[bool] = True

    num_classes: Annotated[int, Field(ge=2)] = 12
    min_words: Annotated[int, Field(ge=1)] = 60
    max_words: Annotated[int, Field(ge=1)] = 120
    validation_share: Annotated[float, Field(gt=0, lt=1)] = 0.12
    max_passages: Annotated[int, Field(ge=1)] = 400

    def __post_init__(self) -> None:
        if self.max_words < self.min_words:
            raise ValueError(f"max_words {self.max_words} is less than min_words {self.min_words}")

    def parts(self, documents: Path | None = None) -> Parts:
        """See `Dataset.parts`."""
        assert documents is not None
        by_page: dict[str, list[TextRecord]] = defaultdict(list)
        for document in read_documents(documents):
            if document.url is None or not document.url.startswith(PYDOC) or "?" in document.url:
                continue  # a help topic belongs to no module
            page = page_of(document.url, document.id)
            module = group_of(document.url, document.id)
            for number, text in enumerate(passages(document.text, self.min_words, self.max_words)):
                by_page[page].append(TextRecord(f"{document.id}-{number}", page, text, module))
        classes = self._classes(by_page)
        part_of = self._parts_of_pages(by_page, classes)
        found: dict[str, list[TextRecord]] = {part: [] for part in PARTS}
        for page, part in part_of.items():
            found[part] += by_page[page]
        return {part: self._kept(records, classes, part) for part, records in found.items()}

    def _classes(self, by_page: Mapping[str, list[TextRecord]]) -> list[str]:
        counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        for page, records in by_page.items():
            counts[page_is_held_out(page)].update(record.label for record in records)
        # A module of one page cannot be split by page.
        complete = [name for name in counts[True] if counts[False][name]]
        size = counts[True] + counts[False]
        largest = sorted(complete, key=lambda name: (-size[name], name))[: self.num_classes]
        if len(largest) < 2:
            raise RecipeError(
                f"documentation_modules: {len(largest)} modules have pages to train on and to test on; at least 2 are "
                f"needed. Is the corpus the Python documentation ({sum(size.values())} passages)?"
            )
        return sorted(largest)

    def _parts_of_pages(self, by_page: Mapping[str, list[TextRecord]], classes: list[str]) -> dict[str, str]:
        """The part of every page of the classes, in the order of the pages.

        The test part is `page_is_held_out`'s. For validation, the pages of each class are taken in the order of a
        hash, each that still fits into the class's share: pages differ in size by a factor of a hundred, and drawing
        them one by one could take most of a class away.
        """
        part_of = {}
        room: dict[str, float] = {}
        for name in classes:
            sizes = (len(r) for page, r in by_page.items() if r[0].label == name and not page_is_held_out(page))
            room[name] = self.validation_share * sum(sizes)
        for page in sorted(by_page, key=lambda page: draw("modules validation", page)):
            label, num_passages = by_page[page][0].label, len(by_page[page])
            if label not in room:
                continue
            if page_is_held_out(page):
                part_of[page] = "test"
            elif num_passages <= room[label]:
                room[label] -= num_passages
                part_of[page] = "validation"
            else:
                part_of[page] = "train"
        return {page: part_of[page] for page in by_page if page in part_of}

    def _kept(self, records: list[TextRecord], classes: list[str], part: str) -> list[TextRecord]:
        chosen = records
        if part == "train":
            order = sorted(records, key=lambda record: draw("modules passages", record.id))
            taken: Counter[str] = Counter()
            names = set()
            for record in order:
                taken[record.label] += 1
                if taken[record.label] <= self.max_passages:
                    names.add(record.id)
            chosen = [record for record in chosen if record.id in names]
        return [
            TextRecord(record.id, record.group, without_names(record.text, classes), record.label) for record in chosen
        ]


def passages(text: str, min_words: int, max_words: int) -> Iterator[str]:
    """A text in passages of whole paragraphs, as far as these are not longer than `max_words`."""
    held: list[str] = []
    num_held = 0
    for block, num_words in _blocks(text, max_words):
        if num_held and num_held + num_words > max_words:
            if num_held >= min_words // 2:
                yield "\n\n".join(held)
            held, num_held = [], 0
        held.append(block)
        num_held += num_words
        if num_held >= min_words:
            yield "\n\n".join(held)
            held, num_held = [], 0
    if num_held >= max(1, min_words // 2):
        yield "\n\n".join(held)


def _blocks(text: str, max_words: int) -> Iterator[tuple[str, int]]:
    """Paragraphs, or pieces of those that are too long, with their number of words."""
    for paragraph in _LINE_GAP.split(text):
        num_words = len(paragraph.split())
        if num_words <= max_words:
            if num_words:
                yield paragraph.strip("\n"), num_words
            continue
        lines: list[str] = []
        held = 0
        for line in _short_lines(paragraph, max_words):
            num_line = len(line.split())
            if held + num_line > max_words:
                yield "\n".join(lines), held
                lines, held = [], 0
            lines.append(line)
            held += num_line
        if held:
            yield "\n".join(lines), held


def _short_lines(paragraph: str, max_words: int) -> Iterator[str]:
    for line in paragraph.split("\n"):
        words = line.split()
        if len(words) <= max_words:
            yield line
        else:
            yield from (" ".join(words[i : i + max_words]) for i in range(0, len(words), max_words))


def without_names(text: str, names: Iterable[str]) -> str:
    """A text without some names and every dotted or compound name that has one as a part, whatever the case.

    For `email`: `email`, `Email`, `email.message.Message`, `test_email` and `EmailMessage` go; `emails` stays.
    """
    wanted = {name.lower() for name in names}
    plain = {name.strip("_") for name in wanted}

    def replacement(match: re.Match[str]) -> str:
        segments = match[0].lower().split(".")
        parts = {part.lower() for part in _NAME_PART.findall(match[0])}
        # `pydoc_data` and `xmlRpc` are names in one piece although they have parts.
        joined = {segment.replace("_", "") for segment in segments}
        hit = wanted.intersection(segments) or plain.intersection(segments) or plain & parts
        return "" if hit or joined & {name.replace("_", "") for name in plain} else match[0]

    return _DOTTED_NAME.sub(replacement, text)
