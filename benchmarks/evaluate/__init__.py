"""Evaluation beside other tools."""
