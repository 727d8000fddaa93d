"""One job of one peer over texts in a Parquet file, run in the peers' environment; prints seconds and tokens.

Reading the file and cutting the texts into the pieces that the peers are best with is not timed.
"""

import json
import os
import re
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
PIECE = 4000  # characters: what each encoder did best with (docs/log/2026-11-26-tokenizers.md)
SAFE_CUT = re.compile(r"(?<=[!-~]\n)(?=[A-Za-z])")
SPECIAL = ["<|endoftext|>", "<|pad|>", "<|mask|>"]


def pieces(texts):
    """The texts in pieces of about `PIECE` characters, cut where no word is cut."""
    for text in texts:
        piece, size = [], 0
        for line in SAFE_CUT.split(text):
            piece.append(line)
            size += len(line)
            if size >= PIECE:
                yield "".join(piece)
                piece, size = [], 0
        if piece:
            yield "".join(piece)


def hf_train(texts, size, out):
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    backend = Tokenizer(models.BPE(ignore_merges=True))
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(LLAMA3), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=2, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    batch = list(pieces(texts))
    started = time.perf_counter()
    backend.train_from_iterator(batch, trainer)
    seconds = time.perf_counter() - started
    backend.save(str(out))
    return {"seconds": seconds}


def rustbpe_train(texts, size, out):
    import rustbpe

    tokenizer = rustbpe.Tokenizer()
    batch = list(pieces(texts))
    started = time.perf_counter()
    tokenizer.train_from_iterator(iter(batch), size, pattern=LLAMA3)
    return {"seconds": time.perf_counter() - started}


def sentencepiece_train(texts, size, out):
    import sentencepiece

    lines = [line for text in texts for line in text.split("\n")]
    started = time.perf_counter()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_prefix=str(out.with_suffix("")),
        vocab_size=size,
        model_type="bpe",
        byte_fallback=True,
        num_threads=os.cpu_count(),
        max_sentence_length=10**6,
        minloglevel=2,
    )
    return {"seconds": time.perf_counter() - started}


def hf_encode(texts, given, method):
    from tokenizers import Tokenizer

    backend = Tokenizer.from_file(str(given))
    batch = list(pieces(texts))
    encode = getattr(backend, method)
    encode(batch[:50], add_special_tokens=False)
    started = time.perf_counter()
    tokens = 0
    for start in range(0, len(batch), 1024):
        tokens += sum(len(each.ids) for each in encode(batch[start : start + 1024], add_special_tokens=False))
    return {"seconds": time.perf_counter() - started, "tokens": tokens}


def tiktoken_encode(texts, given):
    """tiktoken with the same merges; ranks are the ids of the entries."""
    import tiktoken

    model = json.loads(given.read_text(encoding="utf-8"))["model"]
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    sign = {chr(byte if byte in printable else next(others)): bytes([byte]) for byte in range(256)}
    ranks = {b"".join(sign[c] for c in t): i for t, i in model["vocab"].items() if t not in SPECIAL}
    encoding = tiktoken.Encoding("ours", pat_str=LLAMA3, mergeable_ranks=ranks, special_tokens={})
    batch = list(pieces(texts))
    encoding.encode_ordinary_batch(batch[:50])
    started = time.perf_counter()
    tokens = 0
    for start in range(0, len(batch), 1024):
        found = encoding.encode_ordinary_batch(batch[start : start + 1024], num_threads=os.cpu_count())
        tokens += sum(map(len, found))
    return {"seconds": time.perf_counter() - started, "tokens": tokens}


def sentencepiece_encode(texts, given):
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor(model_file=str(given.with_suffix(".model")))
    batch = list(pieces(texts))
    started = time.perf_counter()
    tokens = sum(map(len, processor.encode(batch, num_threads=os.cpu_count())))
    return {"seconds": time.perf_counter() - started, "tokens": tokens}


def main():
    job, source, place, *more = sys.argv[1:]
    texts = pq.read_table(source, columns=["text"])["text"].to_pylist()
    place = Path(place)
    jobs = {
        "hf-train": lambda: hf_train(texts, int(more[0]), place),
        "rustbpe-train": lambda: rustbpe_train(texts, int(more[0]), place),
        "sentencepiece-train": lambda: sentencepiece_train(texts, int(more[0]), place),
        "hf-encode": lambda: hf_encode(texts, place, "encode_batch"),
        "hf-encode-fast": lambda: hf_encode(texts, place, "encode_batch_fast"),
        "tiktoken-encode": lambda: tiktoken_encode(texts, place),
        "sentencepiece-encode": lambda: sentencepiece_encode(texts, place),
    }
    print(json.dumps(jobs[job]()))


main()
