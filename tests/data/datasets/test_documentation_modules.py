"""Passages keep paragraphs whole, parts keep pages whole, and no passage names its class."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.data.datasets.documentation_modules import DocumentationModules, passages, without_names
from firstwords.data.document import Document
from firstwords.data.shards import batch_of, write_table
from firstwords.data.split import page_is_held_out
from firstwords.errors import RecipeError

FILLER = "Return the value of this thing, or raise an error when there is none of it at all.\n\n"


def corpus(folder, modules, pages=12):
    """Documents of made-up modules, each naming its own module in several spellings."""
    documents = []
    for module in modules:
        for number in range(pages):
            spellings = f"The {module} package, {module}.part{number}, {module.title()}Error and test_{module.upper()}."
            url = f"pydoc:///{module}.part{number}"
            documents.append(Document(id=f"{module}{number:02d}", text=(FILLER + spellings + "\n\n") * 12, url=url))
    documents.append(Document(id="topic", text=FILLER * 20, url="pydoc:///topic?key=json"))
    documents.append(Document(id="web", text=FILLER * 20, url="https://example.org/json"))
    write_table(folder / "documents" / "part.parquet", batch_of(documents))
    return folder / "documents"


def names_in(text, name):
    """Occurrences as a word, or as a part of a dotted, underscored or compound name."""
    compound = rf"(?<![a-zA-Z]){name.capitalize()}(?=[A-Z])|(?<=[a-z]){name.capitalize()}(?![a-z])"
    return re.findall(rf"(?i:(?<![a-z]){name}(?![a-z]))|{compound}", text)


def test_pages_are_wholly_in_one_part_and_the_held_out_ones_are_the_test(tmp_path):
    parts = DocumentationModules(num_classes=3).parts(corpus(tmp_path, ["json", "email", "xml", "zip"]))
    pages = {part: {record.group for record in records} for part, records in parts.items()}
    assert all(pages.values())
    assert all(page_is_held_out(page) == (part == "test") for part, found in pages.items() for page in found)
    assert not pages["train"] & pages["validation"]
    labels = {part: {record.label for record in records} for part, records in parts.items()}
    assert len(labels["train"]) == 3
    assert labels["test"] == labels["train"]
    assert all(record.group.startswith(f"pydoc:///{record.label}") for r in parts.values() for record in r)
    assert len({record.id for r in parts.values() for record in r}) == sum(map(len, parts.values()))


def test_no_passage_names_any_of_the_classes(tmp_path):
    modules = ["json", "email", "xml"]
    parts = DocumentationModules(num_classes=3).parts(corpus(tmp_path, modules))
    texts = [record.text for records in parts.values() for record in records]
    assert texts
    assert [name for text in texts for module in modules for name in names_in(text, module)] == []
    assert all("package" in text for text in texts)


def test_training_takes_at_most_so_many_of_a_class(tmp_path):
    parts = DocumentationModules(num_classes=2, max_passages=7).parts(corpus(tmp_path, ["json", "xml"]))
    counts = [sum(r.label == label for r in parts["train"]) for label in ("json", "xml")]
    assert counts == [7, 7]
    assert len(parts["test"]) > 7


def test_a_corpus_without_modules_is_told(tmp_path):
    with pytest.raises(RecipeError, match="Is the corpus the Python documentation"):
        DocumentationModules().parts(corpus(tmp_path, ["json"]))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("the email package", "the  package"),
        ("email.message.Message is", " is"),
        ("EMAIL, Email and emails", ",  and emails"),
        ("EmailMessage, test_email, myEmail2", ", , "),
        ("from x.email import y", "from  import y"),
        ("emailing and xmlrpc stay", "emailing and xmlrpc stay"),
        ("HTTPServer HttpServer serverHTTP", "  "),
        ("_pyio and pydoc_data.topics go, pydoc stays", " and  go, pydoc stays"),
    ],
)
def test_names_go_in_every_spelling(text, left):
    assert without_names(text, ["email", "http", "_pyio", "pydoc_data"]) == left


WORDS = st.sampled_from(["a", "bb", "ccc."])
PARAGRAPHS = st.lists(st.lists(WORDS, max_size=50).map(" ".join), max_size=30)


@settings(max_examples=100)
@given(PARAGRAPHS, st.integers(1, 20), st.integers(0, 20))
def test_passages_are_of_the_asked_length_and_in_order(paragraphs, min_words, more):
    max_words = min_words + more
    text = "\n\n".join(paragraphs)
    found = list(passages(text, min_words, max_words))
    lengths = [len(each.split()) for each in found]
    assert all(max(1, min_words // 2) <= length <= max_words for length in lengths)
    # What is left out are rests that are too short, so the passages are a subsequence of the text's words.
    words = iter(text.split())
    assert all(word in words for each in found for word in each.split())
    whole = [p for p in paragraphs if min_words <= len(p.split()) <= max_words]
    assert all(any(p in each for each in found) for p in whole)
