"""datatrove with its own best settings: `python datatrove_run.py JOB INPUT OUTPUT [--regex] [--workers 2]`.

Jobs: `chain` (WARC to filtered Parquet), `filters` (Parquet to Parquet), `minhash` (Parquet to Parquet, all four
stages).
"""

import argparse
import re

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.readers import ParquetReader, WarcReader
from datatrove.pipeline.writers import ParquetWriter
from datatrove.utils.word_tokenizers import WordTokenizer

SHARDS = 8


class RegexSplitter(WordTokenizer):
    """The peer's word and sentence splitter replaced by the plainest one, for an honest second comparison."""

    def __init__(self):
        super().__init__("en")

    def word_tokenize(self, text):
        return re.findall(r"\w+|[^\w\s]", text)

    def sent_tokenize(self, text):
        return [each for each in re.split(r"(?<=[.!?])\s+", text) if each.strip()]

    def span_tokenize(self, text):
        return [match.span() for match in re.finditer(r"\S.*?(?:[.!?](?=\s)|$)", text, re.DOTALL)]


def documents(source):
    return ParquetReader(source, read_metadata=False)


def filters(splitter):
    return [
        GopherRepetitionFilter(language=splitter),
        GopherQualityFilter(language=splitter),
        C4QualityFilter(filter_no_terminal_punct=False, language=splitter),
        FineWebQualityFilter(language=splitter),
    ]


def run(pipeline, tasks, workers, depends=None):
    LocalPipelineExecutor(pipeline, tasks=tasks, workers=workers, depends=depends).run()


def minhash(source, target, splitter, workers):
    config = MinhashConfig()
    signatures, buckets, removed = f"{target}/signatures", f"{target}/buckets", f"{target}/removed"
    run(
        [documents(source), MinhashDedupSignature(signatures, config, language=splitter)],
        SHARDS,
        workers,
    )
    run([MinhashDedupBuckets(signatures, buckets, config=config)], config.num_buckets, workers)
    run([MinhashDedupCluster(buckets, removed, config=config)], 1, 1)
    run(
        [documents(source), MinhashDedupFilter(removed), ParquetWriter(f"{target}/kept")],
        SHARDS,
        workers,
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=["chain", "filters", "minhash"])
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--regex", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    splitter = RegexSplitter() if chosen.regex else "eng"
    if chosen.job == "minhash":
        minhash(chosen.source, chosen.target, splitter, chosen.workers)
        return
    if chosen.job == "chain":
        reading = [WarcReader(chosen.source), Trafilatura(favour_precision=True)]
    else:
        reading = [documents(chosen.source)]
    run([*reading, *filters(splitter), ParquetWriter(chosen.target)], SHARDS, chosen.workers)


if __name__ == "__main__":
    main()
