"""Text brought into one Unicode form."""

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from firstwords.data.transform import Transform, Transformed, with_texts

if TYPE_CHECKING:
    import pyarrow as pa

# A character that Windows-1252 shows for the first byte of a UTF-8 character, followed by one that it shows for a
# later byte: what text that was decoded wrongly is full of, and right text almost never has.
_MOJIBAKE = re.compile("[\u00c2-\u00f4][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
_LINE_ENDS = re.compile("\r\n?|[\v\f\x1c-\x1e\u0085\u2028\u2029]")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# Control characters, soft hyphens, zero-width spaces, direction marks, tags, byte order marks and non-characters.
# Zero-width joiners stay: Persian, Indic scripts and emoji need them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\U000e0001-\U000e007f]"
)
_BLANK_LINES = re.compile("\n{4,}")


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
            old = batch.column(column).to_pylist()
            new = []
            for row, text in enumerate(old):
                better, happened = self._better(text or "")
                for name, times in happened.items():
                    counts[name][row] += times
                new.append(better if text is not None else None)
                changed[row] |= column == "text" and better != text
            if new != old:
                batch = with_texts(batch, pa.array(new, batch.schema.field(column).type), column)
        return Transformed(batch, changed, counts)

    def _better(self, text: str) -> tuple[str, dict[str, int]]:
        happened: dict[str, int] = {}
        if not text.isascii():
            if self.repair and _MOJIBAKE.search(text):
                import ftfy

                repaired = ftfy.fix_encoding(text)
                if repaired != text:
                    text, happened["repaired"] = repaired, 1
            text = _SPACES.sub(" ", text)
        text = _LINE_ENDS.sub("\n", text)
        text, removed = _INVISIBLE.subn("", text)
        if removed:
            happened["removed"] = removed
        # After the removal: a mark may now follow the letter it composes with.
        if not unicodedata.is_normalized("NFC", text):
            text, happened["composed"] = unicodedata.normalize("NFC", text), 1
        lines = "\n".join(line.rstrip(" \t") for line in text.split("\n"))
        return _BLANK_LINES.sub("\n\n\n", lines), happened
