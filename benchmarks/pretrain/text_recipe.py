"""The beginning that the recipes of several lines share: documents of a JSONL file, taken as they are."""

HEAD = """
name = "{name}"
[collect]
sources = [{{ kind = "jsonl", path = "{source}" }}]
[extract]
extractor = {{ kind = "plain_text" }}
[clean]
steps = []
"""
