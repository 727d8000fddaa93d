"""Text brought into one Unicode form."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from firstwords.data.transform import Transform, Transformed, with_texts

if TYPE_CHECKING:
    import pyarrow as pa

# A character that Windows-1252 shows for the first byte of a UTF-8 character, followed by one that it shows for a
# later byte: what text that was decoded wrongly is full of, and right text almost never has.
_LEADS, _FOLLOWS = "[\u00c2-\u00f4]", "[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
_LINE_ENDS = re.compile("\r\n?|[\v\f\x1c-\x1e\u0085\u2028\u2029]")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# Control characters, soft hyphens, zero-width spaces, direction marks, tags, byte order marks and non-characters.
# Zero-width joiners stay: Persian, Indic scripts and emoji need them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\U000e0001-\U000e007f]"
)
_BLANK_LINES = re.compile("\n{4,}")
# No character below U+0300 composes with its neighbours (UAX #15, section 9).
_COMPOSES = 0x300


@dataclass(frozen=True, kw_only=True)
class Unicode(Transform):
    """Repairs wrongly decoded text, composes characters (NFC), removes invisible ones and evens out white space.

    White space: line ends become line feeds, every other kind of space becomes a space, spaces at line ends go, more
    than two blank lines in a row become two. Tabs and indentation stay, since they mean something in program code.
    The repair is ftfy's (`fix_encoding`), which only runs on texts with at least one telling pair of characters.

    Counted: `repaired` and `composed` (1 for each text in which it happened) and `removed` (characters).
    """

    version: ClassVar[int] = 1
    libraries: ClassVar[tuple[str, ...]] = ("ftfy",)
    counted: ClassVar[tuple[str, ...]] = ("repaired", "composed", "removed")

    repair: bool = True
    """Whether to undo wrong decodings ("Ã©" for "é")."""

    def apply(self, batch: "pa.RecordBatch") -> Transformed:
        """The batch with texts and titles in one form; see `Transform.apply`."""
        import numpy as np
        import pyarrow as pa

        counts = {name: np.zeros(batch.num_rows, np.int32) for name in self.counted}
        changed = np.zeros(batch.num_rows, bool)
        for column in ("text", "title"):
            if column not in batch.schema.names:
                continue
            held = _look_at(batch.column(column))
            if not held.any():
                continue
            texts = batch.column(column).to_pylist()
            is_new = False
            for row in np.flatnonzero(held).tolist():
                better, happened = self._better(texts[row], int(held[row]))
                for name, times in happened.items():
                    counts[name][row] += times
                if better != texts[row]:
                    texts[row], is_new = better, True
                    changed[row] |= column == "text"
            if is_new:
                batch = with_texts(batch, pa.array(texts, batch.schema.field(column).type), column)
        return Transformed(batch, changed, counts)

    def _better(self, text: str, held: int) -> tuple[str, dict[str, int]]:
        """The text in one form, and what was done to it; `held` is what `unicode_kernels` has seen in it."""
        from firstwords.data.unicode_kernels import MAY_COMPOSE, PAIR, REWRITES

        happened: dict[str, int] = {}
        if held & PAIR and self.repair:
            import ftfy

            repaired = ftfy.fix_encoding(text)
            if repaired != text:
                text, happened["repaired"] = repaired, 1
        if held & REWRITES or "repaired" in happened:
            text = _LINE_ENDS.sub("\n", _SPACES.sub(" ", text))
            text, removed = _INVISIBLE.subn("", text)
            if removed:
                happened["removed"] = removed
        # After the removal: a mark may now follow the letter it composes with.
        if (held & MAY_COMPOSE or "repaired" in happened) and not unicodedata.is_normalized("NFC", text):
            text, happened["composed"] = unicodedata.normalize("NFC", text), 1
        if held & ~MAY_COMPOSE or "repaired" in happened:
            lines = "\n".join(line.rstrip(" \t") for line in text.split("\n"))
            text = _BLANK_LINES.sub("\n\n\n", lines)
        return text, happened


def _look_at(texts: "pa.Array") -> Any:
    """What each text holds that may be rewritten, as bits of `unicode_kernels`."""
    import numpy as np
    import pyarrow.compute as pc

    from firstwords.data.features import utf8
    from firstwords.data.unicode_kernels import look_at

    held = np.zeros(len(texts), np.uint8)
    look_at(*utf8(pc.fill_null(texts, "")), _kinds(), held)
    return held


@cache
def _kinds() -> Any:
    """The kinds of all characters of the Basic Multilingual Plane, by the expressions above."""
    import numpy as np

    from firstwords.data.unicode_kernels import COMPOSES, FOLLOWS, LEADS, REWRITTEN

    every = "".join(map(chr, range(0x10000)))
    kinds = np.zeros(0x10000, np.uint8)
    asked = ((LEADS, _LEADS), (FOLLOWS, _FOLLOWS), *((REWRITTEN, each.pattern) for each in (_SPACES, _INVISIBLE)))
    for bit, pattern in (*asked, (REWRITTEN, "[\r\v\f\x1c-\x1e\u0085\u2028\u2029]")):
        for found in re.finditer(pattern, every):
            kinds[found.start()] |= bit
    kinds[_COMPOSES:] |= COMPOSES
    return kinds
