from firstwords.data.perturbations.swap import Swap


def test_the_edits_of_a_word():
    assert Swap().edits("letter") == ["lteter", "letetr"]
