"""Whether intervals and tests keep their word on models whose true figures are known (`simulation.py`)."""

import numpy as np

from benchmarks.evaluate.simulation import TRUTHS, covered, entity_systems, two_systems
from benchmarks.line import Judged, Setting
from firstwords.metrics.entities import f1_from_counts
from firstwords.metrics.power import independent_discordance, items_for_shares
from firstwords.metrics.statistics import mcnemar, paired_bootstrap

TRIALS, QUICK_TRIALS = 1000, 200
ITEMS = 300
ALARM = 0.05
FIRST, SECOND = 0.70, 0.72
SHARED_MISTAKES = 0.12
"""Share of discordant items of two models that learnt from the same text; with nothing in common it would be 0.41."""


def coverage(setting: Setting) -> list[Judged]:
    """Intervals that hold the truth, false alarms of paired tests, true differences found with the planned items."""
    trials = QUICK_TRIALS if setting.quick else TRIALS
    judged = []
    for name in TRUTHS:
        items = 4 * ITEMS if name == "accuracy-of-pages" else ITEMS
        share = covered(name, items, trials) / trials
        judged.append(_between(f"coverage-{name}", share, 0.95, f"{items:,} items, {trials:,} trials"))
    for name, share, note in (
        ("mcnemar", _alarms_of_shares(trials), "McNemar mid-p, 0.70 and 0.70"),
        ("mcnemar-few", _alarms_of_shares(trials, 0.06), "McNemar mid-p, about 18 discordant items of 300"),
        ("entity-f1", _alarms_of_entities(trials), "paired bootstrap over sentences"),
    ):
        judged.append(_between(f"alarms-{name}", share, ALARM, f"{note}, {trials:,} trials"))
    for name, discordant in (
        ("shared-mistakes", SHARED_MISTAKES),
        ("unrelated-mistakes", independent_discordance(FIRST, SECOND)),
    ):
        items = items_for_shares(SECOND - FIRST, discordant)
        found = _found(trials, items, discordant)
        note = f"0.70 against 0.72 with the planned {items:,} items, {trials:,} trials; announced 0.80"
        # Three standard errors of a share of 0.8 in so many trials.
        bar = 0.8 - 3 * (0.16 / trials) ** 0.5
        judged.append(Judged(name=f"power-{name}", figure=found, unit="of trials", bar=bar, note=note))
    return judged


def _between(name: str, share: float, wanted: float, note: str) -> Judged:
    """Two points on either side of what is wanted are allowed: told as the distance from it."""
    return Judged(
        name=name,
        figure=abs(share - wanted),
        unit="from the nominal share",
        bar=0.02,
        at_least=False,
        note=f"{share:.3f}, wanted {wanted - 0.02:.2f} to {wanted + 0.02:.2f}; {note}",
    )


def _alarms_of_shares(trials: int, discordant: float = SHARED_MISTAKES) -> float:
    alarms = 0
    for trial in range(trials):
        first, second = two_systems(np.random.default_rng([12, trial]), ITEMS, FIRST, FIRST, discordant)
        alarms += mcnemar(first, second) < ALARM
    return alarms / trials


def _alarms_of_entities(trials: int) -> float:
    alarms = 0
    for trial in range(trials):
        first, second = entity_systems(np.random.default_rng([13, trial]), ITEMS)
        alarms += paired_bootstrap(first, second, f1_from_counts, seed=trial).p_value < ALARM
    return alarms / trials


def _found(trials: int, items: int, discordant: float) -> float:
    found = 0
    for trial in range(trials):
        first, second = two_systems(np.random.default_rng([14, trial]), items, FIRST, SECOND, discordant)
        found += mcnemar(first, second) < ALARM and second.sum() > first.sum()
    return found / trials
