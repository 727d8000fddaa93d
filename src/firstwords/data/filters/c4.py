"""The page rules of C4."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from firstwords.data.filter import Filter, first_failing, struct_of

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.features import Features


@dataclass(frozen=True, kw_only=True)
class C4(Filter):
    """Drops pages with few sentences, placeholder text or program code.

    Source: Raffel et al. 2020 (T5), section 2.2. Its line rules are the transform `c4_lines`, which belongs before this
    filter: then sentences are counted, and brackets looked for, in the lines that stay, as in the published code (the
    paper speaks of "any page that contained" them). datatrove and the published code count sentences with spaCy and
    NLTK; here `firstwords.data.line_measures` says what one is. The list of bad words is `word_list`, the language
    rule `language`.
    """

    version: ClassVar[int] = 1

    min_sentences: int = 5
    """`sentences`: the paper's and the code's 5; DCLM's copy asks for 3."""
    max_lorem_ipsum: int = 0
    """`lorem_ipsum`: lines with this phrase, in any case."""
    max_curly_brackets: int | None = 0
    """`curly_brackets`: number of `{`; null keeps pages about programs. FineWeb measured that this rule costs 2.8 % of
    the tokens."""

    def score(self, batch: "pa.RecordBatch", features: "Features") -> "pa.StructArray":
        """What the rules count; see `Filter.score`."""
        from firstwords.data import line_kernels

        measures = features.line_measures
        return struct_of(
            sentences=measures.sums(measures.lines[:, line_kernels.SENTENCES]),
            lorem_ipsum=measures.sums(measures.with_phrase(["lorem ipsum"])),
            curly_brackets=measures.counts[:, line_kernels.CURLY],
        )

    def reject(self, scores: "pa.StructArray") -> "pa.DictionaryArray":
        """The first rule each row fails; see `Filter.reject`."""
        return first_failing(
            scores,
            {
                "lorem_ipsum": (None, self.max_lorem_ipsum),
                "curly_brackets": (None, self.max_curly_brackets),
                "sentences": (self.min_sentences, None),
            },
        )
