"""One extractor, and a simpler one for the pages that it cannot read."""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from firstwords.data.document import Document, Reason, Rejection
from firstwords.data.extractor import Extractor
from firstwords.data.extractors.balanced import Balanced
from firstwords.data.extractors.fast import Fast
from firstwords.data.source import Record
from firstwords.recipe import Kind

# After these the record itself is at fault: another extractor would say the same.
_HOPELESS: tuple[Reason, ...] = ("undecodable", "not_html", "truncated", "malformed", "unsupported")


@dataclass(frozen=True, kw_only=True)
class Fallback(Extractor):
    """Takes `first`; where it finds too little, or does not come back, `then` is tried, once.

    The document names the extractor whose text it is; where that is `then`, its metadata say under `fallback` why:
    `empty`, `short`, `too_large`, `timeout`, `memory` or `crashed`. A text of `then` that is no longer than that of
    `first` is not taken.

    Attributes:
        first: The extractor for most pages.
        then: A simpler one.
        min_characters: Texts of `first` shorter than this are too little.
    """

    preloads: ClassVar[tuple[str, ...]] = ("firstwords.data.warm_pages", "firstwords.data.warm_blocks")
    first: Annotated[Extractor, Kind("data.extractors")] = Balanced()
    then: Annotated[Extractor, Kind("data.extractors")] = Fast()
    min_characters: int = 1

    def __post_init__(self) -> None:
        if isinstance(self.first, Fallback) or isinstance(self.then, Fallback):
            raise ValueError("a fallback inside a fallback: a page is tried twice at most")

    def extract(self, record: Record) -> Document | Rejection:
        """What `first` gives, if that is enough, else what `then` gives, if that is more."""
        found = self.first.extract(record)
        if isinstance(found, Document):
            if len(found.text) >= self.min_characters:
                return found
            second = self.then.extract(record)
            is_more = isinstance(second, Document) and len(second.text) > len(found.text)
            return _marked(second, "short") if is_more else found
        if found.reason in _HOPELESS:
            return found
        second = _marked(self.then.extract(record), found.reason)
        return second if isinstance(second, Document) else found

    def after(self, lost: Reason, record: Record) -> Document | Rejection:
        """What `then` gives of a record over which `first` was lost: it took too long or its process died."""
        return _marked(self.then.extract(record), lost)


def _marked(result: Document | Rejection, reason: str) -> Document | Rejection:
    """A document that says why it is by the simpler extractor; metadata stay sorted."""
    if isinstance(result, Rejection):
        return result
    return replace(result, metadata=dict(sorted((result.metadata | {"fallback": reason}).items())))
