import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firstwords.data.source import Record
from firstwords.data.sources.huggingface import Huggingface
from firstwords.errors import RecipeError
from firstwords.recipe import build, resolve

HERE = Path(__file__).parent
SERVER = HERE.parent / "crawl" / "local_server.py"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def everything(source: Huggingface) -> list:
    return [each for s in source.shards() for name in s.files for each in source.read(resolve(name), name)]


def texts(found) -> list[str]:
    return [each.body.decode() if isinstance(each, Record) else each.reason for each in found]


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table({"text": ["a", "b"], "n": [1, 2]}), tmp_path / "data" / "train-0.parquet")
    (tmp_path / "data" / "train-1.jsonl").write_text('{"text": "c", "n": 3}\n')
    (tmp_path / "data" / "test.csv").write_text("text,n\nd,4\n")
    (tmp_path / "set.py").write_text("raise SystemExit('never run')")
    return tmp_path


def test_a_copy_of_a_repository_is_read_by_split(repository) -> None:
    found = everything(Huggingface(dataset=str(repository), metadata=("n",)))
    assert texts(found) == ["a", "b", "c"] and [each.metadata["n"] for each in found] == ["1", "2", "3"]
    assert texts(everything(Huggingface(dataset=str(repository), split="test"))) == ["d"]


@pytest.mark.parametrize("form", ["stream", "file"])
def test_what_was_saved_to_disk_is_read(tmp_path, form) -> None:
    table = pa.table({"text": [f"row {i}" for i in range(700)], "url": [None] * 700})
    folder = tmp_path / "train"
    folder.mkdir()
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train"]}')
    (folder / "dataset_info.json").write_text("{}")
    (folder / "state.json").write_text("{}")
    path = folder / "data-00000-of-00001.arrow"
    make = pa.ipc.new_stream if form == "stream" else pa.ipc.new_file
    with pa.OSFile(str(path), "wb") as sink, make(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=300)
    found = everything(Huggingface(dataset=str(tmp_path)))
    assert texts(found) == table["text"].to_pylist() and found[650].origin.endswith(".arrow#651")
    with pytest.raises(RecipeError, match="split: no 'test'. There are: train"):
        Huggingface(dataset=str(tmp_path), split="test").shards()
    assert texts(everything(Huggingface(dataset=str(folder)))) == texts(found)
    path.write_bytes(path.read_bytes()[:5000])
    assert texts(everything(Huggingface(dataset=str(folder))))[-1] == "malformed"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"dataset": "./nowhere"}, "dataset: no such folder"),
        ({"dataset": "a/b/c"}, "neither owner/name on the Hub nor a folder"),
        ({"dataset": "a b"}, "neither owner/name"),
        ({"dataset": "a/b", "spilt": "test"}, "Did you mean 'split'"),
    ],
)
def test_wrong_settings_are_refused(fields, message) -> None:
    with pytest.raises(RecipeError, match=message):
        build(Huggingface, fields)


def test_a_column_that_is_not_there_is_named(repository) -> None:
    for split, name in (("train", "data/train-0.parquet"), ("test", "data/test.csv")):
        source = Huggingface(dataset=str(repository), split=split, text="content")
        with pytest.raises(RecipeError, match="no column 'content' in .*Columns: text, n"):
            source.check(repository / name, name)


HUB = """
import json, os, runpy, sys
server_file, folder = sys.argv[1:]
serving = runpy.run_path(server_file)["serving"]
commit = "{commit}"
data = b'{{"text": "from the hub"}}\\n'
info = {{"id": "me/set", "sha": commit, "siblings": [{{"rfilename": "data/train.jsonl"}}, {{"rfilename": "set.py"}}]}}
tree = "/api/datasets/me/set/tree/" + commit
size = {{"type": "file", "path": "data/train.jsonl", "size": len(data), "oid": "a" * 40}}
kind = {{"Content-Type": "application/json"}}
whole = {{"ETag": '"a"', "X-Repo-Commit": commit, "Accept-Ranges": "bytes"}}
pages = {{
    "/api/datasets/me/set/revision/main": (200, kind, json.dumps(info).encode()),
    "/api/datasets/me/set/revision/" + commit: (200, kind, json.dumps(info).encode()),
    "/api/datasets/me/set/paths-info/" + commit: (200, kind, json.dumps([size]).encode()),
    tree + "/data?recursive=false&expand=false": (200, kind, json.dumps([size]).encode()),
    "/datasets/me/set/resolve/" + commit + "/data/train.jsonl": (200, whole, data),
}}
with serving(pages) as server:
    os.environ |= {{"HF_ENDPOINT": server.origin, "HF_HOME": folder + "/hf", "HF_HUB_DISABLE_TELEMETRY": "1"}}
    from firstwords.recipe import build
    from firstwords.stages.collect import Collect
    collecting = runpy.run_path(server_file.replace("crawl/local_server", "sources/collecting"))
    stage = build(Collect, {{"sources": [{{"kind": "huggingface", "dataset": "me/set"}}]}})
    outcome = stage.run(collecting["work_in"](folder + "/out"))
    print(json.dumps([outcome.counts, server.paths()]))
"""


def test_from_the_hub_files_come_at_one_commit(tmp_path) -> None:
    pytest.importorskip("huggingface_hub")
    code = HUB.format(commit=COMMIT)
    command = [sys.executable, "-c", code, str(SERVER), str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    counts, paths = json.loads(done.stdout.splitlines()[-1])
    assert counts["kept"] == 1 and not any("set.py" in path for path in paths)
    (entry,) = json.loads((tmp_path / "out" / "sources.json").read_text())
    (file,) = entry["shards"][0]["files"]
    assert file["name"] == f"hf://datasets/me/set@{COMMIT}/data/train.jsonl"
    assert (tmp_path / "out" / file["path"]).read_bytes() == b'{"text": "from the hub"}\n'
