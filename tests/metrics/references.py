"""Figures of seqeval, scikit-learn and rouge-score on random cases, stored by `benchmarks.evaluate.references`."""

import json
from functools import cache
from pathlib import Path


@cache
def stored(kind):
    """Pairs of a case and the reference's figures."""
    found = json.loads((Path(__file__).parent / "references.json").read_text(encoding="utf-8"))[kind]
    return list(zip(found["cases"], found["figures"], strict=True))
