"""The kernels of the filters, loaded: a module for fork servers to import, so that their workers need not.

numba links each function's machine code on its first call; for those of the filters that takes half a second, which
each worker of each run would spend before its first document.
"""

from contextlib import suppress

from firstwords.data.cleaning import clean_batch, no_documents
from firstwords.data.filters.c4 import C4
from firstwords.data.filters.fineweb import FineWeb
from firstwords.data.filters.gopher_quality import GopherQuality
from firstwords.data.filters.gopher_repetition import GopherRepetition
from firstwords.data.transforms.c4_lines import C4Lines

STEPS = (
    GopherRepetition(),
    GopherRepetition(marks_are_words=True),
    GopherQuality(),
    GopherQuality(marks_are_words=True),
    C4Lines(),
    C4(),
    FineWeb(),
)

# What goes wrong here goes wrong in a worker too, where it is told.
with suppress(Exception):
    clean_batch(no_documents(), STEPS)
