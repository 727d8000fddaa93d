import numpy as np
import pytest

from firstwords.data.dataset import WordsRecord
from firstwords.evaluation.crf_tagger import CrfTagger, crf_tags, features, shape


def records(number: int, seed: int = 0) -> list[WordsRecord]:
    """A name of two words behind `mr`, in sentences of other words."""
    chance = np.random.default_rng(seed)
    made = []
    for row in range(number):
        names = [
            f"{a}{b}"
            for a, b in zip(chance.choice(list("BDK"), 2), chance.choice(["ina", "olf", "er"], 2), strict=True)
        ]
        before = list(chance.choice(["we", "saw", "the", "Big"], int(chance.integers(1, 4))))
        words = (*before, "mr", *names, "there")
        tags = ("O",) * (len(before) + 1) + ("B-PER", "I-PER", "O")
        made.append(WordsRecord(str(row), str(row), words, tags))
    return made


def test_names_are_found_by_what_stands_before_them() -> None:
    train, test = records(80), records(20, seed=1)
    assert crf_tags(train, [record.words for record in test]) == [list(record.tags) for record in test]


def test_entities_never_begin_in_their_middle_and_unknown_words_have_tags() -> None:
    tagger = CrfTagger.fit(records(40))
    (tags,) = tagger.tag([("zzz", "Kolf", "qqq")])
    assert len(tags) == 3
    assert all(tag[0] != "I" or (place and tags[place - 1] != "O") for place, tag in enumerate(tags))


def test_shapes_and_features() -> None:
    assert [shape(word) for word in ("London", "U.S.", "1999-2000", "e-mail")] == ["Xx", "X.X.", "9-9", "x-x"]
    first, second = features(("Mr", "Smith"))
    assert {"w=mr", "s=Xx", "p=m", "e=mr", "T", "w1=smith", "w-1="} <= set(first)
    assert {"w-1=mr", "b=mr|smith", "a=smith|"} <= set(second)


@pytest.mark.parametrize("seed", [0, 1])
def test_equal_data_give_equal_models(seed) -> None:
    one, other = (CrfTagger.fit(records(20, seed)) for _ in range(2))
    assert np.array_equal(one.weights, other.weights)
