import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.errors import RecipeError
from firstwords.evaluation.question_file import joint, read_questions, with_shots


def file_of(folder, rows):
    place = folder / "questions.jsonl"
    place.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return place


def test_both_forms_are_read(tmp_path):
    rows = [
        {"query": "Q: two?", "choices": ["no", "yes"], "gold": "yes", "category": "numbers"},
        {"context_options": ["Ann", "Bob"], "continuation": "won.", "gold": 0},
    ]
    first, second = read_questions(file_of(tmp_path, rows), "\nA: ")
    assert first.contexts == ("Q: two?\nA:",) * 2 and first.choices == (" no", " yes")
    assert (first.gold, first.source, first.id) == (1, "numbers", "questions.jsonl#1")
    assert second.contexts == ("Ann\nA:", "Bob\nA:") and second.choices == (" won.",) * 2
    assert second.shown == "Ann\nA: won."


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"choices": ["a", "b"], "gold": 0}, r":1 has no text 'query'. It has: choices, gold"),
        ({"query": "q", "choices": ["a"], "gold": 0}, "'choices' is no list of at least two texts"),
        ({"query": "q", "choices": ["a", ""], "gold": 0}, "'choices' is no list of at least two texts"),
        ({"query": "q", "choices": ["a", "b"], "gold": 2}, "'gold' is 2, neither a number from 0 to 1 nor a choice"),
        ({"query": "q", "choices": ["a", "b"], "gold": True}, "'gold' is True"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, row, message):
    with pytest.raises(RecipeError, match=message):
        read_questions(file_of(tmp_path, [row]), " ")


def test_a_file_without_questions_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="holds no questions"):
        read_questions(file_of(tmp_path, []), " ")


@given(st.text(st.sampled_from("ab \n"), max_size=6), st.text(st.sampled_from("ab "), max_size=4))
def test_white_space_moves_and_nothing_is_lost(context, delimiter):
    front, rest = joint(context, "answer", delimiter)
    assert front + rest == context + delimiter + "answer" and front == front.rstrip()


def test_answered_questions_are_never_the_question_or_a_copy(tmp_path):
    rows = [{"query": f"q{n // 2}", "choices": ["a", "b"], "gold": 0} for n in range(8)]  # each stands twice
    questions = read_questions(file_of(tmp_path, rows), " ")
    for asked, plain in zip(with_shots(questions, questions, 3, 0), questions, strict=True):
        front = asked.contexts[0].removesuffix(plain.contexts[0])
        assert front.count("\n\n") == 3 and plain.contexts[0] not in front
    assert with_shots(questions, questions, 0, 0) == questions
    assert with_shots(questions, questions, 3, 0) != with_shots(questions, questions, 3, 1)
    with pytest.raises(RecipeError, match="7 answered examples are wanted, there are 6 others"):
        with_shots(questions, questions, 7, 0)


def test_a_questions_shots_do_not_depend_on_its_neighbours(tmp_path):
    rows = [{"query": f"q{n}", "choices": ["a", "b"], "gold": 0} for n in range(8)]
    questions = read_questions(file_of(tmp_path, rows), " ")
    assert with_shots(questions[:2], questions, 2, 0) == with_shots(questions, questions, 2, 0)[:2]
