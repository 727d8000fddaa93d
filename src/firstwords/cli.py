"""The command line: `firstwords run | plan | show | report | card | compare | chat | doctor | launch | schema`.

Text for people goes to standard error, results to standard output; `--json` makes the results machine-readable.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, CycloptsError, Parameter

from firstwords import __version__
from firstwords.errors import FirstwordsError, Interrupted
from firstwords.looking import ROOT, Json, Root, card, compare, print_json, report, show

if TYPE_CHECKING:
    from firstwords.artifact import Artifact

app = App(
    name="firstwords",
    version=__version__,
    help="Raise a language model from raw pages to an evaluated, usable model: one recipe, one command.",
    help_format="plaintext",
    result_action="return_value",
)

for look in (show, report, card, compare):
    app.command(look)


@app.command
def run(
    recipe: Path,
    *overrides: str,
    until: str | None = None,
    json_output: Json = False,
    artifacts: Root = ROOT,
    workers: int | None = None,
    threads: int | None = None,
    replan: Annotated[bool, Parameter(negative="")] = False,
    pool: str = "local",
) -> None:
    """Run every stage of a recipe that is not done; the same command again continues.

    Parameters
    ----------
    recipe
        A TOML file.
    overrides
        section.key=value, for example pretrain.causal.budget=1min.
    until
        Stop after this stage.
    workers
        Processes of data steps (default: one for every core).
    threads
        Threads of numerical libraries (default: one for every core).
    replan
        Measure this machine anew instead of using an earlier configuration.
    pool
        Where data steps run: local, or ray (the cluster at RAY_ADDRESS, or one started here). Results are the same.
    """
    from firstwords.compute import ranks
    from firstwords.console import StreamConsole
    from firstwords.recipe_file import read_recipe
    from firstwords.runner import run_recipe

    checked = read_recipe(recipe, overrides)
    result = run_recipe(
        checked,
        root=artifacts,
        console=StreamConsole(),
        until=until,
        workers=workers,
        threads=threads,
        replan=replan,
        pool=pool,
        afterwards=("firstwords.corpus.card", "firstwords.corpus.model_card"),
    )
    if ranks.rank() == 0:  # of several processes the first one tells
        _tell(checked.name, result.artifacts, json_output, artifacts)


def _tell(name: str, made: "dict[str, Artifact]", json_output: bool, root: Path) -> None:
    """Describe the data that a run made, and print its results."""
    from firstwords.corpus.lineage import undescribed, upstream
    from firstwords.corpus.model_card import write_model_cards
    from firstwords.corpus.run import Run

    for artifact in undescribed(made.values()):
        from firstwords.corpus.card import write_card

        write_card(upstream(artifact, made.values()), name)
    write_model_cards(Run(name, tuple(made.values())))
    if json_output:
        from firstwords.overview import show as overview

        print_json(overview(name, root=root))
        return
    for artifact in made.values():
        for line in artifact.manifest["tables"]:
            print(line)
    sys.stdout.flush()
    for line in _hints(name, list(made)):
        print(line, file=sys.stderr)


def _hints(name: str, stages: list[str]) -> list[str]:
    """What a user may want to do next."""
    configured = [s for s in stages if s.startswith("configure")]
    models = [s for s in stages if s.startswith("pretrain")] or [s for s in stages if s.startswith("finetune")]
    hints = []
    if any(s.startswith("clean") for s in stages):
        hints.append(f"Why a page was dropped:  firstwords show {name}/clean --dropped")
        hints.append(f"The whole run to read:   firstwords report {name}")
    if configured:
        hints.append(f"Why these sizes:         firstwords show {name}/{configured[0]}")
    if models:
        causal = next((m for m in models if "causal" in m), models[0])
        hints.append(f"Talk to it:              firstwords chat {name}/{causal}")
    return hints


@app.command
def plan(
    recipe: Path,
    *overrides: str,
    until: str | None = None,
    gpus: int = 1,
    gpu: str | None = None,
    peak_share: float | None = None,
    gpu_flops: float | None = None,
    gpu_memory: str | None = None,
    json_output: Json = False,
    artifacts: Root = ROOT,
) -> None:
    """Say what a run would do, why, and what its trainings will take; what is done already; nothing is written.

    Parameters
    ----------
    recipe
        A TOML file.
    overrides
        section.key=value.
    until
        Plan as far as this stage.
    gpus
        Plan for so many cards instead of this machine.
    gpu
        Which: h100, h200, b200, a100, l40s, l4, rtx4090, rtx5090, rtx3090, mi300x ...
    peak_share
        Share of a card's peak that training reaches (default: 0.4, as others publish).
    gpu_flops
        Peak of the card a second, instead of the table's.
    gpu_memory
        Memory of the card, for example 48GiB, instead of the table's.
    """
    from firstwords import fine_tuning_forecast
    from firstwords.console import duration
    from firstwords.forecast import as_json, cluster_of, forecast, lines, this_machine
    from firstwords.graph import Graph, Plan
    from firstwords.recipe_file import read_recipe
    from firstwords.runner import expected_seconds

    cluster = cluster_of(gpus, gpu, peak_share, gpu_flops, gpu_memory)
    the_plan = Plan(Graph(read_recipe(recipe, overrides), until), artifacts)
    steps, trainings = the_plan.steps(), forecast(the_plan, cluster)
    tuned = any(step.name.startswith("finetune") and step.status != "done" for step in steps) and cluster is None
    tunings = fine_tuning_forecast.fine_tunings(the_plan, trainings, this_machine()) if tuned else []
    if json_output:
        print_json(as_json(steps, trainings, cluster, tunings))
        return
    for step in steps:
        print(f"{step.name:<22} {step.identity or '-':<12} {step.status:<9} {step.why}".rstrip())
    for training in trainings:
        print()
        for line in lines(training, cluster):
            print(line)
    for tuning in tunings:
        print()
        for line in fine_tuning_forecast.lines(tuning):
            print(line)
    seconds = expected_seconds(the_plan)
    if seconds >= 1 and cluster is None:
        print(f"\nabout {duration(seconds)} to go, judged by budgets and earlier runs", file=sys.stderr)


@app.command
def chat(
    target: str,
    *,
    once: str | None = None,
    max_tokens: int = 120,
    temperature: float = 0.8,
    top_k: int = 0,
    top_p: float = 0.95,
    min_p: float = 0.0,
    repetition_penalty: float = 1.0,
    stop: tuple[str, ...] = (),
    seed: int = 0,
    artifacts: Root = ROOT,
) -> None:
    """Talk to a model: a causal model continues your text, a fine-tuned one labels it.

    Parameters
    ----------
    target
        For example quickstart/pretrain.causal, or a checkpoint folder.
    once
        Answer this text and end.
    max_tokens
        Longest answer.
    temperature
        0 always takes the likeliest token.
    top_k
        Only so many of the likeliest tokens (0: all).
    top_p
        Only the likeliest tokens that together reach this probability.
    min_p
        Only tokens at least this share as probable as the likeliest one.
    repetition_penalty
        Makes tokens that stand in the text already less likely (1: no).
    stop
        An answer ends before this text (may be given several times).
    seed
        Of the random draws.
    """
    from firstwords.overview import find_artifact
    from firstwords.serving import chat as serving

    folder = Path(target)
    if not (folder / "model.safetensors").is_file():
        folder = serving.model_folder(find_artifact(target, artifacts))
    serving.chat(
        folder,
        once=once,
        seed=seed,
        max_tokens=max_tokens,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        min_p=min_p,
        repetition_penalty=repetition_penalty,
        stop=stop,
    )


@app.command
def doctor(*, json_output: Json = False, artifacts: Root = ROOT) -> int:
    """Examine this machine: libraries, memory, disk, speed."""
    from firstwords.doctor import checks

    found = list(checks(artifacts))
    if json_output:
        print_json([vars(check) for check in found])
    else:
        for check in found:
            advice = "" if check.good else f"   <- {check.advice}"
            print(f"{check.name:<18} {check.value}{advice}")
    return 0 if all(check.good for check in found) else 3


@app.command
def launch(
    recipe: Path,
    *arguments: str,
    nodes: int = 1,
    gpus: int = 0,
    processes: int | None = None,
    slurm: Annotated[bool, Parameter(negative="")] = False,
    output: Path | None = None,
) -> None:
    """Write a script that runs a recipe on several devices or machines; nothing is started.

    Parameters
    ----------
    recipe
        A TOML file whose training stages have an engine for several ranks, for example pretrain.engine = "fsdp".
    arguments
        section.key=value, as for run.
    nodes
        Machines, which share a file system.
    gpus
        GPUs of each machine; one process each.
    processes
        Processes of each machine, where there are no GPUs.
    slurm
        A batch script for Slurm instead of one for torchrun by hand.
    output
        Where the script goes (default: <recipe's name>.torchrun.sh or .slurm.sh, here).
    """
    from firstwords.artifact import atomic_write
    from firstwords.compute.launch import Launch
    from firstwords.following import check_engines
    from firstwords.recipe_file import read_recipe

    checked = read_recipe(recipe, arguments)
    made = Launch(
        recipe=str(recipe), name=checked.name, arguments=arguments, nodes=nodes, gpus=gpus, processes=processes
    )
    check_engines(checked)
    place = output or Path(f"{checked.name}.{'slurm' if slurm else 'torchrun'}.sh")
    with atomic_write(place) as temporary:
        temporary.write_text(made.slurm_script() if slurm else made.torchrun_script(), encoding="utf-8")
        temporary.chmod(0o755)
    print(place)


@app.command
def schema() -> None:
    """Print the JSON schema of recipes, for editors."""
    from firstwords.recipe_schema import recipe_schema

    print_json(recipe_schema())


def main(arguments: list[str] | None = None) -> None:
    """Entry point; ends the process with the exit code of `errors.py`."""
    try:
        code = app(arguments, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        print(f"firstwords: {error}", file=sys.stderr)
        code = 2
    except FirstwordsError as error:
        print(str(error), file=sys.stderr)
        code = error.exit_code
    except KeyboardInterrupt:
        print("stopped; the same command continues", file=sys.stderr)
        code = Interrupted.exit_code
    except BrokenPipeError:
        # The reader (`head`, a pager) closed: nothing is wrong. Give the interpreter a stream it can flush.
        sys.stdout = None  # type: ignore[assignment]
        code = 0
    code = code if isinstance(code, int) else 0
    _leave_status(code)
    from firstwords.compute import ranks

    ranks.end(code)


def _leave_status(code: int) -> None:
    """Tell a script of `launch` how it ended: torchrun ends with 1 whatever its processes ended with."""
    from firstwords.compute import ranks

    place = os.environ.get("FIRSTWORDS_STATUS")
    if place and not ranks.rank():
        Path(place).write_text(str(code), encoding="utf-8")


if __name__ == "__main__":
    main()
