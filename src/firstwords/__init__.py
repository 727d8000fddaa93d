"""firstwords raises a language model from raw pages to an evaluated, usable model."""

__version__ = "0.1.0"
