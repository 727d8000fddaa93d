from firstwords.data.perturbations.delete import Delete


def test_the_edits_of_a_word():
    assert Delete().edits("word") == ["wrd", "wod"]
