from firstwords.data.perturbations.insert import Insert


def test_any_letter_between_any_two():
    assert Insert(alphabet="xy").edits("abc") == ["axbc", "aybc", "abxc", "abyc"]
    assert Insert(alphabet="x").edits("ABC") == ["AXBC", "ABXC"]
