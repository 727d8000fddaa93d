"""Layers whose weights are left unset when they are made: whoever makes them sets every parameter afterwards.

torch's own `skip_init` builds a layer on the device `meta` first, which imports sympy and the compiler: 1.9 s at the
start of every run. Subclasses would change what a layer is called where it is printed, and copied or exported models
with it, so only the making differs.
"""

from __future__ import annotations

import torch
from torch import nn


def linear_layer(num_inputs: int, num_outputs: int, bias: bool = False) -> nn.Linear:
    """A `torch.nn.Linear` of weights (num_outputs, num_inputs) that hold whatever was in memory."""
    layer = nn.Linear.__new__(nn.Linear)
    nn.Module.__init__(layer)
    layer.in_features, layer.out_features = num_inputs, num_outputs
    layer.weight = nn.Parameter(torch.empty(num_outputs, num_inputs))
    layer.register_parameter("bias", nn.Parameter(torch.empty(num_outputs)) if bias else None)
    return layer


def embedding_layer(num_rows: int, width: int) -> nn.Embedding:
    """A `torch.nn.Embedding` of weights (num_rows, width) that hold whatever was in memory."""
    # Weights that are given are not initialised.
    return nn.Embedding(num_rows, width, _weight=torch.empty(num_rows, width), _freeze=False)
