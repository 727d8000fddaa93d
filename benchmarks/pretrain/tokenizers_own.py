"""Our side of the line `tokenizers`, a process a job: train, encode, compare ids with transformers."""

import json
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq

from firstwords.machine import num_cores
from firstwords.tokenizer.tokenizer import Tokenizer
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE
from firstwords.tokenizer.tokenizers.unigram import Unigram
from firstwords.tokenizer.tokenizers.word_piece import WordPiece

KINDS = {"byte_bpe": ByteBPE(), "unigram": Unigram(), "word_piece": WordPiece()}
BATCH = 64  # documents; a book is half a megabyte


def batches(source: Path, number: int):
    for batch in pq.ParquetFile(source).iter_batches(number, columns=["text"]):
        yield batch.column("text")


def train(kind: str, source: Path, folder: Path, size: int) -> dict[str, float]:
    """Reading the file is timed, as in the stage."""
    KINDS[kind].train([["warm up, and again: warm up"]], 600)
    started = time.perf_counter()
    tokenizer = KINDS[kind].train(batches(source, BATCH), size)
    seconds = time.perf_counter() - started
    tokenizer.save(folder)
    return {"seconds": seconds, "entries": tokenizer.vocab_size}


def encode(source: Path, folder: Path, threads: int) -> dict[str, float]:
    """Loading the compiled code is not timed; nothing of the texts was met before."""
    tokenizer = Tokenizer.load(folder)
    texts = list(batches(source, BATCH))
    Tokenizer.load(folder)._compiled(threads).encode(["warm up"])
    encoder = tokenizer._compiled(threads)
    started = time.perf_counter()
    tokens = sum(len(encoder.encode(batch)[0]) for batch in texts)
    return {"seconds": time.perf_counter() - started, "tokens": tokens}


def same_ids(source: Path, folder: Path) -> dict[str, float]:
    """Documents whose ids are those that transformers gives for the saved files."""
    from transformers import AutoTokenizer

    texts = [text for batch in batches(source, BATCH) for text in batch.to_pylist()][::40]
    texts = [piece for text in texts for piece in (text[i : i + 50_000] for i in range(0, len(text), 50_000))]
    tokenizer = Tokenizer.load(folder)
    ids, bounds = tokenizer._compiled(num_cores()).encode(texts)
    theirs = AutoTokenizer.from_pretrained(folder)(texts)["input_ids"]
    equal = sum(ids[a:b].tolist() == each for a, b, each in zip(bounds[:-1], bounds[1:], theirs, strict=True))
    return {"equal": equal, "texts": len(texts)}


def main() -> None:
    job, source, folder, *more = sys.argv[1:]
    if job == "train":
        found = train(more[0], Path(source), Path(folder), int(more[1]))
    elif job == "encode":
        found = encode(Path(source), Path(folder), int(more[0]))
    else:
        found = same_ids(Path(source), Path(folder))
    print(json.dumps(found))


main()
