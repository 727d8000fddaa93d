"""Evaluation: figures beside other tools', and what a model remembers."""
