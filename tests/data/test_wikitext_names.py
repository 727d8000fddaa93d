from firstwords.data import wikitext_names as names


def test_names_are_written_as_they_are_looked_up() -> None:
    for group in (names.FILES, names.CATEGORIES, names.DROPPED, names.VERBATIM, names.BLOCKS, names.INLINE):
        assert all(name == name.lower() and " " not in name for name in group)
    assert all(name == name.lower().strip() for name in (*names.WORDS, *names.SIGNS))


def test_an_element_means_one_thing() -> None:
    groups = [names.DROPPED, names.FORMULAS, names.VERBATIM, names.BLOCKS, names.INLINE]
    assert sum(map(len, groups)) == len(frozenset().union(*groups))
