"""Conversations of several turns: chat files (`messages`) and ShareGPT files (`conversations`)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from firstwords.data.conversation import ChatRecord, Row, check_order, turns_of
from firstwords.data.conversation_files import ConversationFiles


@dataclass(frozen=True, kw_only=True)
class Conversations(ConversationFiles):
    """One conversation a record: a list of `{role, content}` or of ShareGPT's `{from, value}`.

    A record may have `system` (a text) and `tools` (a list), which become the system message. Calls of tools are
    something that the assistant writes; what tools give back is a message of its own role.
    """

    record: ClassVar[type] = ChatRecord

    key: str = ""
    """Where the messages stand; `messages`, else `conversations`, unless given."""

    def _maker(self) -> Callable[[Row], list[dict[str, Any]]]:
        def make(row: Row) -> list[dict[str, Any]]:
            turns = turns_of(row, self.key)
            check_order(turns, answered=True)
            return [{"messages": tuple(turns)}]

        return make
