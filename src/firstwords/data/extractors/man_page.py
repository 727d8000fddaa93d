"""The text of manual pages in roff with the `man` macros: what a reader sees, without the markup."""

import re
from dataclasses import dataclass
from typing import ClassVar

from firstwords.data.document import Document, Rejection
from firstwords.data.extractor import Extractor, decoded_or_rejected, document, rejected
from firstwords.data.source import Record

# man(7), groff_char(7).
CHARACTERS = {
    "aq": "'", "dq": '"', "lq": "\N{LEFT DOUBLE QUOTATION MARK}", "rq": "\N{RIGHT DOUBLE QUOTATION MARK}",
    "oq": "\N{LEFT SINGLE QUOTATION MARK}", "cq": "\N{RIGHT SINGLE QUOTATION MARK}", "em": "\N{EM DASH}",
    "en": "\N{EN DASH}", "hy": "-", "bu": "*", "co": "\N{COPYRIGHT SIGN}", "ha": "^", "ti": "~", "rs": "\\",
    "ga": "`", "ge": ">=", "le": "<=", "mu": "x", "+-": "+-", "->": "->", "<-": "<-", "bv": "|", "sl": "/", "Fo": "<<",
    "Fc": ">>", "fo": "<", "fc": ">", "at": "@", "sh": "#", "Do": "$", "lB": "[", "rB": "]", "lC": "{", "rC": "}",
}  # fmt: skip
_ESCAPE = re.compile(
    r"\\(?:f(?:\(..|\[[^\]]*\]|.)|s[+-]?\d|\*\(..|\*\[[^\]]*\]|\*.|\((..)|\[([^\]]*)\]|[hvwlLDN]'[^']*'|[\"#].*|([^\n]))"
)
_PLAIN = {"e": "\\", "-": "-", "\\": "\\", " ": " ", "0": " ", "~": " ", "'": "'", "`": "`", ".": ".", "t": "\t"}
_ARGUMENT = re.compile(r'"((?:[^"]|"")*)"?|(\S+)')
# Macros that print their arguments: in alternating fonts (joined), or in one (with spaces).
JOINED = frozenset({"BI", "BR", "IB", "IR", "RB", "RI"})
SPACED = frozenset({"B", "I", "R", "SB", "SM"})
PARAGRAPHS = frozenset({"PP", "P", "LP", "HP", "IP", "TP", "TQ", "SH", "SS", "RS", "RE", "sp", "nf", "fi", "EX", "EE"})
SKIPPED_UNTIL = {"TS": "TE", "de": ".", "ig": ".", "EQ": "EN"}


@dataclass(frozen=True, kw_only=True)
class ManPage(Extractor):
    """Headings, paragraphs, lists and examples (their lines kept); comments, tables and licences are left out.

    A page that only points to another (`.so man3/printf.3`) counts as empty.
    """

    isolated: ClassVar[bool] = False
    libraries: ClassVar[tuple[str, ...]] = ("resiliparse",)

    def extract(self, record: Record) -> Document | Rejection:
        """The page's text, blocks separated by a blank line."""
        decoded = decoded_or_rejected(record, is_html=False)
        if isinstance(decoded, Rejection):
            return decoded
        page = _Page()
        for line in re.sub(r"\\\n", "", decoded.text.replace("\r\n", "\n")).split("\n"):
            page.read(line)
        text = page.text()
        if not text.strip():
            return rejected(record, "empty", "a page without text, or one that points to another")
        return document(record, text, self, decoded, title=page.title)


class _Page:
    """What was printed so far."""

    def __init__(self) -> None:
        self.title: str | None = None
        self._blocks: list[list[str]] = [[]]
        self._keeps_lines = False
        self._until: str | None = None
        self._is_label = False

    def read(self, line: str) -> None:
        """One line of the source."""
        if self._until is not None:
            if line.lstrip("'. ").rstrip() == self._until.lstrip(".") or line.rstrip() == f".{self._until}":
                self._until = None
            return
        if not line.startswith((".", "'")):
            self._print(plain(line)) if line.strip() or self._keeps_lines else self._break()
            return
        found = re.match(r"[.']\s*(\S*)\s*(.*)", line)
        name, rest = (found[1], found[2]) if found else ("", "")
        if name.startswith('\\"') or not name:
            return
        self._macro(name, rest)

    def _macro(self, name: str, rest: str) -> None:
        words = [plain((quoted or "").replace('""', '"') or bare) for quoted, bare in _ARGUMENT.findall(rest)]
        if name == "TH":
            self.title = words[0].lower() if words else None
        elif name in SKIPPED_UNTIL:
            self._until = SKIPPED_UNTIL[name]
        elif name in JOINED:
            self._print("".join(words))
        elif name in SPACED and words:
            self._print(" ".join(words))
        elif name in ("UR", "MT") and words:
            self._print(words[0])
        elif name in PARAGRAPHS:
            self._break()
            self._keeps_lines = name in ("nf", "EX") or (self._keeps_lines and name not in ("fi", "EE", "SH", "SS"))
            if name in ("SH", "SS", "IP") and words:
                self._print(" ".join(words) if name != "IP" else words[0])
                if name != "IP":
                    self._break()
            self._is_label = name in ("TP", "TQ")
        elif name == "br":
            self._blocks[-1].append("\n")

    def _print(self, text: str) -> None:
        block = self._blocks[-1]
        block.append(text)
        block.append("\n" if self._keeps_lines or self._is_label else " ")
        self._is_label = False

    def _break(self) -> None:
        if self._blocks[-1]:
            self._blocks.append([])

    def text(self) -> str:
        """All blocks."""
        joined = ("".join(block).rstrip() for block in self._blocks)
        return "\n\n".join(re.sub(r" +\n", "\n", each).strip("\n") for each in joined if each.strip())


def plain(text: str) -> str:
    """A line without escapes: fonts and sizes go, names of characters become these."""

    def of(found: re.Match[str]) -> str:
        if (name := found[1] or found[2]) is not None:
            return CHARACTERS.get(name, "")
        return _PLAIN.get(found[3] or "", "")

    return _ESCAPE.sub(of, text)
