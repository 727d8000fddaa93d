"""Running a recipe: every stage that is not done, in order, each committed as a whole.

The same call again continues where the last one stopped, or does nothing. Killing the process at any moment loses at
most the unit of work that was under way.
"""

import errno
import fcntl
import json
import os
import platform
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from firstwords import __version__, machine
from firstwords.artifact import (
    MANIFEST,
    Artifact,
    clear_partial,
    digest_payload,
    remove_tree,
    write_json,
)
from firstwords.compute import early_server, ranks
from firstwords.compute.pool import Pool
from firstwords.console import SilentConsole, StreamConsole, duration
from firstwords.errors import FirstwordsError, IntegrityError, Interrupted, Locked, OutOfResources, RecipeError
from firstwords.find import find
from firstwords.following import follow
from firstwords.graph import IDENTITY_DIGITS, Graph, Plan, Step, library_version, sources_of
from firstwords.recipe import build, configuration, kind_of
from firstwords.recipe_file import Recipe, read_recipe
from firstwords.stage import Outcome, Stage, Work

DEFAULT_ROOT = Path("artifacts")
_NEEDED_BY_DATA_STAGES = ("firstwords.data.cleaning",)
_MACHINE_LIBRARIES = ("torch", "numpy", "pyarrow", "tokenizers", "safetensors", "resiliparse", "numba")


@dataclass(frozen=True)
class Resources:
    """What a run may use: the pool of its data steps, processes and threads."""

    pool: Pool
    workers: int
    threads: int


@dataclass
class RunResult:
    """What a run made.

    Attributes:
        name: The recipe's name.
        artifacts: Full stage name to artifact.
        made: Full names of the stages that really ran (the others were done before).
    """

    name: str
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold an artifact folder for this process.

    The lock is the operating system's: it ends with the process that holds it, so a killed run never blocks the next.

    Raises:
        Locked: If another live process holds it.
    """
    place = folder.with_name(f".{folder.name}.lock")
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("a+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise
            file.seek(0)
            owner = file.read().strip() or "unknown"
            raise Locked(f"{folder} is being made by process {owner}; wait for it or stop it") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextmanager
def _stop_on_termination() -> Iterator[None]:
    """Turn SIGTERM into the same orderly stop as Ctrl-C. Only the main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(signum: int, frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run_recipe(
    recipe: Recipe,
    *,
    root: Path = DEFAULT_ROOT,
    console: StreamConsole | None = None,
    until: str | None = None,
    workers: int | None = None,
    threads: int | None = None,
    replan: bool = False,
    pool: str = "local",
    afterwards: Sequence[str] = (),
) -> RunResult:
    """Run all stages of a recipe that are not done.

    Args:
        recipe: The checked recipe.
        root: Folder of all artifacts.
        console: Where progress is shown; nothing is shown without one.
        until: Stop after this stage (a full name, or all stages of a kind).
        workers: Processes for data steps; default: one for every core.
        threads: Threads of numerical libraries; default: one for every core. Exactness holds for equal numbers.
        replan: Measure this machine anew instead of using an earlier configuration.
        pool: Where data steps run, a kind of `compute/pools`; it changes no result, so a run may go on in another.
        afterwards: Modules that the caller needs when the run has ended: imported while workers start.

    Raises:
        FirstwordsError: See `errors.py`; every finished stage and finished unit is kept.

    Where `torchrun` started several processes, all of them call this: the first runs, the others follow (`following`).
    """
    machine.settle_libraries()
    console = console or SilentConsole()
    plan = Plan(Graph(recipe, until), root)
    if replan and ranks.num_ranks() > 1:
        raise RecipeError("--replan measures one machine: run it in one process, then start the others")
    if replan:
        _set_measurements_aside(plan)
    result = RunResult(recipe.name)
    workers = workers or machine.num_cores()
    threads = threads or max(1, machine.num_cores() // ranks.num_local_ranks())
    resources = Resources(build(find("compute.pools", pool), {"workers": workers}, "--pool"), workers, threads)
    if ranks.rank():
        with _stop_on_termination(), closing(resources.pool):
            result.artifacts = follow(plan, resources.pool, workers=workers, threads=threads)
        ranks.leave()
        return result
    _check(plan)
    _begin_beside(plan, resources.pool, afterwards)
    console.note(_header(recipe, plan))
    with _stop_on_termination(), closing(resources.pool):
        for name in plan.graph.order:
            artifact = plan.artifact(name)
            if artifact is None:
                artifact = _run_stage(plan, name, console, resources)
                result.made.append(name)
            else:
                console.stage(name, artifact.identity, f"{artifact.manifest['summary']}   up to date", None)
                if warning := plan.step(name).why:
                    console.note(f"  {warning}: raise its version if results change")
            result.artifacts[name] = artifact
            _record(root, recipe, result)
    ranks.leave()
    return result


def _begin_beside(plan: Plan, pool: Pool, afterwards: Sequence[str]) -> None:
    """Begin what takes time and can go on beside the first stages."""
    stages = [plan.graph.stages[name] for name in plan.graph.order if plan.artifact(name) is None]
    # Where nothing is left but training, workers would be started for nobody, and beside it.
    if modules := tuple(dict.fromkeys(module for stage in stages for module in stage.preloads())):
        pool.prepare(modules)
        threading.Thread(target=_import_beside, args=((*_NEEDED_BY_DATA_STAGES, *afterwards),), daemon=True).start()
    early_server.dismiss()  # where it waits still


def _import_beside(modules: Iterable[str]) -> None:
    """Import what this process will need, while it waits for its workers; what fails here is told where it is used."""
    for module in modules:
        with suppress(ImportError):
            import_module(module)


def _check(plan: Plan) -> None:
    """Refuse before the first stage runs what a later one could not do."""
    for name in plan.graph.order:
        if plan.artifact(name) is None:
            try:
                plan.graph.stages[name].check()
            except FirstwordsError as error:
                raise type(error)(f"{plan.graph.recipe.path}: {name}: {error}") from None


def _header(recipe: Recipe, plan: Plan) -> str:
    expected = expected_seconds(plan)
    about = f", about {duration(expected)}" if expected >= 1 else ""
    memory = machine.gibibytes(machine.memory_bytes())
    version = ".".join(__version__.split(".")[:2])
    cores = machine.num_cores()
    return (
        f"firstwords {version}   recipe {recipe.name}   {cores} core{'s' * (cores != 1)}, {memory}   "
        f"{len(plan.graph.order)} stages{about}"
    )


def expected_seconds(plan: Plan) -> float:
    """About how long the steps that are not done will take: their budgets, else how long such a stage took before."""
    total = 0.0
    for name in plan.graph.order:
        if plan.artifact(name) is not None:
            continue
        budget = getattr(plan.graph.stages[name], "budget", None)
        if name.startswith("pretrain") and budget:
            total += budget
            continue
        before = [p / MANIFEST for p in (plan.root / name.partition(".")[0]).glob("*") if (p / MANIFEST).is_file()]
        if before:
            newest = max(before, key=lambda p: p.stat().st_mtime)
            total += json.loads(newest.read_text(encoding="utf-8"))["seconds"]
    return total


def _run_stage(plan: Plan, name: str, console: StreamConsole, resources: Resources) -> Artifact:
    stage, folder, ingredients = plan.graph.stages[name], plan.folder(name), plan.ingredients(name)
    assert folder is not None and ingredients is not None, f"{name} runs before its inputs are measured"
    inputs = {role: plan.artifact(needed) for role, needed in plan.graph.inputs[name].items()}
    runtime = {"workers": resources.workers, "threads": resources.threads}
    with lock(folder):
        clear_partial(folder)
        work = Work(
            name=name,
            folder=folder,
            inputs={role: artifact for role, artifact in inputs.items() if artifact is not None},
            pool=resources.pool,
            console=console,
            workers=resources.workers,
            threads=resources.threads,
        )
        write_json(folder / "config.json", configuration(stage, with_runtime=True))
        work.event("start", pool=kind_of(type(resources.pool)), **runtime)
        console.start(name)
        started = time.monotonic()
        outcome = _call(stage, work)
        seconds = time.monotonic() - started
        artifact = _commit(plan, name, folder, outcome, seconds, runtime)
        work.event("end", seconds=round(seconds, 3))
    console.stage(name, artifact.identity, outcome.summary, seconds)
    return artifact


def _call(stage: Stage, work: Work) -> Outcome:
    try:
        return stage.run(work)
    except KeyboardInterrupt:
        work.event("interrupted")
        raise Interrupted(f"{work.name}: stopped; the same command continues here") from None
    except MemoryError:
        raise OutOfResources(f"{work.name}: memory ran out; what was finished is kept") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutOfResources(f"{work.name}: no space left on the disk; make room and run the same again") from None
        raise


def _commit(
    plan: Plan, name: str, folder: Path, outcome: Outcome, seconds: float, runtime: Mapping[str, int]
) -> Artifact:
    remove_tree(folder / "scratch")
    clear_partial(folder)
    files, digest = digest_payload(folder)
    _check_receipts(folder, files)
    stage = plan.graph.stages[name]
    identity = plan.identity(name)
    assert identity is not None
    inputs = {}
    for role, needed in plan.graph.inputs[name].items():
        artifact = plan.artifact(needed)
        assert artifact is not None
        inputs[role] = {"name": needed, "identity": artifact.identity, "digest": artifact.digest}
    write_json(
        folder / MANIFEST,
        {
            "name": name,
            "stage": name.partition(".")[0],
            "identity": identity[:IDENTITY_DIGITS],
            "identity_sha256": identity,
            "digest": digest,
            "summary": outcome.summary,
            "counts": outcome.counts,
            "tables": outcome.tables,
            "reasons": outcome.reasons,
            "ingredients": plan.ingredients(name),
            "inputs": inputs,
            "sources": sources_of(stage),
            "versions": {"firstwords": __version__, "python": platform.python_version()}
            | {library: library_version(library) for library in _MACHINE_LIBRARIES},
            "machine": {"instruction_set": machine.instruction_set(), "cores": machine.num_cores()}
            | dict(runtime)
            | {"ranks": ranks.num_ranks(), "peak_bytes": machine.peak_memory_bytes()},
            "seconds": round(seconds, 3),
            "files": files,
        },
    )
    return Artifact(name=name, folder=folder)


def _check_receipts(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> None:
    for place in sorted((folder / "done").glob("*.json")):
        for relative, entry in json.loads(place.read_text(encoding="utf-8"))["files"].items():
            if relative in files and files[relative]["sha256"] != entry["sha256"]:
                raise IntegrityError(
                    f"{folder / relative} changed after it was finished; delete {folder} and run again"
                )


def _set_measurements_aside(plan: Plan) -> None:
    """Move finished measurements out of the way so that they are taken anew; nothing is deleted."""
    for name in plan.graph.order:
        folder = plan.folder(name)
        if plan.graph.stages[name].resolves and folder is not None and (folder / MANIFEST).is_file():
            number = 1
            while (aside := folder.with_name(f"{folder.name}.before-{number}")).exists():
                number += 1
            folder.rename(aside)


def _record(root: Path, recipe: Recipe, result: RunResult) -> None:
    """Remember which artifacts belong to a recipe's name, so that `show` and `chat` find them."""
    write_json(
        root / "recipes" / f"{recipe.name}.json",
        {
            "name": recipe.name,
            "recipe": recipe.path,
            "artifacts": {name: os.path.relpath(a.folder, root) for name, a in result.artifacts.items()},
        },
    )


def run(recipe: str | Path, *, root: str | Path = DEFAULT_ROOT, **overrides: Any) -> RunResult:
    """Run a recipe file from Python, silently.

    Args:
        recipe: A TOML file.
        root: Folder of all artifacts.
        overrides: Dotted keys, for example `**{"pretrain.causal.budget": "1min"}`.
    """
    return run_recipe(read_recipe(recipe, override_texts(overrides)), root=Path(root))


def override_texts(overrides: Mapping[str, Any]) -> Iterable[str]:
    """Keyword overrides in the form of the command line."""
    return [f"{key}={value if isinstance(value, str) else json.dumps(value)}" for key, value in overrides.items()]


def plan(recipe: str | Path, *, root: str | Path = DEFAULT_ROOT, **overrides: Any) -> list[Step]:
    """What `run` would do: a step for every stage, with its state and the reason.

    Args:
        recipe: A TOML file.
        root: Folder of all artifacts.
        overrides: Dotted keys, as for `run`.
    """
    return Plan(Graph(read_recipe(recipe, override_texts(overrides))), Path(root)).steps()
