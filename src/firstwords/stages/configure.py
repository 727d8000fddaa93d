"""Resolve a budget into a model, a number of tokens, and every rate, each with its reason."""

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from firstwords.compute.devices import has_driver
from firstwords.corpora import OnCorpora
from firstwords.errors import CannotFit, RecipeError
from firstwords.machine import gibibytes, memory_bytes
from firstwords.model.base import BaseFolder
from firstwords.model.cost import training_memory
from firstwords.model.sizes import ModelSizes
from firstwords.recipe import Count, Duration, Kind, build, kind_of
from firstwords.stage import Outcome, Work
from firstwords.training.objective import Objective
from firstwords.training.objectives.causal_lm import CausalLM
from firstwords.training.settings import TrainSettings

if TYPE_CHECKING:
    from firstwords.graph import Graph
    from firstwords.model.config import ModelConfig
    from firstwords.training.rehearsal import Taken
    from firstwords.training.resolution import Corpus, Rehearse

# Entries of a vocabulary that is not there yet, for a first look at sizes; and the depth where none is given.
PLACES, MIN_DEPTH = 256, 2
# Kept busy by others while the machine is measured: from here on a measurement may mislead.
BUSY_CORES = 0.3


@dataclass(frozen=True, kw_only=True)
class Configure(OnCorpora):
    """Derive everything that training needs to know, once; what follows depends on the numbers found here.

    Attributes:
        objective: What will be trained; decides the layout and the cost of a token.
        budget: Time that pre-training may take on this machine. At most one of `budget`, `tokens` and `flops`.
        tokens: Tokens to train on, repetitions counted.
        flops: Arithmetic that pre-training may take, for example `1e18`.
        model: Sizes set by hand; `{ depth = 6 }` sets the dial alone, `{ preset = "124M" }` or
            `{ parameters = "124M" }` all sizes.
        training: Settings of training set by hand, by the names of `training.settings.TrainSettings`.
        seed: Of weights, order and masks.
        base, corpus, mixture, final_mixture, final_share, replay, remember, extend_vocabulary: Texts and what is known
            already, see `OnCorpora`.
            Sizes and vocabulary are the base's own, and the rates rise again (`training.continuation`).
    """

    version: ClassVar[int] = 5
    resolves: ClassVar[bool] = True
    libraries: ClassVar[tuple[str, ...]] = ("torch",)

    objective: Annotated[Objective, Kind("training.objectives")] = field(default_factory=CausalLM)
    budget: Annotated[Duration, Field(gt=0)] | None = None
    tokens: Annotated[Count, Field(gt=0)] | None = None
    flops: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    model: ModelSizes = field(default_factory=ModelSizes)
    training: dict[str, Any] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if sum(each is not None for each in (self.budget, self.tokens, self.flops)) > 1:
            raise RecipeError("give only one of budget, tokens and flops")
        if type(self.objective).record is not None:
            raise RecipeError(f"objective '{kind_of(type(self.objective))}' fine-tunes; it cannot pre-train")
        build(TrainSettings, {"tokens": 1, "batch_tokens": 1} | self.training, "training")

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The token stores (how much there is to learn), the vocabulary, the base."""
        return self.text_inputs(graph)

    def completed(self, graph: "Graph") -> "Configure":
        """With the mixture written out."""
        return dataclasses.replace(self, mixture=self.weights(graph), replay=0.0) if self.replay else self

    def check(self) -> None:
        """Refuse sizes that contradict each other or the base, or that this machine's memory cannot hold."""
        if isinstance(self.base, BaseFolder):
            from firstwords.training import continuation

            continuation.sizes_of(continuation.base_config(self.base.folder), self.model)
        if self.base is not None:
            return
        if self.model.parameters is not None:
            return  # its shape follows from the vocabulary
        layout = self.model.layout or type(self.objective).layouts[0]
        config = self.model.derive(MIN_DEPTH, vocab_size=PLACES, mask_id=0, layout=layout)[0]
        needed = training_memory(config, config.context)
        # What a GPU holds is asked when its driver is loaded, by `run`.
        if self.model.is_fixed and needed > memory_bytes() and not has_driver():
            raise CannotFit(
                f"model: {config.num_layers} layers x {config.width} need {gibibytes(needed)} to train, and this "
                f"machine has {gibibytes(memory_bytes())}. Choose a smaller depth, width or context"
            )

    def run(self, work: Work) -> Outcome:
        """Probe the machine, choose, write `plan.json`."""
        import torch

        from firstwords.artifact import write_json
        from firstwords.compute.devices import best_device, free_memory_bytes
        from firstwords.model.precision import half_precision_gain
        from firstwords.tokenizer.word_joints import word_joints
        from firstwords.training import continuation
        from firstwords.training.foreign_load import ForeignLoad
        from firstwords.training.plan_in_words import shown, summary
        from firstwords.training.probe import Stopwatch, matrix_peak
        from firstwords.training.resolution import ON_GPU, ON_PROCESSOR, Demand, resolve

        torch.set_num_threads(work.threads)
        corpus = self._corpus(work)
        work.progress("probing this machine")
        sizes, training, base = self.model, self.training, None
        if self.base is not None:
            base = continuation.base_config(self.base.model_folder(work.inputs), work.inputs["tokenizer"].folder)
            corpus = continuation.corpus_for(base, corpus)
            sizes, training = continuation.sizes_of(base, self.model), continuation.rewarmed(base, self.training)
        demand = Demand(self.objective, self.budget, self.tokens, sizes, training, self.seed, self.flops)
        joints = word_joints(work.inputs["tokenizer"].folder) if self.objective.needs_words else None
        device = best_device()
        stopwatch = Stopwatch(self.objective, work.inputs["tokens"].folder, joints, device)
        others = ForeignLoad()
        try:
            plan = resolve(
                demand,
                corpus,
                stopwatch,
                free_memory_bytes(device),
                half_precision_gain(device),
                ON_PROCESSOR if device == "cpu" else ON_GPU,
                self._rehearsing(work),
            )
        except CannotFit as error:
            if (others.cores() or 0) <= BUSY_CORES:
                raise
            raise CannotFit(f"{error} Other programs kept {others.cores():.1f} cores busy meanwhile.") from None
        busy = others.cores()
        if busy is not None and busy > BUSY_CORES:
            # With a thread waiting for a core, all threads wait: speed falls by far more than the share that is taken.
            work.note(
                f"  other programs kept {busy:.1f} cores busy while the machine was probed: the plan may be too small"
            )
        plan["probe"] |= {"foreign_cores": busy, "peak_flops": matrix_peak(device, plan["training"]["precision"])}
        if base is not None:
            continuation.complete(plan, base, self.training, self.model)
        write_json(work.path("plan.json"), plan)
        reasons = [(each["name"], shown(each["value"]), each["reason"]) for each in plan["reasons"]]
        return Outcome(summary=summary(plan), counts={"parameters": plan["cost"]["parameters"]}, reasons=reasons)

    def _rehearsing(self, work: Work) -> "Rehearse":
        from firstwords.training.rehearsal import Rehearsal, rehearse

        def run(config: "ModelConfig", settings: TrainSettings) -> "Taken":
            work.progress(f"rehearsing {config.num_layers} layers x {config.width} in {settings.precision}")
            return rehearse(
                Rehearsal(
                    config=config,
                    objective=self.objective,
                    settings=settings,
                    store=work.inputs["tokens"].folder,
                    tokenizer=work.inputs["tokenizer"].folder,
                    threads=work.threads,
                ),
                work.scratch("rehearsals"),
            )

        return run

    def _corpus(self, work: Work) -> "Corpus":
        from firstwords.data.mixture import shares_of
        from firstwords.data.token_store import read_store_index
        from firstwords.tokenizer.tokenizer import Tokenizer
        from firstwords.training.forgetting import WATCHED_TOKENS
        from firstwords.training.resolution import Corpus

        store = read_store_index(work.inputs["tokens"].folder)
        tokenizer = Tokenizer.load(work.inputs["tokenizer"].folder)
        if store["vocab_size"] != tokenizer.vocab_size:
            raise RecipeError(
                f"the token store has a vocabulary of {store['vocab_size']:,} entries, the tokenizer one of "
                f"{tokenizer.vocab_size:,}: it was made with another tokenizer"
            )
        sizes = {split: counts["tokens"] for split, counts in store["splits"].items()}
        if not sizes["train"]:
            raise RecipeError("there is nothing to train on: the split 'train' has no tokens")
        others = {
            role.partition(".")[2]: read_store_index(artifact.folder)["splits"]
            for role, artifact in work.inputs.items()
            if role.startswith("tokens.")
        }
        if self.base is not None or self.mixture:
            held_out = [sizes.get("validation", 0)]
            held_out += [each.get("validation", {}).get("tokens", 0) for each in others.values()]
            sizes["validation"] = sum(min(each, WATCHED_TOKENS) for each in held_out)
        if self.mixture:
            # Until the first of them has been read once.
            shares = shares_of(self.mixture, self.final_mixture, self.final_share)
            own = sizes["train"]
            sizes["train"] = min(
                round((others[name]["train"]["tokens"] if name in others else own) / share)
                for name, share in shares.items()
            )
            if not sizes["train"]:
                raise RecipeError("there is nothing to train on: a part of the mixture has no tokens to learn")
        return Corpus(
            vocab_size=tokenizer.vocab_size,
            end_of_text=tokenizer.end_of_text,
            pad=tokenizer.pad,
            mask=tokenizer.optional_mask,
            train_tokens=sizes["train"],
            validation_tokens=sizes.get("validation", 0),
            max_epochs=type(self.objective).max_epochs,
            infilling=tokenizer.infilling,
        )
