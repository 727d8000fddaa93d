"""transformers' Trainer on the same records, a turn at a time; then its predictions for the test part."""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}

import numpy as np
import torch
import transformers

MAX_LENGTH = 128  # of transformers' example scripts


def say(**told):
    """One line of JSON to whoever gives the turns."""
    print(json.dumps(told), flush=True)


class Turns(transformers.TrainerCallback):
    """Stops after some steps until the next turn comes."""

    def __init__(self, steps, counts):
        self.steps, self.counts = steps, counts
        self.began = 0.0
        self.seen = (0, 0)

    def on_train_begin(self, args, state, control, **more):
        """Wait for the first turn."""
        self._wait()

    def on_step_end(self, args, state, control, **more):
        """End a turn."""
        if state.global_step % self.steps and state.global_step < state.max_steps:
            return
        seconds = time.perf_counter() - self.began
        real, padded = self.counts["real"] - self.seen[0], self.counts["padded"] - self.seen[1]
        self.seen = self.counts["real"], self.counts["padded"]
        say(done=state.global_step >= state.max_steps, seconds=seconds, tokens=real, padded=padded)
        self._wait()

    def _wait(self):
        sys.stdin.readline()
        self.began = time.perf_counter()


def encoded(tokenizer, records, labels):
    """What a Trainer takes; the first piece of a word carries its tag."""
    if "text" in records[0]:
        ids = tokenizer([each["text"] for each in records], truncation=True, max_length=MAX_LENGTH)["input_ids"]
        return [{"input_ids": i, "labels": labels.index(each["label"])} for i, each in zip(ids, records, strict=True)]
    words = [each["words"] for each in records]
    found = tokenizer(words, is_split_into_words=True, truncation=True, max_length=MAX_LENGTH)
    rows = []
    for number, each in enumerate(records):
        places, before = [], None
        for word in found.word_ids(number):
            places.append(-100 if word is None or word == before else labels.index(each["tags"][word]))
            before = word
        rows.append({"input_ids": found["input_ids"][number], "labels": places})
    return rows


def main():
    """Train in turns, then predict."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--data", "--base", "--sampling"):
        parser.add_argument(name, required=True)
    parser.add_argument("--epochs", type=float, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--turn", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    transformers.utils.logging.set_verbosity_error()
    values = json.loads(Path(chosen.data).read_text(encoding="utf-8"))
    tokens = "words" in values["train"][0]
    labels = values["labels"]
    tokenizer = transformers.AutoTokenizer.from_pretrained(chosen.base)
    transformers.set_seed(chosen.seed)
    kind = transformers.AutoModelForTokenClassification if tokens else transformers.AutoModelForSequenceClassification
    model = kind.from_pretrained(chosen.base, num_labels=len(labels))
    inner = (
        transformers.DataCollatorForTokenClassification(tokenizer)
        if tokens
        else transformers.DataCollatorWithPadding(tokenizer)
    )
    counts = {"real": 0, "padded": 0}

    def collate(features):
        batch = inner(features)
        if model.training:
            counts["real"] += int(batch["attention_mask"].sum())
            counts["padded"] += batch["attention_mask"].numel()
        return batch

    with tempfile.TemporaryDirectory() as folder:
        trainer = transformers.Trainer(
            model=model,
            args=transformers.TrainingArguments(
                output_dir=folder,
                num_train_epochs=chosen.epochs,
                learning_rate=chosen.rate,
                per_device_train_batch_size=chosen.batch,
                per_device_eval_batch_size=64,
                train_sampling_strategy=chosen.sampling,
                seed=chosen.seed,
                save_strategy="no",
                logging_strategy="no",
                report_to=[],
                disable_tqdm=True,
                use_cpu=True,
            ),
            train_dataset=encoded(tokenizer, values["train"], labels),
            data_collator=collate,
            callbacks=[Turns(chosen.turn, counts)],
        )
        trainer.train()
        rows = encoded(tokenizer, values["test"], labels)
        began = time.perf_counter()
        # Grouped by length it would also predict in that order, and give back the predictions in it.
        trainer.args.train_sampling_strategy = "random"
        found = trainer.predict(rows)
    best = found.predictions.argmax(-1)
    if tokens:
        predicted = []
        for row, each, record in zip(rows, best, values["test"], strict=True):
            kept = np.array(row["labels"]) != -100
            tags = [labels[number] for number in each[: len(row["labels"])][kept]]
            predicted.append(aligned(row, tags, record, tokenizer))
    else:
        predicted = [labels[number] for number in best]
    say(predicted=predicted, predict_seconds=time.perf_counter() - began, version=transformers.__version__)


def aligned(row, tags, record, tokenizer):
    """A tag for every word; one that was cut off or has no piece is outside."""
    words = tokenizer([record["words"]], is_split_into_words=True, truncation=True, max_length=MAX_LENGTH).word_ids(0)
    first = list(dict.fromkeys(word for word in words if word is not None))
    given = dict(zip(first, tags, strict=True))
    return [given.get(number, "O") for number in range(len(record["words"]))]


if __name__ == "__main__":
    main()
