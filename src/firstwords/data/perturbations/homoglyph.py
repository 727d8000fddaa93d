"""A letter of another script that looks the same."""

from dataclasses import dataclass

from firstwords.data.perturbation import Perturbation

# Latin letters and their doubles of Cyrillic, Greek and Armenian script (Unicode's confusables, the plainest ones).
_LATIN = "aceijopsxyhAaBCEHIJKMOPSTXYZ"
_DOUBLE = "асеіјорѕхуһАаВСЕНІЈКМОРЅТХΥΖ"
DOUBLES = dict(zip(_LATIN, _DOUBLE, strict=True))


@dataclass(frozen=True, kw_only=True)
class Homoglyph(Perturbation):
    """`letter` with a Cyrillic `е`: no reader sees it, and to a tokenizer it is another word."""

    def edits(self, word: str) -> list[str]:
        """One an inner letter that has a double."""
        return [word[:i] + DOUBLES[word[i]] + word[i + 1 :] for i in range(1, len(word) - 1) if word[i] in DOUBLES]
