"""How good the results are: extraction, near-duplicates, personal data, classifiers."""

import json
import lzma
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.data import classifiers, duplicates, extraction, inputs, personal_data, train_blocks
from benchmarks.line import Judged, Setting
from benchmarks.process import peer, peer_version, run
from firstwords.find import find

EXTRACTION_BARS = {
    ("fast", "segments"): 0.845,
    ("fast", "articles"): 0.915,
    ("best", "segments"): 0.918,
    ("best", "articles"): 0.960,
    ("balanced", "segments"): 0.88,
    ("balanced", "articles"): 0.94,
}
PRESIDIO = ["presidio-analyzer==2.2.366"]
PRESIDIO_SCRIPT = str(Path(__file__).parent / "peers" / "presidio_run.py")
ENTITIES = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "IP_ADDRESS": "ip_address",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "iban",
    "US_SSN": "us_ssn",
}
THRESHOLD = 0.35  # presidio's usual one


def extract(setting: Setting) -> list[Judged]:
    """F1 on both sets of web pages by their own rules; of all but `fast` by models that never saw a page's site."""
    found = {"fast": extraction.scores(find("data.extractors", "fast")())}
    if not setting.quick:
        found |= train_blocks.cross_validated_scores()
    return [
        Judged(
            name=f"extraction-{name}-{part}",
            figure=row["f1"],
            unit="F1",
            bar=EXTRACTION_BARS[name, part],
            note=f"[{row['low']:.3f}, {row['high']:.3f}]" + (", cross-validated" if name != "fast" else ""),
        )
        for name, parts in found.items()
        for part, row in parts.items()
    ]


def near_duplicates(setting: Setting) -> list[Judged]:
    """What the stage finds of generated copies and of planted pairs, and what it takes wrongly."""
    found = duplicates.near_duplicates(600 if setting.quick else 3000)
    judged = [
        Judged(
            name=f"duplicates-found-{low}-{high}",
            figure=found.found[low, high] / pairs,
            unit="of pairs",
            note=f"{pairs} pairs",
        )
        for (low, high), pairs in found.pairs.items()
    ]
    unlike = Judged(name="duplicates-unlike", figure=100 * found.unlike / found.removed, unit="%", bar=1.0)
    judged.append(replace(unlike, at_least=False, note=f"of {found.removed:,} removed"))
    for number in (100, 1000, 2500):
        pairs, hit, beside = duplicates.planted_pairs(number)
        note = f"{pairs} pairs, {beside} others removed"
        planted = Judged(name=f"duplicates-planted-{number}", figure=hit / pairs, unit="of pairs", bar=1.0)
        judged.append(replace(planted, note=note))
    return judged


def personal(setting: Setting) -> list[Judged]:
    """Speed on ordinary text and F1 of each type, beside presidio without a language model."""
    python = peer("presidio", PRESIDIO)
    judge = partial(Judged, peer="presidio", peer_version=peer_version(python, "presidio-analyzer"))
    pieces = inputs.text_pieces(setting.data, 1000)
    seconds = _presidio(setting, python, pieces[:: 60 if setting.quick else 12], "speed")["seconds"]
    their_rate = sum(len(piece.encode()) for piece in pieces[:: 60 if setting.quick else 12]) / seconds
    rate = personal_data.bytes_per_second([piece.encode() for piece in pieces])
    note = f"{rate / 1e6:.1f} and {their_rate / 1e6:.3f} MB/s, one core"
    judged = [replace(judge(name="personal-speed", figure=rate / their_rate, unit="x", bar=100.0), note=note)]
    raw = lzma.decompress((setting.data / "pii-presidio-research/synth_dataset_v2.json.xz").read_bytes())
    sentences = json.loads(raw)
    spans = _presidio(setting, python, [item["full_text"] for item in sentences], "quality")["spans"]
    theirs = _f1_by_type(sentences, spans)
    ours, _ = personal_data.quality(setting.data)
    for each in ours:
        if each.file == personal_data.SENTENCES[0] and each.part == "all" and each.type in theirs:
            figure = judge(name=f"personal-{each.type}", figure=each.f1, unit="F1", bar=theirs[each.type])
            judged.append(replace(figure, note=_intervals(each)))
            if each.type in ("card", "iban"):
                least = min(each.precision.value, each.recall.value) if each.precision and each.recall else 0.0
                checked = Judged(name=f"personal-{each.type}-checked", figure=least, unit="P and R", bar=0.99)
                judged.append(replace(checked, note=_intervals(each)))
    return judged


def _intervals(each: personal_data.Quality) -> str:
    shown = [f"{name} [{i.low:.3f}, {i.high:.3f}]" for name, i in (("P", each.precision), ("R", each.recall)) if i]
    return ", ".join(shown)


def _presidio(setting: Setting, python: Path, texts: list[str], name: str) -> dict:
    folder = setting.work / name
    folder.mkdir()
    (folder / "in.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    run([str(python), PRESIDIO_SCRIPT, "in.jsonl", "out.json", *ENTITIES], folder=folder)
    return json.loads((folder / "out.json").read_text(encoding="utf-8"))


def _f1_by_type(sentences: list[dict], spans: list[list]) -> dict[str, float]:
    right: dict[str, list[int]] = {kind: [0, 0, 0] for kind in ENTITIES.values()}
    for item, found in zip(sentences, spans, strict=True):
        gold = {
            (ENTITIES[s["entity_type"]], s["start_position"], s["end_position"])
            for s in item["spans"]
            if s["entity_type"] in ENTITIES
        }
        got = {(ENTITIES[kind], start, end) for kind, start, end, score in found if score >= THRESHOLD}
        for kind, counts in right.items():
            mine, theirs = {g for g in gold if g[0] == kind}, {g for g in got if g[0] == kind}
            for place, number in enumerate((len(mine & theirs), len(mine), len(theirs))):
                counts[place] += number
    return {kind: 2 * hit / max(1, labelled + found) for kind, (hit, labelled, found) in right.items()}


def classify(setting: Setting) -> list[Judged]:
    """Harm and quality on their test parts, beside TF-IDF with logistic regression."""
    judged = []
    for task, systems in classifiers.figures(quick=setting.quick).items():
        metric = "auc" if task == "quality" else "macro_f1"
        bar = systems["TF-IDF"][metric]["value"]
        ours = systems["firstwords"][metric]
        balanced = systems["TF-IDF balanced"][metric]["value"]
        name = f"classifier-{task.replace(' ', '-').lower()}"
        figure = Judged(name=name, figure=ours["value"], unit=metric, bar=bar, peer="TF-IDF + LR")
        note = f"[{ours['low']:.4f}, {ours['high']:.4f}]; TF-IDF with rare labels weighted up {balanced:.4f}"
        judged.append(replace(figure, note=note))
    return judged
