"""Markdown: front matter to metadata, the text with or without its markup."""

from dataclasses import dataclass
from typing import ClassVar

from firstwords.data.document import Document, Rejection
from firstwords.data.extractor import Extractor, decoded_or_rejected, document, rejected
from firstwords.data.source import Record


@dataclass(frozen=True, kw_only=True)
class Markdown(Extractor):
    """Markdown is text that people read as it is, so its markup is kept unless it is asked to go.

    Simple values of a front matter (`---` YAML or `+++` TOML) go to the metadata as `front_matter.<key>`; title, date,
    language and licence fill what the record does not say.

    Attributes:
        keep_markup: Off: links become their text, pictures and HTML tags go, emphasis, headings and quotes lose their
            signs; code and list items stay.
    """

    isolated: ClassVar[bool] = False
    libraries: ClassVar[tuple[str, ...]] = ("resiliparse",)
    keep_markup: bool = True

    def extract(self, record: Record) -> Document | Rejection:
        """The text without its front matter."""
        from dataclasses import replace

        from firstwords.data.markdown import first_heading, front_matter, without_markup

        decoded = decoded_or_rejected(record, is_html=False)
        if isinstance(decoded, Rejection):
            return decoded
        values, text = front_matter(decoded.text.replace("\r\n", "\n").replace("\r", "\n"))
        title = values.get("title") or first_heading(text)
        text = (text if self.keep_markup else without_markup(text)).strip("\n")
        if not text.strip():
            return rejected(record, "empty", "no readable text")
        said = values.get("language") or values.get("lang")
        return document(
            record if record.language or not said else replace(record, language=said),
            text,
            self,
            decoded,
            title=title,
            date=values.get("date"),
            licence=values.get("license") or values.get("licence"),
            metadata={f"front_matter.{key}": value for key, value in values.items()},
        )
