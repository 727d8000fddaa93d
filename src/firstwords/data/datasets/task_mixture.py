"""Many labelled tasks as one data set: what a model learns from that is to learn tasks from examples."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from firstwords.data.dataset import PACKED, Dataset, Parts, TaskRecord, TextRecord, digest_of_files, draw
from firstwords.errors import RecipeError
from firstwords.find import find, nearest
from firstwords.recipe import InputPath, Kind, resolve

_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson")


@dataclass(frozen=True, kw_only=True)
class TaskMixture(Dataset):
    """The training parts of many data sets, each a task under its name, or split into several by its labels.

    The tasks of `held_out` are not learnt from: their training texts are the validation part and their test texts the
    test part, so that what is measured is learning from examples, on labels that training never met.
    """

    record: ClassVar[type] = TaskRecord

    tasks: dict[str, Annotated[Dataset, Kind("data.datasets")]] = field(default_factory=dict)
    """Data sets of labelled texts by the name of their task."""
    folder: InputPath | None = None
    """A folder of tables (`data.datasets.table`), each file a task; its columns are `text` and `label`."""
    held_out: Annotated[tuple[str, ...], Field(min_length=1)]
    """Names of the tasks for validation and test."""
    max_texts: Annotated[int, Field(ge=2)] = 2000
    """Of a task, drawn by a hash: no task may drown the others."""
    held_out_texts: Annotated[int, Field(ge=2)] = 200
    """Of a held-out task in each of its two parts."""

    def __post_init__(self) -> None:
        for name, each in self.tasks.items():
            if each.record is not TextRecord or each.needs_documents:
                raise RecipeError(f"tasks.{name}: a task is labelled texts from files")

    def parts(self, documents: Path | None = None) -> Parts:
        """See `Dataset.parts`. Tasks stand in the order of their names.

        Raises:
            RecipeError: If a held-out task is not there, or nothing is left to learn from.
        """
        tasks = self._tasks()
        for name in self.held_out:
            if name not in tasks:
                raise RecipeError(f"held_out: no task '{name}'.{nearest(name, list(tasks))} Tasks: {', '.join(tasks)}")
        found: dict[str, list[TaskRecord]] = {"train": [], "validation": [], "test": []}
        for name, task in sorted(tasks.items()):
            parts = task.parts()
            if name in self.held_out:
                found["validation"] += _of_task(name, parts["train"], self.held_out_texts)
                found["test"] += _of_task(name, parts["test"], self.held_out_texts)
            else:
                found["train"] += _of_task(name, parts["train"], self.max_texts)
        if not found["train"]:
            raise RecipeError("every task is held out: none is left to learn from")
        return found

    def _tasks(self) -> dict[str, Dataset]:
        found = dict(self.tasks)
        table: Any = find("data.datasets", "table")
        for place in self._files():
            name = _name(place)
            if name in found:
                raise RecipeError(f"{place}: there is another task '{name}'")
            found[name] = table(path=str(place), validation_share=0.0)
        if len(found) < 2:
            raise RecipeError("a mixture needs two tasks or more: name data sets in tasks, or a folder of tables")
        return found

    def _files(self) -> list[Path]:
        if self.folder is None:
            return []
        place = resolve(self.folder)
        if not place.is_dir():
            raise RecipeError(f"{self.folder}: not a folder")
        return sorted(
            file for file in place.iterdir() if Path(file.name.removesuffix(_packing(file))).suffix in _TABLES
        )

    def fingerprint(self) -> str:
        """Digest of the tables of `folder`, with their names; the data sets of `tasks` tell their own."""
        files = self._files()
        return " ".join([*map(_name, files), digest_of_files(files)]) if files else ""


def _packing(file: Path) -> str:
    return file.suffix if file.suffix in PACKED else ""


def _name(file: Path) -> str:
    return Path(file.name.removesuffix(_packing(file))).stem


def _of_task(name: str, records: Sequence[Any], most: int) -> list[TaskRecord]:
    """Records under their task's name; which are taken depends on their names alone, not on their number.

    A label with a single text is left out: there would be no example of it.
    """
    kept = sorted(records, key=lambda record: draw("task mixture", record.id))[:most]
    labels = [record.label for record in kept]
    return [
        TaskRecord(f"{name}/{each.id}", f"{name}/{each.group}", each.text, each.label, task=name)
        for each in kept
        if labels.count(each.label) > 1 and each.text.strip()
    ]
