"""Questions with one answer each: Alpaca, Dolly, prompt and response, question and answer."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from firstwords.data.conversation import ChatRecord, Row, Turn, check_order, text_of, with_system
from firstwords.data.conversation_files import ConversationFiles, first_key

# Question, what it is about, answer: the first key of each that a record has.
QUESTIONS = ("instruction", "prompt", "question", "query")
INPUTS = ("input", "context")
ANSWERS = ("output", "response", "answer", "completion")

# Alpaca's own template around a question (Taori et al. 2023); inside another template it would be learnt as text.
WRAPPER = re.compile(
    r"\A\s*Below is an instruction that describes a task[^\n]*\n+### Instruction:\n(?P<instruction>.*?)"
    r"(?:\n+### Input:\n(?P<input>.*?))?\n+### Response:\s*\Z",
    re.DOTALL,
)


@dataclass(frozen=True, kw_only=True)
class Instructions(ConversationFiles):
    """A question, perhaps a text that it is about, and an answer; the text stands behind the question, a line between.

    Keys are found by themselves: `instruction`, `prompt`, `question` or `query`; `input` or `context`; `output`,
    `response`, `answer` or `completion`. `system`, `history` (pairs of question and answer) and `instances`
    (Self-Instruct) are read where they are.
    """

    record: ClassVar[type] = ChatRecord

    question: str = ""
    """The key of the question, if it is another."""
    input: str = ""
    """The key of the text it is about, if it is another."""
    answer: str = ""
    """The key of the answer, if it is another."""
    unwrap: bool = True
    """Take Alpaca's template ("Below is an instruction ... ### Response:") off questions that are stored in it."""

    def _maker(self) -> Callable[[Row], list[dict[str, Any]]]:
        return self._make

    def _make(self, row: Row) -> list[dict[str, Any]]:
        question = text_of(row.get(self._key(row, self.question, QUESTIONS, "question")), "the question")
        instances = row.get("instances")
        if instances is None or self.answer:
            return [self._record(row, question, row)]
        if not isinstance(instances, list) or not all(isinstance(each, Mapping) for each in instances):
            raise ValueError("'instances' is not a list of objects")
        return [self._record(row, question, each) for each in instances]

    def _record(self, row: Row, question: str, instance: Row) -> dict[str, Any]:
        key = self.input or first_key(instance, INPUTS)
        about = text_of(instance.get(key) or "", f"'{key}'", may_be_empty=True) if key else ""
        answer = text_of(instance.get(self._key(instance, self.answer, ANSWERS, "answer")), "the answer")
        if self.unwrap and (wrapped := WRAPPER.match(question)):
            question = wrapped["instruction"]
            about = about or wrapped["input"] or ""
        asked = f"{question}\n\n{about}" if about.strip() else question
        turns = [*_history(row.get("history")), ("user", asked), ("assistant", answer)]
        turns = with_system(turns, row.get("system"), row.get("tools"))
        check_order(turns, answered=True)
        return {"messages": tuple(turns)}

    def _key(self, row: Row, given: str, known: tuple[str, ...], what: str) -> str:
        key = given or first_key(row, known)
        if key is None or key not in row:
            names = f"'{given}'" if given else " or ".join(f"'{name}'" for name in known)
            raise ValueError(f"no {what}: it needs {names}. It has: {', '.join(map(str, row)) or 'nothing'}")
        return key


def _history(value: Any) -> list[Turn]:
    if not value:
        return []
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise ValueError("'history' is not a list of pairs of question and answer")
    return [
        (role, text_of(text, "a text of 'history'"))
        for pair in value
        for role, text in zip(("user", "assistant"), pair, strict=True)
    ]
