"""Names in the sentences of a documentation, tagged by what they stand for in the page's module."""

import builtins
import hashlib
import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, NamedTuple

from pydantic import Field

from firstwords.data.dataset import OUTSIDE, PARTS, Dataset, Parts, WordsRecord, draw, read_documents
from firstwords.data.split import PYDOC, page_is_held_out, page_of
from firstwords.data.words import WordSpan, split_words
from firstwords.errors import RecipeError

METADATA_TYPES = {"modules": "MODULE", "classes": "CLASS", "functions": "FUNCTION", "exceptions": "EXCEPTION"}
"""Metadata of a page (JSON lists of the names in its module) and the entity type of those names."""

# Built-in classes that are no English words; the others (list, bytes, object ...) mean the word as often as the class.
_BUILTIN_CLASSES = frozenset(["bool", "bytearray", "dict", "float", "frozenset", "int", "memoryview", "str", "tuple"])
_BUILTIN_EXCEPTIONS = frozenset(
    name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)
)
# What a text calls a thing of each type: a plain word beside one of these, in quotes, or before a bracket is a name.
_KINDS = {
    "MODULE": frozenset({"module", "package", "modules"}),
    "CLASS": frozenset({"class", "object", "objects", "instance", "instances", "constructor", "classes"}),
    "FUNCTION": frozenset({"function", "method"}),
    "EXCEPTION": frozenset({"exception", "error"}),
}
_QUOTES = frozenset("'`\"")

_PARAGRAPH_GAP = re.compile(r"\n[ \t]*\n")
_SENTENCE_END = re.compile(r"[.!?][\"')\]]*(\s+)(?=[\"'(`:]*[A-Z])")
_CODE = re.compile(r">>>|->|==|::\s|[{}\\]|\.\.\.\s|=\s*[\w'\"(\[]|^\s*[@#$>|]|https?:|<[^>]* at 0x")
_HEADING = re.compile(r"\s*(?:[A-Z]{4,}(?: [A-Z]+)*|[\w ]+:)\s*$")
_SIGNATURE = re.compile(r"\s*(?:class |async |def )?[\w.]+ ?\(.*\)?(?: ->.*)?:?\s*$|.*\.\.\.\)|.*, /|.*\*, ")
_PROSE_START = re.compile(r"[\"'`(:]*[A-Za-z]")
_SMALL_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "be",
        "by",
        "for",
        "from",
        "if",
        "in",
        "is",
        "it",
        "may",
        "not",
        "of",
        "on",
        "or",
        "that",
        "the",
        "this",
        "to",
        "with",
    ]
)


class _Sentence(NamedTuple):
    record: WordsRecord
    forms: frozenset[str]  # of its entities, in lower case
    part: str


@dataclass(frozen=True, kw_only=True)
class DocumentationNames(Dataset):
    """Modules, classes, functions and exceptions in the sentences of docstrings (not in signatures or code).

    A word is an entity if it resolves in the page's module: to a name of the module itself (the page's metadata lists
    them), to a module, or to a built-in exception or class. A dotted name is one word. A plain English word that is
    also the name of something (`open`, `message`) is an entity where the text marks it as a name (quotes, a bracket
    behind it, `the open function`) or where the word is used on hardly any other page; where neither holds nobody
    could say, and the sentence is left out.

    No name that is an entity in one part is one in another, whatever its case: what is measured is whether names are
    recognised that were never seen as such. Every name belongs to the part in which its share of sentences is
    largest, and a sentence stays if all its names belong to its part. A dictionary of the training names therefore
    finds nothing in the test part, by construction. Pages are wholly in one part; `page_is_held_out` names those of
    the test part.

    Attributes:
        validation_share: Of the pages that are not in the test part, about.
        min_words: Of a sentence, signs counted.
        max_words: Of a sentence.
        rare_pages: A plain word that stands on at most so many other pages is taken as a name.
        plain_share: At most so many sentences without an entity for each one with.
        max_sentences: At most so many for training, drawn by hash.
    """

    record: ClassVar[type] = WordsRecord
    needs_documents: ClassVar[bool] = True

    validation_share: Annotated[float, Field(gt=0, lt=1)] = 0.12
    min_words: Annotated[int, Field(ge=1)] = 5
    max_words: Annotated[int, Field(ge=1)] = 60
    rare_pages: Annotated[int, Field(ge=0)] = 2
    plain_share: Annotated[float, Field(ge=0)] = 1.0
    max_sentences: Annotated[int, Field(ge=1)] = 6000

    def parts(self, documents: Path | None = None) -> Parts:
        """See `Dataset.parts`."""
        assert documents is not None
        pages = _read_pages(documents)
        num_pages = _pages_of_words(pages)
        sentences: list[_Sentence] = []
        seen: set[tuple[str, ...]] = set()
        for page in pages:
            part = self._part(page.name)
            for number, text in enumerate(prose_sentences(page.text)):
                words = split_words(text)
                if not self.min_words <= len(words) <= self.max_words:
                    continue
                tags = tag_words(words, text, page.types, num_pages, self.rare_pages)
                # Generated pages repeat a sentence with another name in it; one of them is enough.
                key = tuple(span.word.lower() for span, tag in zip(words, tags or (), strict=False) if tag == OUTSIDE)
                if tags is not None and key not in seen:
                    seen.add(key)
                    record = WordsRecord(
                        f"{page.id}-{number}", page.name, tuple(span.word for span in words), tuple(tags)
                    )
                    sentences.append(_Sentence(record, _forms(record), part))
        kept = self._without_shared_names(sentences)
        if any(not any(each.forms for each in kept[part]) for part in PARTS):
            raise RecipeError(
                f"documentation_names: of {len(sentences)} sentences none has a name in one of {', '.join(PARTS)}. "
                "Is the corpus the Python documentation, with the names of each page in its metadata?"
            )
        return {part: self._balanced(kept[part], part) for part in PARTS}

    def fingerprint(self) -> str:
        """The built-in names of this interpreter."""
        return hashlib.sha256(" ".join(sorted(_BUILTIN_EXCEPTIONS)).encode()).hexdigest()[:16]

    def _part(self, page: str) -> str:
        if page_is_held_out(page):
            return "test"
        return "validation" if draw("names validation", page) < self.validation_share else "train"

    def _without_shared_names(self, sentences: list[_Sentence]) -> dict[str, list[_Sentence]]:
        """The sentences of every part whose names all belong to that part."""
        totals = Counter(each.part for each in sentences)
        uses: dict[str, Counter[str]] = defaultdict(Counter)
        for each in sentences:
            for form in each.forms:
                uses[form][each.part] += 1
        # Ties go to the part that stands first in PARTS.
        owners = {
            form: max(PARTS, key=lambda part: (counts[part] / max(1, totals[part]), -PARTS.index(part)))
            for form, counts in uses.items()
        }
        kept: dict[str, list[_Sentence]] = {part: [] for part in PARTS}
        for each in sentences:
            if all(owners[form] == each.part for form in each.forms):
                kept[each.part].append(each)
        return kept

    def _balanced(self, sentences: list[_Sentence], part: str) -> list[WordsRecord]:
        """Sentences with names and not too many without, in their order."""
        order = sorted(sentences, key=lambda each: draw("names sentences", each.record.id))
        named = [each.record.id for each in order if each.forms]
        plain = [each.record.id for each in order if not each.forms]
        if part == "train":
            named = named[: max(1, round(self.max_sentences / (1 + self.plain_share)))]
        chosen = {*named, *plain[: round(self.plain_share * len(named))]}
        return [each.record for each in sentences if each.record.id in chosen]


class _Page(NamedTuple):
    id: str
    name: str
    text: str
    types: Mapping[str, str]


def _read_pages(documents: Path) -> list[_Page]:
    pages = []
    for document in read_documents(documents):
        if document.url is None or not document.url.startswith(PYDOC) or "?" in document.url:
            continue
        page = page_of(document.url, document.id)
        module = page.removeprefix(PYDOC)
        pages.append(_Page(document.id, page, document.text, name_types(module, document.metadata)))
    return pages


def name_types(module: str, metadata: Mapping[str, str]) -> dict[str, str]:
    """Every name that resolves in a module, and the type of what it stands for.

    Args:
        module: Dotted name of the page's module.
        metadata: With JSON lists under the keys of `METADATA_TYPES`; a missing one is empty.
    """
    segments = module.split(".")
    types = dict.fromkeys(_BUILTIN_CLASSES, "CLASS")
    types |= {".".join(segments[: i + 1]): "MODULE" for i in range(len(segments))}
    for key, type_name in METADATA_TYPES.items():
        for name in json.loads(metadata.get(key, "[]")):
            types[name] = type_name
            if "." not in name:
                types[f"{module}.{name}"] = types[f"{segments[-1]}.{name}"] = type_name
    return types | dict.fromkeys(_BUILTIN_EXCEPTIONS, "EXCEPTION")


def prose_sentences(text: str) -> Iterator[str]:
    """The sentences of a page that are written as such: no signatures, code, lists of names or headings."""
    for paragraph in _PARAGRAPH_GAP.split(text):
        lines = [line for line in paragraph.split("\n") if not _SIGNATURE.match(line) and not _HEADING.match(line)]
        joined = " ".join(" ".join(lines).split())
        starts = [0] + [gap.end() for gap in _SENTENCE_END.finditer(joined)]
        for start, end in itertools.pairwise([*starts, len(joined)]):
            sentence = joined[start:end].rstrip()
            if _is_prose(sentence):
                yield sentence


def _is_prose(sentence: str) -> bool:
    if (
        not sentence.rstrip("\"')]").endswith((".", "!", "?"))
        or not _PROSE_START.match(sentence)
        or _CODE.search(sentence)
    ):
        return False
    words = sentence.lower().split()
    # A sentence has articles, prepositions and the like; a signature or a list of names has not.
    return sum(word in _SMALL_WORDS for word in words) >= max(1, len(words) // 10)


def tag_words(
    words: list[WordSpan], text: str, types: Mapping[str, str], num_pages: Mapping[str, int], rare_pages: int
) -> list[str] | None:
    """Tags of a sentence, or None if a word may or may not be meant as a name.

    Args:
        words: Of the sentence.
        text: The sentence.
        types: Of `name_types`.
        num_pages: On how many pages a word stands, by its small letters.
        rare_pages: A plain word on at most so many pages besides its own is a name.
    """
    tags = []
    for position, span in enumerate(words):
        type_name = types.get(span.word)
        if type_name is None:
            tags.append(OUTSIDE)
        elif (
            not _is_plain(span.word, position)
            or _is_marked(words, position, text, type_name)
            or span.word in _BUILTIN_CLASSES
            or num_pages.get(span.word.lower(), 0) <= 1 + rare_pages
        ):
            tags.append(f"B-{type_name}")
        else:
            return None
    return tags


def _is_plain(word: str, position: int) -> bool:
    """Whether a word could be an ordinary one: small letters, an acronym, or one capital where a sentence begins."""
    if position == 0 and word[:1].isupper():
        word = word[:1].lower() + word[1:]
    return word.isalpha() and (word.islower() or word.isupper())


def _is_marked(words: list[WordSpan], position: int, text: str, type_name: str) -> bool:
    """Whether the text says that a word is a name."""
    span = words[position]
    if text[span.end : span.end + 1] == "(" or (
        text[span.start - 1 : span.start] in _QUOTES and text[span.end : span.end + 1] in _QUOTES
    ):
        return True
    neighbours = {words[i].word.lower() for i in (position - 1, position + 1) if 0 <= i < len(words)}
    return not neighbours.isdisjoint(_KINDS[type_name])


def _pages_of_words(pages: Iterable[_Page]) -> Counter[str]:
    """On how many pages each plain word stands, whatever its case."""
    words_of: dict[str, set[str]] = defaultdict(set)
    for page in pages:
        words_of[page.name].update(re.findall(r"[a-z]+", page.text.lower()))
    return Counter(word for words in words_of.values() for word in words)


def _forms(record: WordsRecord) -> frozenset[str]:
    return frozenset(word.lower() for word, tag in zip(record.words, record.tags, strict=True) if tag != OUTSIDE)
