"""The lines of `make bench-data`, in the order in which they run."""

from benchmarks.data import near_duplicates, quality, scale, speed
from benchmarks.line import Line

LINES: dict[str, Line] = {
    "chain": speed.chain,
    "chain-large": speed.chain_large,
    "filters": speed.filters,
    "minhash": near_duplicates.minhash,
    "personal": quality.personal,
    "extraction": quality.extract,
    "duplicates": quality.near_duplicates,
    "classifiers": quality.classify,
    "scale": scale.scale,
}
