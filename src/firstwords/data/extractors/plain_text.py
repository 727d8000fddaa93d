"""Text that is text already: files, converted records, rows of JSON."""

from dataclasses import dataclass
from typing import ClassVar

from firstwords.data.document import Document, Rejection
from firstwords.data.extractor import Extractor, decoded_or_rejected, document, rejected
from firstwords.data.source import Record


@dataclass(frozen=True, kw_only=True)
class PlainText(Extractor):
    """Decodes, puts line ends in one form, and changes nothing else."""

    isolated: ClassVar[bool] = False
    libraries: ClassVar[tuple[str, ...]] = ("resiliparse",)

    def extract(self, record: Record) -> Document | Rejection:
        """The text with line feeds as line ends and no byte order mark."""
        decoded = decoded_or_rejected(record, is_html=False)
        if isinstance(decoded, Rejection):
            return decoded
        text = decoded.text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
        if not text.strip():
            return rejected(record, "empty", "no readable text")
        return document(record, text, self, decoded)
