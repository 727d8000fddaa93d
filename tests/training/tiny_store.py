"""A tokenizer and a token store of a few made-up documents; loaded with `runpy` by tests."""

from firstwords.data.token_store import Encoded, StoreWriter, write_store_index
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE

ANIMALS = ("cat", "dog", "hen", "cow", "pig", "fox")
PLACES = ("house", "garden", "river", "barn")


def documents(first, number):
    """(id, text): short stories that repeat themselves."""
    for story in range(first, first + number):
        sentences = [
            f"The {ANIMALS[(story + i) % 6]} runs from the {PLACES[(story * i) % 4]} to the {PLACES[i % 4]}."
            for i in range(3 + story % 9)
        ]
        yield f"story-{story}", " ".join(sentences)


def make_store(folder):
    """Write `folder/tokenizer` and `folder/tokens`; gives the tokenizer."""
    splits = {"train": list(documents(0, 60)), "validation": list(documents(60, 6))}
    tokenizer = ByteBPE().train([[text for _, text in splits["train"]]], 300)
    tokenizer.save(folder / "tokenizer")
    sizes = {"vocab_size": tokenizer.vocab_size, "end_of_text": tokenizer.end_of_text}
    counts = {}
    for split, texts in splits.items():
        with StoreWriter(folder / "tokens", split, **sizes) as writer:
            writer.write(
                Encoded(document=name, url=None, ids=tokenizer.encode(text), num_bytes=len(text.encode()))
                for name, text in texts
            )
        counts[split] = writer.counts
    write_store_index(folder / "tokens", splits=counts, **sizes)
    return tokenizer
