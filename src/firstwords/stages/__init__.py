"""The stages of raising a language model, in the order in which they run."""
