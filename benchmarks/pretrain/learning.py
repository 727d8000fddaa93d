"""Tiny Shakespeare by characters: which loss after three and ten minutes of a whole process, and how soon nanoGPT's.

nanoGPT's split (the first 90 % are learnt from), the loss over the whole validation part in windows of the run's own
context that do not overlap. The recipe names the two parts so that the product's own split puts them where nanoGPT's
does; data and vocabulary are made before the clock starts, as nanoGPT's `prepare.py` does; everything else (imports,
the probe of the machine, training, evaluation, writing the model) is timed.
"""

import argparse
import json
import lzma
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.line import Judged, Setting
from benchmarks.pretrain.text_recipe import HEAD
from benchmarks.process import run_recipe
from firstwords.data.split import split_of

TRAIN_SHARE = 0.9
SEEDS = (0, 1, 2)
# nanoGPT's loss with its setting for processors (4 layers x 128, 2,000 updates), about 128 s on a quiet machine.
NANOGPT_LOSS = 1.886


@dataclass(frozen=True, kw_only=True)
class Race:
    """A limit of the whole process, the loss to reach in it, and what the recipe says."""

    name: str
    limit: float
    bar: float
    length: str
    model: str
    peer: str | None = None


RACES = (
    Race(
        name="25s",
        limit=25,
        bar=NANOGPT_LOSS,
        length="tokens = 300_000",
        model="{ depth = 2, context = 128 }",
        peer="nanoGPT",
    ),
    Race(name="3min", limit=180, bar=1.54, length='budget = "162s"', model="{ depth = 4, width = 128, context = 256 }"),
    Race(
        name="10min", limit=600, bar=1.48, length='budget = "570s"', model="{ depth = 4, width = 192, context = 256 }"
    ),
)
RECIPE = """[deduplicate]
similar = false
paragraphs = false
[train_tokenizer]
tokenizer = {{ kind = "bytes" }}
[pretrain]
objective = {{ kind = "causal_lm" }}
{length}
model = {model}
seed = {seed}
# The whole split is a large one here: looked at once, at the end.
training = {{ num_evaluations = 1 }}
"""


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """One run: its loss in nats a character, and what it took."""

    loss: float
    seconds: float
    foreign_cores: float
    steps: int
    tokens: int
    model: str


def learning(setting: Setting) -> list[Judged]:
    """Losses after three and ten minutes, and the time to nanoGPT's."""
    found = []
    for race in RACES[:2] if setting.quick else RACES:
        runs = [learn(setting.work, setting.data, race, seed) for seed in SEEDS[: 1 if setting.quick else None]]
        found += [_loss(race, runs), _seconds(race, runs)]
    return found


def _loss(race: Race, runs: Sequence[Learnt]) -> Judged:
    losses = ", ".join(f"{run.loss:.4f}" for run in runs)
    note = f"{losses}; {runs[0].model}, {statistics.mean(run.tokens for run in runs) / 1e6:.2f}M tokens"
    mean = statistics.mean(run.loss for run in runs)
    name, unit = f"learning-{race.name}", "nats/character"
    return Judged(name=name, figure=mean, unit=unit, bar=race.bar, at_least=False, peer=race.peer, note=note)


def _seconds(race: Race, runs: Sequence[Learnt]) -> Judged:
    longest = max(run.seconds for run in runs)
    load = max(run.foreign_cores for run in runs)
    note = f"whole process, the slowest of {len(runs)}; foreign load up to {load:.2f} cores"
    name = f"learning-{race.name}-time"
    return Judged(name=name, figure=longest, unit="s", bar=race.limit, at_least=False, note=note)


def learn(folder: Path, data: Path, race: Race, seed: int, overrides: Sequence[str] = ()) -> Learnt:
    """Prepare the data untimed, then time the command that configures and trains.

    Args:
        folder: Keeps data and artifacts; what was prepared for one run serves all.
        data: The data sets.
        race: Whose length and sizes the recipe gives.
        seed: Of weights and order.
        overrides: `section.key=value`, after those of the recipe.
    """
    source = folder / "shakespeare.jsonl"
    if not source.exists():
        write_parts(data, source)
    recipe = folder / f"shakespeare-{race.name}-{seed}.toml"
    told = (HEAD + RECIPE).format(name="shakespeare", source=source, length=race.length, model=race.model, seed=seed)
    recipe.write_text(told, encoding="utf-8")
    run_recipe(recipe, folder, *overrides, until="tokenize")
    ran = run_recipe(recipe, folder, *overrides)
    artifacts = {
        manifest["stage"]: (place.parent, manifest)
        for place in sorted(folder.glob("artifacts/*/*/manifest.json"), key=lambda path: path.stat().st_mtime)
        for manifest in [json.loads(place.read_text(encoding="utf-8"))]
    }
    curve = pq.read_table(artifacts["pretrain"][0] / "curve.parquet").to_pylist()
    plan = json.loads((artifacts["configure"][0] / "plan.json").read_text(encoding="utf-8"))["model"]
    return Learnt(
        loss=curve[-1]["validation_loss"],
        seconds=ran.seconds,
        foreign_cores=ran.foreign_cores,
        steps=curve[-1]["step"],
        tokens=curve[-1]["tokens"],
        model=f"{plan['layout']} {plan['num_layers']} layers x {plan['width']}, context {plan['context']}",
    )


def write_parts(data: Path, file: Path) -> None:
    """The two parts as two documents, named so that their hashed names put them into `train` and `validation`."""
    text = lzma.decompress((data / "lm-tinyshakespeare/input.txt.xz").read_bytes()).decode()
    cut = int(TRAIN_SHARE * len(text))
    parts = {"train": text[:cut], "validation": text[cut:]}
    lines = []
    for split, part in parts.items():
        names = (f"http://shakespeare-{number}.example.org/{split}" for number in range(100_000))
        url = next(name for name in names if split_of(name, "") == split)
        lines.append(json.dumps({"url": url, "text": part}) + "\n")
    file.write_text("".join(lines), encoding="utf-8")


def main() -> None:
    """`python -m benchmarks.pretrain.learning --data FOLDER --race 3min --seed 0`: one run and its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--race", choices=[race.name for race in RACES], default="3min")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("overrides", nargs="*", help="for example pretrain.budget=160s")
    chosen = parser.parse_args()
    race = next(each for each in RACES if each.name == chosen.race)
    with tempfile.TemporaryDirectory(prefix="bench-learning-") as folder:
        found = learn(Path(folder), chosen.data, race, chosen.seed, chosen.overrides)
        print(
            f"{found.loss:.4f} nats/character   {found.seconds:.1f} s whole process   {found.model}   "
            f"{found.steps:,} updates   {found.tokens:,} tokens   foreign load {found.foreign_cores:.2f} cores"
        )


if __name__ == "__main__":
    main()
