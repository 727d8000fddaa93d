from firstwords.data.perturbations.keyboard import NEIGHBOURS, Keyboard


def test_neighbouring_keys_touch_both_ways_and_the_case_stays():
    assert all(key in NEIGHBOURS[near] for key, found in NEIGHBOURS.items() for near in found)
    assert set(NEIGHBOURS["s"]) == set("adwezx")
    assert Keyboard().edits("aPb") == ["aOb", "aLb"]
    assert Keyboard().edits("aéb") == []
