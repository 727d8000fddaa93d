"""The pages of the Python documentation server as readable text with the names that their module defines."""

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import ClassVar

from firstwords.data.document import Document, Rejection
from firstwords.data.extractor import Extractor, document, rejected
from firstwords.data.source import Record
from firstwords.data.split import PYDOC

_SECTION = '<table class="section">'
_KIND = re.compile(r'<tr class="decor ([a-z-]+?)-decor')
_TITLE = re.compile(r'<td class="section-title"[^>]*>(.*?)</td></tr>', re.DOTALL)
_PRELUDE = re.compile(r'<td class="decor title-decor" colspan=2>(.*?)</td></tr>', re.DOTALL)
_ANCHOR = re.compile(r'<a name="([^"]+)"')
_MEMBER = re.compile(r"<dl><dt>(.*?)</dt>\s*(?:<dd>(.*?)</dd>)?\s*</dl>", re.DOTALL)
_ORDER = re.compile(r"<dl><dt>Method resolution order:</dt>.*?</dl>", re.DOTALL)
_NOTE = re.compile(r'<span class="grey">.*?</span></span>', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_MODULE_LINK = re.compile(r'<a href="([\w.]+)\.html"')
_PRE = re.compile(r"<pre>(.*?)</pre>", re.DOTALL)
# Lines that are code, lists, tables or headings are never joined with their neighbours.
_FIXED = re.compile(r"\s*(?:>>>|\.\.\. |[-*+] |#|[|+=~^-]{2}|\*{3}|:\w|@|[<{\[]|\d+[.)] )|.*[^\s.!?:,;)\"'] {2,}\S")
_FIELD = re.compile(r"\s*\w+ *[:=] ")
_WIDTH = 45  # characters: narrower paragraphs are lists of short lines rather than wrapped prose
_SLACK = 6  # characters that a line may be shorter than wrapping would make it


@dataclass
class _Names:
    """What a page's module defines and refers to, in page order."""

    classes: list[str] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Documentation(Extractor):
    """Docstrings and signatures of a `pydoc:///` page, or the text of a topic.

    Blocks are separated by a blank line; a signature is a block of its own; prose that was wrapped at a fixed width
    is one line. Left out: navigation, indexes of names, values, authors. The names go to the metadata, as JSON
    lists: `classes`, `exceptions`, `functions` that the module defines, and `modules`: those it contains or imports.
    `module` is the page's dotted name (`topic` of a topic's page), `kind` is `module` or `topic`.
    """

    version: ClassVar[int] = 1
    isolated: ClassVar[bool] = False  # regular expressions of ours over pages of ours, linear in their length

    def extract(self, record: Record) -> Document | Rejection:
        """The page as a document."""
        name = (record.url or "").removeprefix(PYDOC)
        page = record.body.decode("utf-8", "replace").partition("<body>")[2].rpartition("</body>")[0]
        if not name or not page:
            return rejected(record, "not_html", "not a page of the documentation server")
        if name.startswith("topic?key="):
            title = name.removeprefix("topic?key=")
            blocks = list(_topic(page))
            metadata = {"kind": "topic", "topic": title}
        else:
            title, names = name, _Names()
            blocks = list(_module(page, names))
            metadata = {"kind": "module", "module": name}
            metadata |= {key: json.dumps(list(dict.fromkeys(found))) for key, found in vars(names).items()}
        text = "\n\n".join(block for block in blocks if block)
        if not text:
            return rejected(record, "empty", "no docstrings")
        result = document(record, text, self, title=title, metadata=metadata)
        # The archive's date is a fixed one: these pages have none.
        return Document(**{key: getattr(result, key) for key in _FIELDS} | {"date": None, "language": "en"})


_FIELDS = ("id", "text", "source", "url", "title", "licence", "metadata")


def _topic(page: str) -> Iterator[str]:
    for match in _PRE.finditer(page):
        yield from _blocks(_plain(match[1]))


def _module(page: str, names: _Names) -> Iterator[str]:
    opening, *sections = page.split(_SECTION)
    yield from _blocks(_plain(opening))
    for section in sections:
        kind, title = _KIND.search(section), _TITLE.search(section)
        if kind is None or title is None:
            continue
        content = section[title.end() :]
        if kind[1] == "pkg-content":
            names.modules += _MODULE_LINK.findall(content)
        elif kind[1] == "title":
            yield from _class(title[1], content, names)
        elif kind[1] == "functions":
            names.functions += [anchor.removeprefix("-") for anchor in _ANCHOR.findall(content)]
            yield from _members(content)


def _class(title: str, content: str, names: _Names) -> Iterator[str]:
    order = _ORDER.search(content)
    found = _ANCHOR.findall(title)
    # `Alias = class Name(Base)`: both are names of the module.
    alias = re.match(r"<strong>(\w+)</strong> = ", title)
    found = [alias[1], *found] if alias else found
    is_exception = (order is not None and ">builtins.BaseException<" in order[0]) or "BaseException" in title
    (names.exceptions if is_exception else names.classes).extend(found)
    yield _one_line(title)
    prelude = _PRELUDE.search(content)
    body = content
    if prelude is not None:
        body = content[prelude.end() :]
        first, *rest = _blocks(_plain(prelude[1])) or [""]
        # pydoc escapes the signature twice.
        if any(first.startswith(f"{name}(") for name in found):
            first = unescape(first)
        yield from [first, *rest]
    yield from _members(_ORDER.sub("", body))


def _members(content: str) -> Iterator[str]:
    """Signatures with their docstrings; what has neither parameters nor documentation says nothing."""
    for match in _MEMBER.finditer(content):
        signature = _one_line(_NOTE.sub("", match[1]))
        docstring = _blocks(_plain(match[2])) if match[2] else []
        if "(" in signature:
            yield signature
        elif not docstring or signature.startswith("__"):
            continue  # slots such as __weakref__ and __dict__: the same two lines on every page
        else:
            yield signature
        yield from docstring


def _plain(html: str) -> str:
    """The characters of a piece of pydoc's HTML; its line ends are the docstring's."""
    return unescape(_TAG.sub("", html)).replace("\xa0", " ")


def _one_line(html: str) -> str:
    return " ".join(_plain(html).split())


def _blocks(text: str) -> list[str]:
    """The paragraphs of a docstring, wrapped prose joined to one line, everything else line by line."""
    paragraphs: list[list[str]] = [[]]
    for line in map(str.rstrip, text.split("\n")):
        if line:
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    return [_joined(lines) for lines in paragraphs if lines]


def _joined(lines: list[str]) -> str:
    if _is_wrapped_prose(lines):
        return " ".join(line.strip() for line in lines)
    # The whole block moves to the margin, its inner indentation stays.
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    return "\n".join(line[margin:] for line in lines)


def _is_wrapped_prose(lines: list[str]) -> bool:
    """Whether line ends come from wrapping: every line but the last has no room for the next line's first word."""
    width = max(len(line) for line in lines)
    if len(lines) == 1 or width < _WIDTH or len({len(line) - len(line.lstrip()) for line in lines}) > 1:
        return False
    if any(_FIXED.match(line) for line in lines) or any(_FIELD.match(line) for line in lines[1:]):
        return False
    return all(
        len(line) + 1 + len(following.split()[0]) >= width - _SLACK and not line.endswith(":")
        for line, following in itertools.pairwise(lines)
    )
