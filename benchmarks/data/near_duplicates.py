"""MinHash de-duplication, all steps, beside datatrove: speed, what is found, what is lost."""

import re
from collections import defaultdict
from dataclasses import replace
from functools import partial
from itertools import combinations

from benchmarks.data import inputs
from benchmarks.data.speed import SHARDS, SHARES, after, datatrove, how, kept_by_peer, kept_ids, version
from benchmarks.line import Judged, Setting

BANDS = ((0.8, 0.85), (0.85, 0.9), (0.9, 0.95), (0.95, 1.0))
# Only what the peer does too: no paragraphs, no limit of length, no other cleaning.
STEPS = """
[clean]
steps = []
[deduplicate]
paragraphs = false
min_words = 0
similar = { threshold = 0.8 }
"""


def minhash(setting: Setting) -> list[Judged]:
    """Speed on much text against the peer's rate on some, then quality on the same text."""
    pieces = inputs.text_pieces(setting.data, 600 if setting.quick else 3400)
    made = inputs.write_pieces(pieces, SHARES, setting.work / "text", SHARDS)
    theirs = datatrove(setting, "minhash", setting.work / "text/parquet", "datatrove")
    plain = datatrove(setting, "minhash", setting.work / "text/parquet", "regex", "--regex")
    after(setting, setting.work / "text", "clean", "deduplicate", STEPS)
    # Many copies of few texts would be no corpus: all pieces there are, a few times.
    all_pieces = pieces if setting.quick else inputs.text_pieces(setting.data)
    large = inputs.write_pieces(all_pieces, (*SHARES, 0.02, 0.05, 0.1, 0.5), setting.work / "much", SHARDS)
    ours = after(setting, setting.work / "much", "clean", "deduplicate", STEPS)
    rate = large["bytes"] / ours.seconds
    judged = []
    for name, them, bar, peer in (
        ("minhash", theirs, 25.0, "datatrove"),
        ("minhash-regex", plain, 4.0, "datatrove, plain splitter"),
    ):
        their_rate = made["bytes"] / them.seconds
        rates = f"{rate / 1e6:.1f} MB/s on {large['bytes'] / 1e6:,.0f} MB, "
        rates += f"{their_rate / 1e6:.2f} on {made['bytes'] / 1e6:,.0f}"
        ratio = Judged(name=name, figure=rate / their_rate, unit="x", bar=bar, peer=peer, peer_version=version())
        judged.append(replace(ratio, note=f"{rates}; {how(ours, them)}"))
    return judged + _quality(setting)


def _quality(setting: Setting) -> list[Judged]:
    mine = kept_ids(setting.work / "text-deduplicate/artifacts", "deduplicate")
    theirs = kept_by_peer(setting.work / "datatrove/out/kept")
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for place in sorted((setting.work / "text/jsonl").glob("*.jsonl")):
        for row in inputs.read_lines(place):
            groups[row["id"].partition("-")[0]][row["id"]] = row["text"]
    judge = partial(Judged, peer="datatrove", peer_version=version())
    judged = []
    for (low, high), (pairs, our_pairs, their_pairs) in _found(groups, mine, theirs).items():
        if pairs:
            figure = judge(name=f"minhash-found-{low}-{high}", figure=our_pairs / pairs, unit="of pairs")
            judged.append(replace(figure, bar=their_pairs / pairs, note=f"{pairs:,} pairs"))
    ours, others = (sum(not set(group) & kept for group in groups.values()) for kept in (mine, theirs))
    lost = judge(name="minhash-groups-lost", figure=ours, unit="groups", bar=others / 2, at_least=False)
    return [*judged, replace(lost, note=f"of {len(groups):,}; theirs {others}")]


def _found(groups: dict[str, dict[str, str]], mine: set[str], theirs: set[str]) -> dict[tuple[float, float], list[int]]:
    """For each band of true similarity: pairs, pairs of which we removed one, pairs of which they did."""
    found = {band: [0, 0, 0] for band in BANDS}
    for group in groups.values():
        sets = {name: _shingles(text) for name, text in group.items()}
        for left, right in combinations(sets, 2):
            similarity = len(sets[left] & sets[right]) / max(1, len(sets[left] | sets[right]))
            for band in BANDS:
                if band[0] <= similarity < band[1] or similarity == band[1] == 1.0:
                    found[band][0] += 1
                    found[band][1] += not {left, right} <= mine
                    found[band][2] += not {left, right} <= theirs
    return found


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + 5]) for i in range(max(1, len(words) - 4))}
