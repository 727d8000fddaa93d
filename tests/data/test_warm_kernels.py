"""Importing it is all that a fork server does: the kernels of the filters are loaded then."""

import importlib

from firstwords.data import kernels, repetition_kernels


def test_the_kernels_of_the_filters_are_loaded() -> None:
    warm = importlib.import_module("firstwords.data.warm_kernels")
    assert len(warm.STEPS) >= 7
    assert kernels.split_lines.signatures and repetition_kernels.repeated_ngrams.signatures
