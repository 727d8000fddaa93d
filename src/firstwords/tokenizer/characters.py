"""What each Unicode character is to the word patterns: letter, number, white space.

Python's own tables belong to another version of Unicode than the library's on which saved tokenizers run, so the runs
of code points are kept in `unicode_classes.json`; a test compares them with the library.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

OTHER, LETTER, NUMBER, SPACE, LINE_END = range(5)
"""`LINE_END`: carriage return and line feed, which are white space too."""

NUM_CODE_POINTS = 0x110000


@cache
def character_classes() -> np.ndarray:
    """(1,114,112) uint8: the class of every code point."""
    import numpy as np

    runs = json.loads((Path(__file__).parent / "unicode_classes.json").read_text(encoding="utf-8"))
    classes = np.full(NUM_CODE_POINTS, OTHER, np.uint8)
    for name, kind in (("letter", LETTER), ("number", NUMBER), ("space", SPACE)):
        for first, end in runs[name]:
            classes[first:end] = kind
    classes[[ord("\r"), ord("\n")]] = LINE_END
    return classes
