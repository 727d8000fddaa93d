"""Measurements beside the best other tools, in the same run on the same files.

`make bench-data` prints a table and writes `benchmarks/results/data.json`; `LINE=name` runs one line, `QUICK=1` judges
all lines it can on shares of the data in a few minutes. Nothing here is a test, and nothing of a peer's code is here:
peers are installed from PyPI into environments of their own.
"""
