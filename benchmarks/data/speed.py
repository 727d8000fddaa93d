"""Speed and memory of whole programs, from files to files, beside datatrove: WARC chain, filters, MinHash."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.data import inputs
from benchmarks.line import Judged, Setting
from benchmarks.process import Ran, peer, peer_version, run, run_recipe

# What its word splitter and its hashes need is in none of its extras.
DATATROVE = ["datatrove[processing,io]==0.10.1", "lxml_html_clean spacy==3.8.18 xxhash"]
SCRIPT = str(Path(__file__).parent / "peers" / "datatrove_run.py")
SHARDS = 8
SHARES = (0.0, 0.01, 0.03)

STEPS = """
[[clean.steps]]
kind = "unicode"
[[clean.steps]]
kind = "gopher_repetition"
marks_are_words = true
[[clean.steps]]
kind = "gopher_quality"
marks_are_words = true
[[clean.steps]]
kind = "c4_lines"
end_marks = ""
[[clean.steps]]
kind = "c4"
[[clean.steps]]
kind = "fineweb"
max_repeated_characters = 0.01
"""


def datatrove(setting: Setting, job: str, source: Path, name: str, *more: str) -> Ran:
    """Run a job of datatrove with two workers."""
    python = peer("datatrove", DATATROVE)
    folder = setting.work / name
    return run([str(python), SCRIPT, job, str(source), str(folder / "out"), *more], folder=folder)


def version() -> str:
    """Of the datatrove that is measured."""
    return peer_version(peer("datatrove", DATATROVE), "datatrove")


def recipe(setting: Setting, name: str, text: str) -> Path:
    """A recipe file in the line's folder."""
    place = setting.work / f"{name}.toml"
    place.write_text(f'name = "{name}"\n' + text, encoding="utf-8")
    return place


def how(*ran: Ran) -> str:
    """Seconds of some runs, and how busy others were."""
    seconds = ", ".join(f"{each.seconds:.1f} s ({each.processor_seconds:.0f} of processors)" for each in ran)
    return f"{seconds}; foreign load {max(each.foreign_cores for each in ran):.2f} cores"


def chain(setting: Setting) -> list[Judged]:
    """WARC to filtered Parquet with each extractor, and peak memory."""
    return _chain(setting, "chain", copies=1)


def chain_large(setting: Setting) -> list[Judged]:
    """The same on four times as many pages, of which the time that both programs take to start is a smaller part."""
    return _chain(setting, "chain-large", copies=4)


def _chain(setting: Setting, line: str, copies: int) -> list[Judged]:
    source = setting.work / "web"
    made = inputs.web_archive(setting.data, source, SHARDS, 0.12 if setting.quick else 1.0, copies)
    theirs = datatrove(setting, "chain", source, "datatrove")
    kept = sum(pq.read_metadata(place).num_rows for place in (setting.work / "datatrove/out").rglob("*.parquet"))
    if not kept:
        raise RuntimeError("datatrove kept no page: something is missing in its environment")
    judge = partial(Judged, peer="datatrove", peer_version=version())
    judged = []
    for extractor, bar in (("best", 2.5), ("balanced", 6.0), ("fast", 15.0)):
        ours = _our_chain(setting, source, extractor)
        rates = f"{made['pages'] / ours.seconds:,.0f} and {made['pages'] / theirs.seconds:,.1f} pages/s"
        speed = judge(name=f"{line}-{extractor}", figure=theirs.seconds / ours.seconds, unit="x", bar=bar)
        judged.append(replace(speed, note=f"{rates}; {how(ours, theirs)}"))
        memory = judge(name=f"{line}-{extractor}-memory", figure=ours.peak_bytes / theirs.peak_bytes, unit="of theirs")
        megabytes = f"{ours.peak_bytes / 2**20:.0f} and {theirs.peak_bytes / 2**20:.0f} MiB"
        judged.append(replace(memory, bar=1.0, at_least=False, note=megabytes))
    return judged


def _our_chain(setting: Setting, source: Path, extractor: str) -> Ran:
    sources = f'[collect]\nsources = [{{ kind = "warc", path = "{source}" }}]\n'
    text = f'{sources}[extract]\nextractor = "{extractor}"\n{STEPS}'
    return run_recipe(recipe(setting, extractor, text), setting.work / extractor, until="clean")


def filters(setting: Setting) -> list[Judged]:
    """The same filters over text, Parquet to Parquet, and how often the decisions agree."""
    pieces = inputs.text_pieces(setting.data, 1000 if setting.quick else 3400)
    made = inputs.write_pieces(pieces, SHARES, setting.work / "text", SHARDS)
    # The peer is so slow that it is given a part; its rate does not depend on the amount.
    part = inputs.write_pieces(pieces[:: 20 if setting.quick else 4], SHARES, setting.work / "small", SHARDS)
    theirs = datatrove(setting, "filters", setting.work / "small/parquet", "datatrove")
    plain = datatrove(setting, "filters", setting.work / "small/parquet", "regex", "--regex")
    ours = after(setting, setting.work / "text", "extract", "clean", STEPS)
    rate = made["bytes"] / ours.seconds
    judged = []
    for name, them, bar, peer_name in (
        ("filters", theirs, 30.0, "datatrove"),
        ("filters-regex", plain, 6.0, "datatrove, plain splitter"),
    ):
        their_rate = part["bytes"] / them.seconds
        note = f"{rate / 1e6:.1f} and {their_rate / 1e6:.3f} MB/s; {how(ours, them)}"
        ratio = Judged(name=name, figure=rate / their_rate, unit="x", bar=bar, peer=peer_name, note=note)
        judged.append(replace(ratio, peer_version=version()))
    return [*judged, _agreement(setting)]


def after(setting: Setting, source: Path, stage: str, until: str, text: str) -> Ran:
    """Run the stages between two, in a process of their own, over documents that were made before.

    Args:
        setting: Of the line.
        source: What `write_pieces` wrote.
        stage: The stage whose artifact is given; it and those before are not timed.
        until: The stage to run.
        text: Of the recipe but for its sources.
    """
    folder = setting.work / f"{source.name}-{until}"
    sources = f'[collect]\nsources = [{{ kind = "jsonl", path = "{source}/jsonl", metadata = ["id"] }}]\n'
    run_recipe(recipe(setting, f"{folder.name}-before", f"{sources}{text}"), folder, until=stage)
    (artifact,) = (folder / "artifacts" / stage).glob(f"{stage}-*")
    given = recipe(setting, folder.name, f'{sources}{text}\n[given]\n{stage} = "{artifact}"\n')
    return run_recipe(given, folder, until=until)


def _agreement(setting: Setting) -> Judged:
    after(setting, setting.work / "small", "extract", "clean", STEPS)
    theirs = kept_by_peer(setting.work / "datatrove/out")
    mine = kept_ids(setting.work / "small-clean/artifacts", "clean")
    names = kept_by_peer(setting.work / "small/parquet")
    agreed = sum((name in theirs) == (name in mine) for name in names) / len(names)
    note = f"of {len(names):,} texts they keep {len(theirs):,}, we {len(mine):,}"
    figure = Judged(name="filters-agreement", figure=100 * agreed, unit="%", bar=97.0, peer="datatrove", note=note)
    return replace(figure, peer_version=version())


def kept_by_peer(folder: Path) -> set[str]:
    """The ids in a folder of Parquet files."""
    return {
        name for place in folder.rglob("*.parquet") for name in pq.read_table(place, columns=["id"])["id"].to_pylist()
    }


def kept_ids(artifacts: Path, stage: str) -> set[str]:
    """The `id` values of the input rows of all documents that a stage kept."""
    from firstwords.data.shards import read_documents

    (folder,) = (artifacts / stage).glob(f"{stage}-*")
    metadata = read_documents(folder).to_table(columns=["metadata"])["metadata"].to_pylist()
    return {dict(each)["id"] for each in metadata}
