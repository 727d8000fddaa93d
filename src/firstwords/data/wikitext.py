"""Wikitext, the markup of MediaWiki, as readable text, in one pass and in time proportional to its length.

Brackets and braces are matched with a stack, innermost first, as MediaWiki does it; what is never closed loses its
signs and stays text. The stack is limited: anything nested deeper is markup that nobody reads.

Left out: templates, tables, references, files, categories, magic words, galleries, formulas (unless asked for) and
comments. Kept: the text of links, headings on lines of their own, list items, and the text inside the few templates
that stand for a word of the sentence (`lang`, `convert`, `nowrap` ...).
"""

import html
import re
from dataclasses import dataclass, field
from typing import Literal

from firstwords.data.wikitext_names import (
    BLOCKS,
    CATEGORIES,
    CONNECTORS,
    DROPPED,
    FILES,
    FORMULAS,
    INLINE,
    SIGNS,
    VERBATIM,
    WORDS,
)

MAX_DEPTH = 40  # MediaWiki expands templates to a depth of 40
MAX_LINK = 2000  # characters of an outer link
# Marks between the two passes: here was a template; an outer link whose closing bracket follows; code.
_GONE, _OUTER, _CODE = "\x03", "\x02", "\x04"
_MARKS = re.compile("[\0\x02-\x04]")

OPAQUE = DROPPED | FORMULAS | VERBATIM
# A switch such as __NOTOC__; there are some forty, in every language.
_SWITCH = re.compile(r"__[^\W\d_][^\W\d_]{2,30}__")
_TOKEN = re.compile(
    r"(?P<comment><!--)|<(?P<close>/?)(?P<tag>[a-zA-Z][a-zA-Z0-9]*+)(?P<rest>[^<>]{0,2000}+)>|(?P<open>\{\{++)"
    r"|(?P<table>^[ \t:*#]*+\{\|(?!\}\}))|(?P<row>^[ \t]*+\|\}(?!\}))|(?P<shut>\}\}++)|(?P<link>\[\[)|(?P<end>\]\])"
    r"|(?P<bar>\|)|(?P<blank>\n[ \t]*+\n)|(?P<outer>\[(?:https?:|ftp:|mailto:|//)[^\s\[\]<>|{}]*+)",
    re.MULTILINE,
)
Kind = Literal["page", "template", "link", "table"]


@dataclass
class _Frame:
    """Something opened and not closed yet: its finished arguments, and the pieces of the one that is being read."""

    kind: Kind
    sign: str = ""
    arguments: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    def all(self) -> list[str]:
        return [*self.arguments, "".join(self.pieces)]


def plain_text(source: str, *, keep_formulas: bool = False) -> str:
    """The readable text of a page.

    Args:
        source: Wikitext.
        keep_formulas: Keep the TeX source of formulas.
    """
    source = _MARKS.sub("", source).replace("\r\n", "\n").replace("\r", "\n")
    return _lines(_Reader(source, keep_formulas).text())


class _Reader:
    def __init__(self, source: str, keep_formulas: bool) -> None:
        self._source = source
        self._keep_formulas = keep_formulas
        self._stack = [_Frame("page")]
        # Where a closing tag was looked for in vain: there is none behind, either.
        self._never: dict[str, int] = {}

    def text(self) -> str:
        source, position = self._source, 0
        end = len(source)
        while position < end:
            found = _TOKEN.search(source, position)
            if found is None:
                break
            if found.start() > position:
                self._add(source[position : found.start()])
            position = self._token(found)
        self._add(source[position:])
        while len(self._stack) > 1:
            self._flatten()
        return "".join(self._stack[0].pieces)

    def _add(self, text: str) -> None:
        self._stack[-1].pieces.append(text)

    def _token(self, found: re.Match[str]) -> int:
        """Deal with a token; gives where reading goes on."""
        kind, end = found.lastgroup, found.end()
        match kind:
            case "comment":
                return self._after("-->", end)
            case "rest":
                return self._tag(found)
            case "open":
                self._open(found[0])
            case "shut":
                self._shut(len(found[0]))
            case "link":
                self._push(_Frame("link", "[["))
            case "end":
                self._close("link")
            case "bar":
                frame = self._stack[-1]
                if frame.kind in ("template", "link"):
                    frame.arguments.append("".join(frame.pieces))
                    frame.pieces = []
                else:
                    self._add("|")
            case "blank":
                # A link does not reach over a blank line.
                while self._stack[-1].kind == "link":
                    self._flatten()
                self._add("\n\n")
                return end - 1
            case "outer":
                return self._outer(found)
            case "table":
                self._push(_Frame("table", "{|"))
            case "row":
                self._close("table")
        return end

    def _after(self, mark: str, position: int) -> int:
        """Behind the next mark, or at the end if there is none."""
        found = self._source.find(mark, position)
        return len(self._source) if found < 0 else found + len(mark)

    def _push(self, frame: _Frame) -> None:
        if len(self._stack) <= MAX_DEPTH:
            self._stack.append(frame)

    def _open(self, braces: str) -> None:
        """Two braces open a template, three a parameter; of longer runs the inner ones are taken in threes."""
        count = len(braces)
        if count > 2 * MAX_DEPTH:
            return
        widths = [2] * (count // 2) if count % 3 else [3] * (count // 3)
        if count % 2 and count % 3:
            widths = [2] * ((count - 3) // 2) + [3]
        for width in widths:
            self._push(_Frame("template", "{" * width))

    def _shut(self, count: int) -> None:
        while count >= 2:
            opened = self._nearest("template")
            if opened is None:
                return
            width = min(len(opened.sign), count)
            self._close("template")
            count -= width

    def _nearest(self, kind: Kind) -> _Frame | None:
        return next((frame for frame in reversed(self._stack) if frame.kind == kind), None)

    def _close(self, kind: Kind) -> None:
        """Close the nearest of its kind; what was opened in between is no markup. Without one the sign is dropped."""
        if self._nearest(kind) is None:
            return
        while self._stack[-1].kind != kind:
            self._flatten()
        frame = self._stack.pop()
        rendered = {"template": _template, "link": _link, "table": _nothing}[kind]
        self._add(rendered(frame.all(), frame.sign))

    def _flatten(self) -> None:
        frame = self._stack.pop()
        if frame.kind == "table":
            # Its rows are no text even where the end of the table is missing.
            lines = "".join(frame.pieces).split("\n")
            self._add("\n".join(line for line in lines[1:] if not line.lstrip().startswith(("|", "!"))))
        else:
            self._add("|".join(frame.all()))

    def _tag(self, found: re.Match[str]) -> int:
        name, rest, end = found["tag"].lower(), found["rest"], found.end()
        if name in OPAQUE and not found["close"]:
            return end if rest.rstrip().endswith("/") else self._opaque(name, end)
        if name in BLOCKS:
            self._add("\n")
        elif name not in INLINE and name not in OPAQUE:
            self._add(found[0])
        return end

    def _opaque(self, name: str, start: int) -> int:
        closing = self._closing(name, start)
        if closing is None:
            return start
        content = self._source[start : closing.start()]
        if name == "nowiki":
            self._add(_guarded(content))
        elif name in VERBATIM:
            lines = content.strip("\n").split("\n")
            self._add("\n" + "".join(_CODE + (line if name == "pre" else html.escape(line)) + "\n" for line in lines))
        elif name in FORMULAS and self._keep_formulas:
            self._add(_guarded(content.strip()))
        return closing.end()

    def _closing(self, name: str, start: int) -> re.Match[str] | None:
        if self._never.get(name, len(self._source) + 1) <= start:
            return None
        found = re.compile(rf"</{name}\s*+>", re.IGNORECASE).search(self._source, start)
        if found is None:
            self._never[name] = start
        return found

    def _outer(self, found: re.Match[str]) -> int:
        """`[https://... text]` is its text; without the closing bracket on the same line it stays as it is."""
        start = found.end()
        line = self._source[start : start + MAX_LINK].partition("\n")[0]
        closing = line.find("]")
        if closing < 0:
            self._add(found[0][1:])
            return start
        text = line[:closing]
        if any(sign in text for sign in "[{}<"):
            # Markup inside is read on; the bracket that closes is dropped with the signs of the line.
            self._add(_OUTER)
            return start
        self._add(_QUOTES.sub("", text.strip()))
        return start + closing + 1


def _nothing(arguments: list[str], sign: str) -> str:
    return ""


def _template(arguments: list[str], sign: str) -> str:
    """The text a template stands for, usually none."""
    if len(sign) == 3:  # a parameter, which has no value here
        return _GONE
    name = arguments[0].strip().lower().replace("_", " ")
    if name in SIGNS:
        return SIGNS[name]
    positional = [each.strip() for each in arguments[1:] if not _NAMED.match(each)]
    if name in ("convert", "cvt") and positional:
        return _converted(positional)
    if name.startswith("formatnum:"):
        return name.partition(":")[2]
    place = WORDS.get(name, -1 if re.fullmatch(r"lang-[a-z-]{2,12}", name) else 0)
    numbered = [each.partition("=")[2].strip() for each in arguments[1:] if _NUMBERED.match(each)]
    values = positional or numbered
    if place == 0 or not values:
        return _GONE
    return values[-1] if place < 0 else values[place - 1] if place <= len(values) else _GONE


def _converted(values: list[str]) -> str:
    """`{{convert|5|to|10|km|mi}}` is 5 to 10 km."""
    parts = [values[0]]
    rest = values[1:]
    while len(rest) > 1 and rest[0] in CONNECTORS:
        parts += [CONNECTORS[rest[0]], rest[1]]
        rest = rest[2:]
    return " ".join([*parts, *rest[:1]])


def _link(arguments: list[str], sign: str) -> str:
    target = arguments[0].strip()
    prefix, colon, _ = target.partition(":")
    space = prefix.strip().lower().replace(" ", "_")
    if colon and (space in FILES or space in CATEGORIES):
        return ""
    # A page's counterpart in another language: [[fr:Anarchisme]].
    if colon and len(arguments) == 1 and re.fullmatch(r"[a-z]{2,3}(?:-[a-z]{2,10}){0,2}", prefix):
        return ""
    text = arguments[-1] if len(arguments) > 1 else target.removeprefix(":")
    if len(arguments) > 1 and not text.strip():
        text = target.removeprefix(":").rpartition(":")[2].partition(" (")[0]
    return text


def _guarded(text: str) -> str:
    """Text in which nothing but entities means anything to what follows."""
    return _GUARDED.sub(lambda found: found[0] if found[0][0] == "&" else f"&#{ord(found[0])};", text)


_NAMED = re.compile(r"\s*+[\w -]{1,40}=")
_NUMBERED = re.compile(r"\s*+\d=")
_GAPS = re.compile(f"{_GONE}{{2,}}")
_GAP_AFTER_BRACKET = re.compile(f"\\((?: ?{_GONE} ?[,;:]?)++ ?")
_GAP_BEFORE_SIGN = re.compile(f"(?:[,;] ?| )?{_GONE} ?([,.;:)])")
_GUARDED = re.compile(r"&#?\w++;|[\[\]{}|'=*#:;_<>~-]")
# Single brackets that have come together.
_STRAY = re.compile(r"\[{2,}|\]{2,}|\{{2,}|\}{2,}")
_QUOTES = re.compile(r"'{2,}")
_LIST = re.compile(r"([*#:;]+)\s*")


def _quotes(found: re.Match[str]) -> str:
    """Two, three and five quotes are bold and italic; four are an apostrophe and bold."""
    return "'" if len(found[0]) == 4 else ""


def _lines(text: str) -> str:
    """The second pass: what the beginnings of lines mean, and spaces."""
    return _with_sections([_line(line) for line in _SWITCH.sub("", text).split("\n")])


def _line(line: str) -> tuple[int, str]:
    """Level of a heading (0: text) and the line's text."""
    if line[:1] == _CODE:
        return 0, html.unescape(line[1:]).rstrip()
    if _OUTER in line:
        line = _unbracketed(line)
    if _GONE in line:
        line = _without_gaps(line)
    if "''" in line:
        line = _QUOTES.sub(_quotes, line)
    line = _STRAY.sub("", line)
    level = 0
    if line[:1] == "=" and (line := line.rstrip())[-1:] == "=" and len(line) > 2:
        signs = min(len(line) - len(line.lstrip("=")), len(line) - len(line.rstrip("=")))
        level = min(signs, (len(line) - 1) // 2, 6)
        line = line[level:-level].strip()
    elif item := _LIST.match(line):
        content = line[item.end() :].strip()
        line = ("- " if item[1][-1] in "*#" else "") + content if content else ""
    return level, " ".join(html.unescape(line).split())


def _without_gaps(line: str) -> str:
    """A line without what a template left around itself: "(pronounced , born 1900)" had one inside."""
    line = _GAP_AFTER_BRACKET.sub("(", _GAPS.sub(_GONE, line))
    line = _GAP_BEFORE_SIGN.sub(r"\1", line)
    return line.replace("()", "").replace(_GONE, "")


def _unbracketed(line: str) -> str:
    """A line with the texts of outer links that hold markup: for each mark the next single bracket is dropped."""
    head, *rest = line.split(_OUTER)
    return head + "".join(each.strip(" ").replace("]", "", 1) for each in rest)


def _with_sections(lines: list[tuple[int, str]]) -> str:
    """Text with headings set apart; headings with nothing below them left out."""
    kept: list[str] = []
    waiting: list[tuple[int, str]] = []  # headings that have no text below yet
    for level, line in lines:
        if level:
            while waiting and waiting[-1][0] >= level:
                waiting.pop()
            if line:
                waiting.append((level, line))
        elif line:
            for _, heading in waiting:
                kept += ["", heading, ""]
            waiting = []
            kept.append(line)
        elif not waiting:
            kept.append("")
    out: list[str] = []
    for line in kept:
        if line or (out and out[-1]):
            out.append(line)
    return "\n".join(out).strip("\n")
