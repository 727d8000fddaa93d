import pytest

from firstwords.data.personal_data import personal_data


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in personal_data(text, types=("email",))]


@pytest.mark.parametrize(
    "address",
    [
        "jane [at] example [dot] org",
        "jane(at)example.org",
        "jane.doe (at) mail.example.co.uk",
        "jane{AT}example{DOT}com",
        "jane <at> example <dot> de",
        "jane[@]example[.]org",
        "jane [dot] doe [at] example [dot] com",
        "jane AT example DOT com",
        "jane dot doe at example dot com",
        "jane42 at cs dot example dot edu",
        "j_doe at example dot org",
    ],
)
def test_addresses_written_for_people_are_found_whole(address: str) -> None:
    for before, behind in (("", ""), ("Please ask ", " for more."), ("(", ")"), ("Name: ", ",")):
        assert found(before + address + behind) == [address]


@pytest.mark.parametrize("text", ["email jane at example dot com", "My address is jane at example dot org."])
def test_a_plain_name_needs_a_word_before_it(text: str) -> None:
    assert found(text) == [text[text.index("jane") :].rstrip(".")]
    assert found("The fair of jane at example dot com") == []


@pytest.mark.parametrize(
    "text",
    [
        "Look at the dot com bubble of the year 2000.",
        "She looked at a dot in the sky.",
        "Contact us at example dot com.",
        "We arrived at amazon dot com by train.",
        "Email: find me at example dot org",
        "the value items[at].name and f(at) of x",
        "call f(at) in numpy.array or words[at] if x.y",
        "LOOK AT THE DOT COM",
        "at 5 (at) 3.50",
        "we meet (at) the pub",
        "Email the office at 5 dot 30",
        "look at example.com or at www.example.org",
    ],
)
def test_speech_is_no_address(text: str) -> None:
    assert found(text) == []


def test_two_addresses_side_by_side_are_two() -> None:
    text = "a.b at example dot com, c.d at example dot com"
    assert found(text) == ["a.b at example dot com", "c.d at example dot com"]
