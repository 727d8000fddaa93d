"""The JSON schema of recipes, so that an editor completes keys and marks mistakes."""

from typing import Any

from firstwords.find import catalogue, find
from firstwords.recipe import adapter


def recipe_schema() -> dict[str, Any]:
    """JSON schema (2020-12) of a recipe file: a stage's section is plain or holds named stages."""
    sections: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    for stage in catalogue("stages"):
        plain = adapter(find("stages", stage)).json_schema(ref_template="#/$defs/{model}")
        definitions |= plain.pop("$defs", {})
        definitions[f"stage_{stage}"] = plain
        reference = {"$ref": f"#/$defs/stage_{stage}"}
        sections[stage] = {"anyOf": [reference, {"type": "object", "additionalProperties": reference}]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "firstwords recipe",
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "Under this name `show` and `chat` find the run."},
            "given": {
                "type": "object",
                "description": "Finished artifacts (folders) to use instead of running a stage.",
            },
            **sections,
        },
        "additionalProperties": False,
        "$defs": definitions,
    }
