"""firstwords raises a language model from raw pages to an evaluated, usable model.

Everything public is listed here and loaded when it is first used, so that `import firstwords` stays quick.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_PUBLIC = {
    "LanguageModel": "firstwords.inference.language_model",
    "RunResult": "firstwords.runner",
    "bits_per_byte": "firstwords.metrics.language",
    "compare": "firstwords.evaluation.compare",
    "entity_f1": "firstwords.metrics.entities",
    "extract": "firstwords.data.extractor",
    "personal_data": "firstwords.data.personal_data",
    "plan": "firstwords.runner",
    "read_documents": "firstwords.data.shards",
    "run": "firstwords.runner",
    "show": "firstwords.overview",
}

__all__ = ["__version__", *_PUBLIC]

if TYPE_CHECKING:
    from firstwords.data.extractor import extract
    from firstwords.data.personal_data import personal_data
    from firstwords.data.shards import read_documents
    from firstwords.evaluation.compare import compare
    from firstwords.inference.language_model import LanguageModel
    from firstwords.metrics.entities import entity_f1
    from firstwords.metrics.language import bits_per_byte
    from firstwords.overview import show
    from firstwords.runner import RunResult, plan, run


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'firstwords' has no attribute '{name}'")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
