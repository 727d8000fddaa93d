"""Talking to a model in the terminal."""

import sys
from pathlib import Path
from typing import Any, TextIO

from firstwords.artifact import Artifact
from firstwords.errors import RecipeError
from firstwords.tokenizer.tokenizer import MASK


def model_folder(artifact: Artifact) -> Path:
    """The checkpoint folder inside an artifact.

    Raises:
        RecipeError: If the stage made no model.
    """
    folder = artifact.path("model")
    if not (folder / "config.json").is_file():
        raise RecipeError(f"{artifact.name} holds no model; name a pretrain or finetune stage")
    return folder


HELP = "/reset begins anew   /system TEXT sets what the model is told first   /quit   /help"


class Conversation:
    """Answers lines of text with one model: with an answer that knows the turns before, a continuation, labels."""

    def __init__(self, folder: Path, *, seed: int, **options: Any) -> None:
        from firstwords.inference.language_model import LanguageModel

        self._model = LanguageModel.load(folder)
        self._options = options
        self._seed = seed
        self._turn = 0
        self._system: list[dict[str, str]] = []
        self._history: list[dict[str, str]] = []

    @property
    def answers(self) -> bool:
        """Whether the model was taught to answer, in a chat template."""
        return self.task == "language_model" and self._model.tokenizer.template is not None

    @property
    def explanation(self) -> str:
        """What the model does with a line."""
        if self.answers:
            return f"It answers, and remembers the conversation. {HELP}."
        if self.task == "language_model" and self._model.fills_masks:
            return f"It continues what you type, or fills in every {MASK} in it."
        return {
            "language_model": "It continues what you type.",
            "tokens": "It marks the names in what you type.",
            "sequence": "It sorts what you type into a class.",
            "masked": f"It fills in every {MASK} in what you type.",
        }[self.task]

    @property
    def task(self) -> str:
        """What the checkpoint's head is for."""
        return self._model.task

    def answer(self, text: str, output: TextIO) -> None:
        """Write the model's answer to one line, as it is made."""
        if self.answers:
            self._reply(text, output)
        elif self.task == "language_model" and not (MASK in text and self._model.fills_masks):
            # A new seed for every turn, so that asking twice gives two answers; the first turn is reproducible.
            for piece in self._model.stream(text, seed=self._seed + self._turn, **self._options):
                output.write(_printable(piece))
                output.flush()
            output.write("\n")
        elif self.task == "tokens":
            spans = self._model.entities([text])[0]
            for span in spans:
                output.write(f"{span.type:<12} {_printable(text[span.start : span.end])}\n")
            if not spans:
                output.write("no names found\n")
        else:
            output.write(f"{_printable(str(self._model.predict([text])[0]))}\n")
        output.flush()
        self._turn += 1

    def _reply(self, text: str, output: TextIO) -> None:
        command, _, rest = text.strip().partition(" ")
        if command in ("/reset", "/system", "/help"):
            self._command(command, rest.strip())
            return
        if command.startswith("/") and command[1:].isalpha() and not rest:
            _say(f"no command {command}. {HELP}")
            return
        question = {"role": "user", "content": text}
        try:
            # A new seed for every turn, so that asking twice gives two answers; the first turn is reproducible.
            pieces, forgotten = self._model.reply(
                [*self._system, *self._history, question], seed=self._seed + self._turn, **self._options
            )
        except ValueError as error:
            _say(str(error))
            return
        if forgotten:
            self._history = self._history[forgotten:]
            _say(f"the oldest {forgotten} messages no longer fit into the model's context and are forgotten")
        answer = ""
        try:
            for piece in pieces:
                answer += piece
                output.write(_printable(piece))
                output.flush()
        except KeyboardInterrupt:
            _say(" (stopped)")
        output.write("\n")
        self._history += [question, {"role": "assistant", "content": answer}]

    def _command(self, command: str, rest: str) -> None:
        if command == "/help":
            _say(HELP)
        elif command == "/reset":
            self._history = []
            _say("a new conversation" + (" with the same system message" if self._system else ""))
        else:
            self._system = [{"role": "system", "content": rest}] if rest else []
            self._history = []
            _say("a new conversation, " + ("with this system message" if rest else "without a system message"))


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _printable(text: str) -> str:
    """Text without control characters: a model's output must not drive the terminal."""
    return "".join(c if c in "\n\t" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def chat(folder: Path, *, once: str | None, seed: int, **options: Any) -> None:
    """Answer one text, or read lines until the end of input.

    Args:
        folder: A checkpoint folder.
        once: Answer this and return.
        seed: Of the random draws.
        options: More arguments of `LanguageModel.stream`.
    """
    conversation = Conversation(folder, seed=seed, **options)
    if once is not None:
        conversation.answer(once, sys.stdout)
        return
    interactive = sys.stdin.isatty()
    if interactive:
        print(f"{conversation.explanation} An empty line or Ctrl-D ends.", file=sys.stderr)
    while True:
        try:
            line = input("> ") if interactive else sys.stdin.readline().rstrip("\n")
        except (EOFError, KeyboardInterrupt):
            break
        if line.strip() in ("", "/quit"):
            break
        conversation.answer(line, sys.stdout)
