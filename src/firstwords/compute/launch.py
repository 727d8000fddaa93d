"""Scripts that start a recipe on several devices or machines: `torchrun`, by hand or under Slurm.

What is written is plain bash, to be read and changed. All machines see one file system: artifacts and checkpoints lie
there. The same script again continues where the run stopped.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from firstwords.errors import RecipeError

PORT = 29_500
# Slurm's warning before the time is up: a step, and the checkpoint that follows it, must fit into it.
WARNING_SECONDS = 180


@dataclass(frozen=True, kw_only=True)
class Launch:
    """How a recipe is started.

    Attributes:
        recipe: Path of the recipe.
        name: The recipe's name.
        arguments: Overrides and options, as for `firstwords run`.
        nodes: Machines.
        gpus: GPUs of each; 0 for processors only.
        processes: Of each machine; by default one for each GPU.
    """

    recipe: str
    name: str
    arguments: Sequence[str] = ()
    nodes: int = 1
    gpus: int = 0
    processes: int | None = None

    def __post_init__(self) -> None:
        for name in ("nodes", "gpus"):
            least = 1 if name == "nodes" else 0
            if getattr(self, name) < least:
                raise RecipeError(f"--{name} is {getattr(self, name)}; it must be at least {least}")
        if self.per_node < 1:
            raise RecipeError("say how many processes a machine runs: --gpus, or --processes where there are no GPUs")

    @property
    def per_node(self) -> int:
        """Processes of a machine."""
        return self.gpus if self.processes is None else self.processes

    def torchrun_script(self) -> str:
        """A script to be started on the machine, or with the same `HEAD` and its own `NODE` on each of several."""
        several = self.nodes > 1
        place = (
            [
                "# Start this on every machine: HEAD=<name of the first> NODE=<0, 1, 2 ...> bash <this file>",
                ': "${HEAD:?the name of the first machine}" "${NODE:?the number of this machine, from 0}"',
            ]
            if several
            else []
        )
        rendezvous = (
            f'--nnodes {self.nodes} --node-rank "$NODE" --master-addr "$HEAD" --master-port "${{PORT:-{PORT}}}"'
            if several
            else "--standalone"
        )
        return "\n".join(
            [
                "#!/usr/bin/env bash",
                f"# {self._what()}. The same command again continues.",
                *place,
                "set -u",
                *_status_lines("${TMPDIR:-/tmp}"),
                f"torchrun {rendezvous} {self._ranks()} {self._command()} &",
                *_wait_lines(),
                'if [ "$code" -eq 75 ]; then echo "stopped; the same command continues" >&2; fi',
                'exit "$code"',
                "",
            ]
        )

    def slurm_script(self) -> str:
        """A batch script for `sbatch`, which puts itself back into the queue when it was stopped."""
        gpus = [f"#SBATCH --gpus-per-node={self.gpus}"] if self.gpus else []
        inner = (
            f'torchrun --nnodes {self.nodes} --rdzv-backend c10d --rdzv-endpoint "$HEAD:${{PORT:-{PORT}}}"'
            f' --rdzv-id "$SLURM_JOB_ID-${{SLURM_RESTART_COUNT:-0}}" {self._ranks()} {self._command()}'
        )
        return "\n".join(
            [
                "#!/usr/bin/env bash",
                f"# {self._what()}. Submit with: sbatch <this file>",
                f"#SBATCH --job-name={shlex.quote(self.name)}",
                f"#SBATCH --nodes={self.nodes}",
                "#SBATCH --ntasks-per-node=1",
                *gpus,
                "#SBATCH --exclusive",
                "#SBATCH --requeue",
                "#SBATCH --open-mode=append",
                f"#SBATCH --signal=B:TERM@{WARNING_SECONDS}",
                "set -u",
                'HEAD=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)',
                "export HEAD",
                *_status_lines("${SLURM_SUBMIT_DIR:-.}"),
                f"srun --kill-on-bad-exit=1 bash -c {shlex.quote('exec ' + inner)} &",
                *_wait_lines(),
                "# 75: stopped in an orderly way, by the end of its time or by hand; it goes on from its checkpoint.",
                'if [ "$code" -eq 75 ]; then scontrol requeue "$SLURM_JOB_ID"; fi',
                'exit "$code"',
                "",
            ]
        )

    def _what(self) -> str:
        where = (
            f"{self.nodes} machine{'s' * (self.nodes != 1)}, {self.per_node} process{'es' * (self.per_node != 1)} each"
        )
        return f"{self.name} on {where}"

    def _ranks(self) -> str:
        return f"--nproc-per-node {self.per_node} --max-restarts 0"

    def _command(self) -> str:
        words = [self.recipe, *self.arguments]
        return f"--module firstwords run {' '.join(map(shlex.quote, words))}"


def _status_lines(folder: str) -> list[str]:
    """Torchrun ends with 1 whatever went wrong: the first rank writes its own exit code into a file."""
    return [
        f'FIRSTWORDS_STATUS=$(mktemp "{folder}/.firstwords-status-XXXXXX")',
        "export FIRSTWORDS_STATUS",
        "trap 'rm -f \"$FIRSTWORDS_STATUS\"' EXIT",
        # Stopping takes a step and a checkpoint: longer than torchrun's own 30 s where the model is large.
        f"export TORCH_ELASTIC_SHUTDOWN_TIMEOUT={WARNING_SECONDS - 20}",
    ]


def _wait_lines() -> list[str]:
    """Hand a request to stop on, and wait until all have stopped: `wait` itself ends at a signal."""
    return [
        "running=$!",
        "trap 'kill -TERM \"$running\"' TERM INT",
        'wait "$running"; code=$?',
        'while kill -0 "$running" 2>/dev/null; do wait "$running"; code=$?; done',
        'if [ -s "$FIRSTWORDS_STATUS" ]; then code=$(cat "$FIRSTWORDS_STATUS"); fi',
    ]
