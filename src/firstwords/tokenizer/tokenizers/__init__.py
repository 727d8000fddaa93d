"""Tokenizers of firstwords."""
