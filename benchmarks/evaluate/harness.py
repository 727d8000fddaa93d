"""The same Hugging Face checkpoint in lm-evaluation-harness and here, on three tasks given as local files.

Questions with four answers (ARC easy), last words of passages (LAMBADA), and running text (WikiText-2). Every single
score is compared, the harness's own model beside ours and beside ours inside the harness; then the time of both. The
checkpoint has random weights: what is compared does not depend on what a model knows. The harness gets the batch size
that serves it best of three, and both sides are timed by processor and by clock without imports and loading, the best
of as many rounds.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.line import Judged, Setting
from benchmarks.process import ROOT, peer, peer_version, run

# torch first: asked for later, as somebody's dependency, pip might take another build.
REQUIREMENTS = ["torch==2.13.0", "lm-eval[hf]==0.4.13 transformers==5.23.0 pydantic xxhash numba"]
BATCH_SIZES = (1, 8, 32)
VOCABULARY, CONTEXT, DEPTH, WIDTH = 8192, 512, 6, 384
# Published small checkpoints have 32,000 entries and more; those that the tokenizer lacks are predicted as any other.
MODEL_VOCABULARY = 32_768
ITEMS, QUICK_ITEMS = {"choice": 300, "cloze": 300, "text": 20}, {"choice": 80, "cloze": 80, "text": 6}
# Both sides add the same float32 products in another order; a log-likelihood is a sum of up to hundreds of them.
TOLERANCE = 2e-3
ROUNDS = 2


def harness(setting: Setting) -> list[Judged]:
    """Items that differ, ours against the harness's own model and inside the harness; how much faster we are."""
    python = peer("lm-eval", REQUIREMENTS)
    version = peer_version(python, "lm_eval")
    files = _files(setting)
    folder = _checkpoint(setting, [row["page"] for row in _rows(files["text"])])
    tasks = _tasks(setting.work / "tasks", files)
    sizes = BATCH_SIZES[-1:] if setting.quick else BATCH_SIZES
    rounds = 1 if setting.quick else ROUNDS
    peers = {size: _in_harness(python, "hf", folder, tasks, size, rounds, setting.work) for size in sizes}
    inside = _in_harness(python, "firstwords", folder, tasks, 1, 1, setting.work)
    ours, scores = _ours(folder, files, rounds)
    judged: list[Judged] = []
    total = [0.0, 0.0]
    theirs = next(iter(peers.values()))["samples"]
    for name in files:
        bridge = _numbers(inside["samples"][f"local_{name}"])
        wanted = _numbers(theirs[f"local_{name}"])
        for label, found in (("here", scores[name]), ("bridge", bridge)):
            wrong, largest = _differing(wanted, found)
            judged.append(
                Judged(
                    name=f"harness-{name}-{label}-differing",
                    figure=wrong,
                    unit="items",
                    bar=0,
                    at_least=False,
                    peer="lm-evaluation-harness, hf",
                    peer_version=version,
                    note=f"{len(wanted):,} items; largest distance {largest:.1e} nats",
                )
            )
        best = min(peers, key=lambda size: peers[size]["seconds"][f"local_{name}"][0])
        clock, processor = peers[best]["seconds"][f"local_{name}"]
        total = [total[0] + ours[name][0], total[1] + clock]
        times = f"{ours[name][0]:.1f} and {clock:.1f} s at batch size {best}"
        judged.append(
            Judged(
                name=f"harness-{name}-speed",
                figure=clock / ours[name][0],
                unit="x",
                peer="lm-evaluation-harness, hf",
                peer_version=version,
                note=f"{times}; by processor time {processor / ours[name][1]:.1f}x",
            )
        )
    # The bar is on the three tasks together; that of each is told above.
    judged.append(
        Judged(
            name="harness-speed",
            figure=total[1] / total[0],
            unit="x",
            bar=2.0,
            peer="lm-evaluation-harness, hf",
            peer_version=version,
            note=f"all three tasks: {total[0]:.1f} and {total[1]:.1f} s",
        )
    )
    return judged


def _files(setting: Setting) -> dict[str, Path]:
    """The three tasks as JSON Lines, so many items of each."""
    from firstwords.data.labelled_files import Place
    from firstwords.data.table_rows import rows_of

    items = QUICK_ITEMS if setting.quick else ITEMS
    gauntlet = setting.data / "eval-gauntlet"
    found = {}
    for name, source in (
        ("choice", gauntlet / "world_knowledge/arc_easy.jsonl.xz"),
        ("cloze", gauntlet / "language_understanding/lambada_openai.jsonl.xz"),
    ):
        rows = [row.values for row in rows_of(Place(source, "", ""))]
        # A column of lists of one length is read most simply everywhere.
        rows = [row for row in rows if len(row.get("choices", "four")) == 4][: items[name]]
        found[name] = _write(setting.work / f"{name}.jsonl", rows)
    pages = _wikitext(setting.data)[: items["text"]]
    found["text"] = _write(setting.work / "text.jsonl", [{"page": page} for page in pages])
    return found


def _wikitext(data: Path) -> list[str]:
    """Pieces of WikiText-2 of about 4,000 characters, cut at lines."""
    from firstwords.data.dataset import read_file

    place = min(p for p in (data / "lm-wikitext2-valid-test").iterdir() if "test" in p.name)
    pieces, size = [""], 0
    for line in read_file(place).decode().splitlines(keepends=True):
        if size > 4000:
            pieces.append("")
            size = 0
        pieces[-1] += line
        size += len(line)
    return [piece for piece in pieces if piece.strip()]


def _write(place: Path, rows: list[dict[str, Any]]) -> Path:
    place.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return place


def _rows(place: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()]


def _checkpoint(setting: Setting, texts: list[str]) -> Path:
    """A Qwen3 folder with random weights and a tokenizer of the data."""
    import torch

    from firstwords.model.config import ModelConfig
    from firstwords.model.heads import make_head
    from firstwords.model.hugging_face import save_folder
    from firstwords.model.transformer import Model
    from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE

    tokenizer = ByteBPE().train([texts], VOCABULARY)
    tokenizer.save(setting.work / "tokenizer")
    config = ModelConfig.from_depth(
        DEPTH,
        layout="qwen3",
        width=WIDTH,
        vocab_size=MODEL_VOCABULARY,
        context=CONTEXT,
        pad_id=tokenizer.pad,
        bos_id=tokenizer.end_of_text,
        eos_id=tokenizer.end_of_text,
    )
    model = Model(config, make_head("language_model", config)).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.05)
    folder = setting.work / "checkpoint"
    save_folder(folder, model, tokenizer_folder=setting.work / "tokenizer")
    return folder


def _tasks(folder: Path, files: dict[str, Path]) -> Path:
    """The three tasks in the harness's own words."""
    folder.mkdir(parents=True)
    shared = "test_split: test\ndataset_path: json\ndataset_kwargs:\n  data_files:\n    test: {file}\n"
    forms = {
        "choice": 'output_type: multiple_choice\ndoc_to_text: "{{query}}\\nAnswer:"\ndoc_to_target: gold\n'
        "doc_to_choice: choices\nmetric_list:\n  - metric: acc\n  - metric: acc_norm\n",
        "cloze": 'output_type: loglikelihood\ndoc_to_text: "{{context}}"\ndoc_to_target: "{{\' \' + continuation}}"\n'
        "metric_list:\n  - metric: acc\n  - metric: perplexity\n",
        "text": 'output_type: loglikelihood_rolling\ndoc_to_text: ""\ndoc_to_target: "{{page}}"\n'
        "metric_list:\n  - metric: word_perplexity\n  - metric: byte_perplexity\n  - metric: bits_per_byte\n",
    }
    for name, form in forms.items():
        head = f"task: local_{name}\n" + shared.format(file=files[name])
        (folder / f"local_{name}.yaml").write_text(head + form, encoding="utf-8")
    return folder


def _in_harness(
    python: Path, kind: str, folder: Path, tasks: Path, batch: int, rounds: int, work: Path
) -> dict[str, Any]:
    out = work / f"{kind}-{batch}.json"
    script = Path(__file__).parent / "peers/harness_run.py"
    command = [str(python), str(script), kind, str(folder), str(tasks), str(batch), str(rounds), str(out)]
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_DATASETS_CACHE": str(work / "cache")}
    offline |= {"TOKENIZERS_PARALLELISM": "false", "PYTHONPATH": str(ROOT / "src")}
    run(command, folder=work / f"{kind}-{batch}", environment=offline)
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def _numbers(samples: list[dict[str, Any]]) -> list[list[float]]:
    """Log-likelihoods of each sample, and of the cloze whether it is greedy."""
    return [[float(n) for n in _flat(sample["scores"])] for sample in samples]


def _flat(value: Any) -> list[Any]:
    return [leaf for each in value for leaf in _flat(each)] if isinstance(value, list) else [value]


def _ours(folder: Path, files: dict[str, Path], rounds: int) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """Seconds by clock and by processor of the tasks of this package, and the scores in the harness's form."""
    from firstwords.evaluation.tasks.cloze import Cloze
    from firstwords.evaluation.tasks.multiple_choice import MultipleChoice
    from firstwords.evaluation.tasks.text_perplexity import TextPerplexity
    from firstwords.inference.language_model import LanguageModel

    model = LanguageModel.load(folder)
    tasks: dict[str, Any] = {
        "choice": MultipleChoice(path=str(files["choice"]), delimiter="\nAnswer: "),
        "cloze": Cloze(path=str(files["cloze"])),
        "text": TextPerplexity(path=str(files["text"]), column="page", stride=CONTEXT),
    }
    seconds: dict[str, list[float]] = {}
    scores: dict[str, Any] = {}
    for name, task in tasks.items():
        best = [float("inf"), float("inf")]
        for _ in range(rounds):
            begin, used = time.perf_counter(), time.process_time()
            examples = task.examples({})
            answers = task.answers(model, [task.prompt(example) for example in examples], lambda *_: None)
            items = task.score(examples, answers)
            [metric.value(items) for metric in task.metrics(examples)]
            spent = [time.perf_counter() - begin, time.process_time() - used]
            best = [min(pair) for pair in zip(best, spent, strict=True)]
        seconds[name], scores[name] = best, _as_samples(name, answers, files[name])
    return seconds, scores


def _as_samples(name: str, answers: list[Any], file: Path) -> list[list[float]]:
    if name == "text":
        return [[sum(nats for _, nats in answer)] for answer in answers]
    if name == "cloze":
        return [[nats, float(greedy)] for greedy, nats, _ in answers]
    # The harness keeps its own rows; the four log-likelihoods are what decides, whether each is greedy does not.
    return [answer["together"] for answer in answers]


def _differing(wanted: list[list[float]], found: list[list[float]]) -> tuple[int, float]:
    """Items of which a number differs, and the largest distance; the greedy marks of choices are left out."""
    if len(wanted) != len(found):
        return abs(len(wanted) - len(found)), float("inf")
    wrong, largest = 0, 0.0
    for one, other in zip(wanted, found, strict=True):
        first = one[::2] if len(one) > 2 else one
        second = other[::2] if len(other) > 4 else other
        distances = [abs(a - b) for a, b in zip(first, second, strict=True)]
        wrong += max(distances) > TOLERANCE
        largest = max(largest, *distances)
    return wrong, largest


if __name__ == "__main__":
    import os
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        setting = Setting(data=Path(os.environ["FIRSTWORDS_DATA"]), work=Path(place), quick="--quick" in sys.argv)
        for each in harness(setting):
            print(each.name, round(each.figure, 3), each.met, each.note)
