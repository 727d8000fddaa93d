"""Tags of documentation sentences make sense, and no name is an entity on two sides."""

import json

import pytest

from firstwords.data.datasets.documentation_names import (
    DocumentationNames,
    name_types,
    prose_sentences,
    tag_words,
)
from firstwords.data.document import Document
from firstwords.data.shards import batch_of, write_table
from firstwords.data.split import page_is_held_out
from firstwords.data.words import split_words
from firstwords.errors import RecipeError

METADATA = {
    "classes": json.dumps(["JSONDecoder", "Message", "TimeoutError"]),
    "functions": json.dumps(["loads", "open", "scan_once", "XML"]),
    "exceptions": json.dumps(["JSONDecodeError"]),
    "modules": json.dumps(["json.decoder"]),
}
TYPES = name_types("json.tool", METADATA)
COMMON = {"open": 90, "message": 50, "xml": 30, "loads": 3}


def tagged(text):
    """The sentence's entities, or None where it is left out."""
    words = split_words(text)
    tags = tag_words(words, text, TYPES, COMMON, rare_pages=2)
    if tags is None:
        return None
    return {span.word: tag.removeprefix("B-") for span, tag in zip(words, tags, strict=True) if tag != "O"}


def test_names_resolve_in_the_module_of_the_page():
    found = tagged("A JSONDecoder of json.decoder may raise JSONDecodeError, ValueError or call scan_once.")
    assert found == {
        "JSONDecoder": "CLASS",
        "json.decoder": "MODULE",
        "JSONDecodeError": "EXCEPTION",
        "ValueError": "EXCEPTION",
        "scan_once": "FUNCTION",
    }
    assert tagged("See json.tool.loads, tool.loads and json.") == {
        "json.tool.loads": "FUNCTION",
        "tool.loads": "FUNCTION",
        "json": "MODULE",
    }
    assert tagged("Neither other_name nor os.path nor Decoder is known.") == {}
    # A built-in exception stays one where a page lists it among its classes.
    assert tagged("It raises TimeoutError then.") == {"TimeoutError": "EXCEPTION"}


def test_a_plain_word_is_a_name_only_where_the_text_says_so():
    assert tagged("You may open the file.") is None
    assert tagged("It calls open() on it.") == {"open": "FUNCTION"}
    assert tagged("It calls 'open' on it.") == {"open": "FUNCTION"}
    assert tagged("The open function is used.") == {"open": "FUNCTION"}
    # A mark of another type is none.
    assert tagged("The open class is used.") is None
    assert tagged("It is valid XML data.") is None
    # Used on three pages only, so it is the name wherever it stands.
    assert tagged("It calls loads for that.") == {"loads": "FUNCTION"}


def test_a_capital_says_nothing_where_a_sentence_begins():
    assert tagged("Message objects are lists.") == {"Message": "CLASS"}
    assert tagged("Message of the day is shown.") is None
    assert tagged("Give a Message to it.") == {"Message": "CLASS"}


def test_only_sentences_are_read():
    text = """class Decoder(Base)

Decode the text of a file. This one

ends without a stop

>>> decode("x") is a call.

scan_once(string, idx, /) -> value is the signature of a function.

DATA

It is "quoted." Then it goes on in the
second line of this sentence!

Parameters:
a, b, c, d, e, f, g, h, i, j.
"""
    assert list(prose_sentences(text)) == [
        "Decode the text of a file.",
        'It is "quoted."',
        "Then it goes on in the second line of this sentence!",
    ]


def corpus(folder, num_pages=60):
    documents = []
    for page in range(num_pages):
        names = [f"Class{page % 40}", f"Other{page}"]
        texts = [
            f"Return the {names[0]} of page {number} from list number {page} as it is."
            if number % 3
            else f"The value {number} of {names[1]} and ValueError is in row {page} of it."
            for number in range(6)
        ]
        texts += [f"Nothing is said of names in line {n} here, nor in row {page} of it." for n in range(20)]
        texts += ["This sentence stands on every page and is the same."]
        metadata = {"classes": json.dumps(names)}
        url = f"pydoc:///mod{page}.part"
        documents.append(Document(id=f"{page:03d}", text="\n\n".join(texts), url=url, metadata=metadata))
    write_table(folder / "documents" / "part.parquet", batch_of(documents))
    return folder / "documents"


def forms(records):
    return {w.lower() for r in records for w, t in zip(r.words, r.tags, strict=True) if t != "O"}


def test_no_name_is_an_entity_in_two_parts(tmp_path):
    parts = DocumentationNames().parts(corpus(tmp_path))
    sets = [forms(records) for records in parts.values()]
    assert all(sets)
    assert not sets[0] & sets[1] and not sets[0] & sets[2] and not sets[1] & sets[2]
    assert sum("valueerror" in each for each in sets) == 1


def test_pages_are_wholly_in_one_part_and_the_held_out_ones_are_the_test(tmp_path):
    parts = DocumentationNames().parts(corpus(tmp_path))
    for part, records in parts.items():
        assert all(page_is_held_out(record.group) == (part == "test") for record in records)
    assert not {r.group for r in parts["train"]} & {r.group for r in parts["validation"]}


def test_sentences_are_unique_and_plain_ones_do_not_outnumber_the_others(tmp_path):
    parts = DocumentationNames(plain_share=0.5).parts(corpus(tmp_path))
    for records in parts.values():
        named = sum(set(r.tags) != {"O"} for r in records)
        assert len(records) - named <= 0.5 * named + 1
        assert len({r.words for r in records}) == len(records)
    texts = [" ".join(r.words) for records in parts.values() for r in records]
    assert sum("stands on every page" in text for text in texts) <= 1


def test_training_may_be_limited(tmp_path):
    assert len(DocumentationNames(max_sentences=10).parts(corpus(tmp_path))["train"]) == 10


def test_a_corpus_without_names_is_told(tmp_path):
    document = Document(id="a", text="Just a text of some words, with no name in it.", url="pydoc:///a")
    write_table(tmp_path / "documents" / "part.parquet", batch_of([document]))
    with pytest.raises(RecipeError, match="none has a name in one of train, validation, test"):
        DocumentationNames().parts(tmp_path / "documents")
