"""Scripts that bash understands, whose words survive, and that answer 75 by going on. (Run: `tests/distributed`.)"""

import os
import subprocess

import pytest

from firstwords.compute.launch import Launch
from firstwords.errors import RecipeError

RECIPE = {"recipe": "my recipes/r's.toml", "name": "r", "arguments": ("pretrain.a.model={ depth = 2 }", "--until", "x")}
SCRIPTS = {
    "one": Launch(**RECIPE, gpus=2).torchrun_script(),
    "many": Launch(**RECIPE, nodes=4, gpus=8).torchrun_script(),
    "slurm": Launch(**RECIPE, nodes=4, gpus=8).slurm_script(),
    "slurm-cpu": Launch(**RECIPE, processes=2).slurm_script(),
}
# Stands for torchrun: tells its words one a line, leaves a status as the first rank does, and ends as torchrun would.
FAKE = """#!/usr/bin/env bash
printf '%s\\n' "$@" > "$TOLD"
[ -z "$LEAVES" ] || printf %s "$LEAVES" > "$FIRSTWORDS_STATUS"
exit "$ENDS"
"""


@pytest.mark.parametrize("name", SCRIPTS)
def test_bash_understands_it(name):
    assert subprocess.run(["bash", "-n"], input=SCRIPTS[name], text=True, check=False).returncode == 0


def play(tmp_path, script, leaves, ends):
    """Run a script beside made-up `torchrun`, `srun` and `scontrol`; its exit code and torchrun's words."""
    commands = {
        "torchrun": FAKE,
        "srun": '#!/usr/bin/env bash\nshift; "$@"\n',
        "scontrol": '#!/usr/bin/env bash\nif [ "$1" = show ]; then echo first; else echo "$@" >> "$QUEUE"; fi\n',
    }
    for name, content in commands.items():
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}", "TOLD": str(tmp_path / "told"), "QUEUE": str(tmp_path / "queue"),
        "LEAVES": leaves, "ENDS": ends, "HEAD": "first", "NODE": "0", "TMPDIR": str(tmp_path), "SLURM_JOB_ID": "7",
        "SLURM_SUBMIT_DIR": str(tmp_path), "SLURM_JOB_NODELIST": "first,second",
    }  # fmt: skip
    ended = subprocess.run(["bash", "-c", script], env=environment, check=False, timeout=30)
    queue = tmp_path / "queue"
    return ended.returncode, (tmp_path / "told").read_text().splitlines(), queue.read_text() if queue.exists() else ""


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_words_of_the_command_survive_quoting(tmp_path, name):
    code, words, _ = play(tmp_path, SCRIPTS[name], "0", "0")
    assert code == 0
    assert words[words.index("--module") :] == ["--module", "firstwords", "run", RECIPE["recipe"], *RECIPE["arguments"]]
    assert words[words.index("--nproc-per-node") + 1] == ("8" if "8 processes" in SCRIPTS[name] else "2")


@pytest.mark.parametrize(
    ("leaves", "ends", "code", "again"),
    [("0", "0", 0, False), ("75", "1", 75, True), ("2", "1", 2, False), ("", "1", 1, False)],
)
def test_a_stopped_job_goes_back_into_the_queue_and_a_wrong_one_does_not(tmp_path, leaves, ends, code, again):
    """torchrun's own code is 1 whatever happened; the first rank's file tells more."""
    found, _, queue = play(tmp_path, SCRIPTS["slurm"], leaves, ends)
    assert found == code
    assert queue == ("requeue 7\n" if again else "")
    assert not list(tmp_path.glob(".firstwords-status*"))


def test_a_hand_started_script_wants_to_know_the_first_machine():
    ended = subprocess.run(["bash", "-c", SCRIPTS["many"]], capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "the name of the first machine" in ended.stderr


@pytest.mark.parametrize(("wrong", "message"), [({"nodes": 0, "gpus": 1}, "--nodes is 0"), ({}, "--processes")])
def test_impossible_numbers_are_refused(wrong, message):
    with pytest.raises(RecipeError, match=message):
        Launch(**RECIPE, **wrong)
