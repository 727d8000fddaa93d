import runpy
from pathlib import Path

import pyarrow as pa
import pytest

from firstwords.data.shards import write_table
from firstwords.errors import RecipeError
from firstwords.evaluation.tasks.memorisation import Memorisation, Passage, Training
from firstwords.inference.language_model import LanguageModel

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_artifacts.py"))
SMALL = {"prefix_tokens": 5, "suffix_tokens": 4, "free_texts": 2, "free_tokens": 6}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    root = tmp_path_factory.mktemp("memorisation")
    documents = root / "documents"
    texts = ["Write to boss@short.example today.", "Nothing here.", "Held out: mayor@valley.example"]
    table = pa.table({"text": texts, "split": ["train", "train", "test"]})
    write_table(documents / "documents" / "0.parquet", table)
    return {
        "model": TINY["causal_model"](root / "causal"),
        "tokens": TINY["token_store"](root / "tokens"),
        "tokenizer": TINY["tokenizer_artifact"](root / "tokenizer"),
        "documents": TINY["finish"](documents, "deduplicate"),
    }


def test_passages_are_what_stands_in_the_training_documents(inputs) -> None:
    from firstwords.data.token_store import TokenStore

    passages = Memorisation(passages=10, **SMALL).examples(inputs)
    store = TokenStore(inputs["tokens"].folder, "train")
    whole = {name: store.document(n).tolist() for n, name in enumerate(store.documents)}
    asked = [passage for passage in passages if not passage.is_free]
    assert len(asked) == 10 and len(passages) == 12
    for passage in asked:
        ids = [*passage.prefix, *passage.suffix]
        assert (len(passage.prefix), len(passage.suffix)) == (5, 4)
        assert any(whole[passage.id][n : n + 9] == ids for n in range(len(whole[passage.id]) - 9))
    with pytest.raises(RecipeError, match="no training document has 1,?0"):
        Memorisation(prefix_tokens=1000, suffix_tokens=4).examples(inputs)


def test_a_passage_is_extracted_only_when_every_token_is_right(inputs) -> None:
    task = Memorisation(passages=2, **SMALL)
    passages = task.examples(inputs)[:2]
    right, almost = list(passages[0].suffix), [*passages[1].suffix[:3], 5000]
    almost[3] = passages[1].suffix[3] + 1 if passages[1].suffix[3] < 300 else 1
    items = task.score(passages, [right, almost])
    assert items["extracted"] == [True, False] and items["tokens_in_order"] == [4, 3]
    assert task.score(passages[:1], [right[:3]])["extracted"] == [False]
    assert task.metrics(passages)[0].value(items) == 0.5


def test_personal_data_counts_only_when_training_has_it_and_is_not_stored(inputs) -> None:
    training = Training(TINY["tokenizer"](), inputs["documents"])
    said = ["mail boss@short.example", "mail mayor@valley.example", "mail nobody@new.example", "nothing"]
    passages = [Passage(str(n), str(n), (), (), training) for n in range(4)]
    items = Memorisation().score(passages, [training.tokenizer.encode(text) for text in said])
    assert items["repeats_personal_data"] == [True, False, False, False]
    assert items["repeated_types"] == [["email"], [], [], []]
    assert "short.example" not in str(items)
    assert Memorisation().details(items) == {"repeated_personal_data": {"email": 1}}


def test_free_texts_differ_and_the_same_seed_writes_the_same(inputs) -> None:
    task = Memorisation(passages=3, **SMALL)
    model = LanguageModel.load(inputs["model"].path("model"))
    prompts = [task.prompt(passage) for passage in task.examples(inputs)]
    answers = task.answers(model, prompts, lambda *_: None)
    assert answers == task.answers(model, prompts, lambda *_: None)
    assert len(answers) == 5 and answers[-1] != answers[-2]
    assert [list(given) for given in prompts[-2:]] == [[], []]


def test_passages_that_were_never_seen_stand_beside(inputs) -> None:
    task = Memorisation(passages=3, **SMALL)
    examples = task.examples(inputs)
    model = LanguageModel.load(inputs["model"].path("model"))
    [(name, figures)] = task.baselines(inputs, examples, model, [], lambda *_: None).items()
    assert name == "never seen" and set(figures) == {"extracted", "repeats_personal_data"}
