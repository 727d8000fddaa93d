import unicodedata

from firstwords.data.perturbations.homoglyph import DOUBLES, Homoglyph


def test_doubles_look_alike_and_are_of_another_script():
    assert all(unicodedata.name(double).split()[0] in ("CYRILLIC", "GREEK") for double in DOUBLES.values())
    assert all(unicodedata.name(letter).startswith("LATIN") for letter in DOUBLES)
    assert Homoglyph().edits("wed") == ["wеd"]
    assert Homoglyph().edits("wqd") == []
