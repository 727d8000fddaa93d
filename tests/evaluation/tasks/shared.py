"""A causal model that knows something, for tests of tasks; loaded with `runpy`."""

import runpy
from pathlib import Path

import torch

from firstwords.inference.language_model import LanguageModel

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_artifacts.py"))


def noisy_model(folder):
    model = LanguageModel.load(TINY["causal_model"](folder).path("model"))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.model.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator))
    return model


def asked(task, model):
    examples = task.examples({})
    answers = task.answers(model, [task.prompt(example) for example in examples], lambda *_: None)
    return examples, answers, task.score(examples, answers)
