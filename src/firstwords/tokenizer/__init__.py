"""Tokenizer of firstwords."""
