import pytest

from firstwords.data.dataset import TextRecord, WordsRecord
from firstwords.data.perturbation import Limits
from firstwords.errors import RecipeError
from firstwords.evaluation.attack import Subject, outside
from firstwords.find import catalogue, find
from firstwords.recipe import build

TEXT = TextRecord("a", "a", ' He said, "wonderful  movie"! ', "good")
WORDS = WordsRecord("b", "b", ("Visit", "London", "tomorrow"), ("O", "B-place", "O"))


def test_a_text_is_shown_as_it_was_written():
    subject = Subject.of(TEXT)
    assert subject.shown == TEXT.text
    assert subject.words == ("He", "said", "wonderful", "movie")
    assert subject.having(2, "awful").shown == ' He said, "awful  movie"! '
    assert subject.without(2).shown == ' He said, "movie"! '
    assert subject.without(3).shown == ' He said, "wonderful  "! '


def test_a_sentence_loses_the_tag_with_the_word():
    subject = Subject.of(WORDS)
    assert subject.shown == WORDS.words
    assert subject.without(0) == Subject(("London", "tomorrow"), ("B-place", "O"))
    assert outside(subject, Limits()) == [0, 2]
    assert outside(Subject.of(TEXT), Limits()) == [1, 2, 3]


@pytest.mark.parametrize("kind", catalogue("evaluation.attacks"))
def test_every_attack_says_what_limits_it(kind):
    attack = build(find("evaluation.attacks", kind), {"max_share": 0.2, "max_queries": 77})
    told = attack.constraints()
    assert told.startswith(f"{kind}: ") and "20%" in told and "77" in told
    with pytest.raises(RecipeError, match="max_queries"):
        build(type(attack), {"max_queries": 1})
