import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firstwords.corpus.histogram import QUANTILES, Counted, histogram, quantiles

values = st.lists(st.floats(-1e9, 1e9) | st.integers(0, 10**7).map(float), max_size=60).map(np.array)
bounds = st.tuples(st.none() | st.floats(-1e4, 1e4), st.none() | st.floats(-1e4, 1e4))


@settings(max_examples=150, deadline=None)
@given(values, values, bounds)
@example(np.array([]), np.array([5e-324]), (None, None))
@example(np.array([0.0]), np.array([5e-324]), (None, None))
def test_every_value_is_in_one_bin_and_no_bin_holds_both_sides_of_a_threshold(kept, dropped, bounds) -> None:
    shown = histogram({"kept": kept, "dropped": dropped}, bounds)
    assert sum(shown.counts["kept"]) == len(kept)
    assert sum(shown.counts["dropped"]) == len(dropped)
    assert shown.edges == sorted(set(shown.edges))
    everything = np.concatenate([kept, dropped])
    for mark in shown.marks:
        edge = shown.edges[mark]
        assert sum(shown.totals[:mark]) == (everything < edge).sum()
        assert edge in (bounds[0], np.nextafter(bounds[1] if bounds[1] is not None else 0.0, np.inf))


@settings(max_examples=150, deadline=None)
@given(st.lists(values, min_size=1, max_size=4))
def test_counted_values_are_those_that_were_counted(parts) -> None:
    whole = np.concatenate(parts)
    counted = Counted.together([Counted.of(part) for part in parts])
    assert (len(counted), sum(counted.numbers)) == (len(whole), len(whole))
    assert np.isclose(counted.sum(), whole.sum(), rtol=1e-9, atol=1e-3)
    assert counted.at(np.arange(len(whole))).tolist() == np.sort(whole).tolist()
    if len(whole):
        for share in QUANTILES:
            assert np.isclose(counted.quantile(share), np.quantile(whole, share), rtol=1e-9, atol=1e-6)
            # Of two that are equally near, either.
            place = (len(whole) - 1) * share
            near = {float(np.sort(whole)[round(place + shift)]) for shift in (-1e-9, 1e-9) if round(place + shift) >= 0}
            assert quantiles(counted)[f"{share:g}"] in near


def test_what_is_missing_or_infinite_is_left_out() -> None:
    shown = histogram({"kept": np.array([1.0, np.nan, np.inf, 2.0])})
    assert sum(shown.totals) == 2
    assert histogram({"kept": np.array([np.nan])}).edges == []


def test_counts_have_bins_of_equal_ratios_and_a_bin_for_zero() -> None:
    shown = histogram({"kept": np.array([0, 0, 3, 40, 500, 6000, 70_000.0])})
    assert shown.edges[:2] == [0.0, 1.0]
    assert shown.counts["kept"][0] == 2
    assert shown.edges[-1] == 70_000


def test_a_long_tail_is_the_last_bin() -> None:
    shown = histogram({"kept": np.array([0.1] * 50 + [0.2] * 49 + [90.0])})
    assert shown.edges[-1] == 90.0
    assert shown.edges[-2] < 1
    assert shown.totals[-1] == 1


def test_quantiles_are_values_that_occur() -> None:
    found = quantiles(np.array([1.0, 2, 3, 100, np.nan]))
    assert found["0"] == 1
    assert found["1"] == 100
    assert found["0.5"] in (2, 3)
    assert quantiles(np.array([np.nan])) == {}
