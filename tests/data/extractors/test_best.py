import pytest

from firstwords.data.document import Document
from firstwords.data.extractors.best import Best, blocks
from firstwords.data.source import Record
from firstwords.errors import RecipeError
from firstwords.recipe import build

PARAGRAPHS = [
    f"Paragraph number {i} of the article says something that nobody has said before it. " * 3 for i in range(4)
]
PAGE = (
    '<html><title>T</title><meta name="author" content="Ann Writer"><body><nav>menu</nav><article><h1>T</h1>'
    + "".join(f"<p>{each}</p>" for each in PARAGRAPHS)
    + "<ul><li>one point</li><li>two points</li></ul></article><footer>imprint</footer></body></html>"
).encode()


def run(body: bytes, max_doubt: float = 0.0, **fields):
    return Best(max_doubt=max_doubt, **fields).extract(
        Record(origin="o", body=body, url="https://a.org/x", media_type="text/html")
    )


@pytest.mark.parametrize("favour", ["balanced", "precision", "recall"])
def test_the_main_text_in_blocks(favour) -> None:
    found = run(PAGE, favour=favour)
    assert isinstance(found, Document)
    assert all(each.strip() in found.text.split("\n\n") for each in PARAGRAPHS)
    assert "menu" not in found.text and "imprint" not in found.text
    assert found.title == "T" and found.metadata["author"] == "Ann Writer"
    assert "trafilatura" in found.metadata["extractor"]


def test_items_of_a_list_stay_together() -> None:
    found = run(PAGE, favour="recall")
    assert isinstance(found, Document) and "- one point\n- two points" in found.text


def test_rejections() -> None:
    assert run(b"").reason == "empty"
    assert run(b"%PDF-1.4").reason == "not_html"
    assert run(PAGE, max_elements=5).reason == "too_large"
    assert run(PAGE, min_characters=10**6).reason == "empty"


@pytest.mark.parametrize("second_opinions", [False, True])
def test_second_opinions_are_asked_on_request(second_opinions, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr("trafilatura.bare_extraction", lambda html, **settings: asked.append(settings))
    assert run(PAGE, second_opinions=second_opinions).reason == "empty"
    assert [each["fast"] for each in asked] == [not second_opinions]


def test_trafilatura_is_asked_only_where_the_classifier_is_in_doubt(monkeypatch) -> None:
    sure = run(PAGE, max_doubt=1.0)
    assert isinstance(sure, Document) and sure.metadata["text_by"] == "blocks"
    assert all(each.strip() in sure.text.split("\n\n") for each in PARAGRAPHS) and "menu" not in sure.text
    asked = []
    monkeypatch.setattr("trafilatura.bare_extraction", lambda html, **settings: asked.append(settings))
    for fields in ({"max_doubt": 0.0}, {"max_doubt": 1.0, "comments": True}, {"max_doubt": 1.0, "tables": False}):
        run(PAGE, **fields)
    assert len(asked) == 3 and run(PAGE, max_doubt=1.0) == sure
    # A page of which the classifier keeps nothing is never one that it is sure about.
    run(b"<nav><a href=x>menu</a></nav>", max_doubt=1.0)
    assert len(asked) == 4


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(RecipeError, match="favour"):
        build(Best, {"favour": "speed"})
    with pytest.raises(RecipeError, match="max_doubt"):
        build(Best, {"max_doubt": 1.5})


def test_blocks_are_separated_by_one_blank_line() -> None:
    assert blocks("\n\na  \r\nb\n\n\n\n  c\rd \n\n") == "a\nb\n\n  c\nd"
    assert blocks("") == ""
