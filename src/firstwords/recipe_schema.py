"""The JSON schema of recipes, so that an editor completes keys and marks mistakes."""

from typing import Any

from firstwords.find import catalogue, find
from firstwords.recipe import KINDS, adapter


class _Definitions:
    """Schemas of components and of the catalogues that they choose from, each written once."""

    def __init__(self) -> None:
        self.all: dict[str, Any] = {}

    def component(self, name: str, component: type) -> dict[str, Any]:
        """A reference to the schema of a component class."""
        if name not in self.all:
            self.all[name] = {}  # a component may lead back to itself
            schema = adapter(component).json_schema(ref_template="#/$defs/{model}")
            for inner, definition in schema.pop("$defs", {}).items():
                self.all[inner] = self.resolved(definition)
            self.all[name] = self.resolved(schema)
        return {"$ref": f"#/$defs/{name}"}

    def kinds(self, groups: list[str]) -> dict[str, Any]:
        """A reference to "one of the components of these catalogues", a table with its `kind` or the bare name."""
        name = "kinds " + " ".join(groups)
        if name not in self.all:
            self.all[name] = {}
            kinds = [(group, kind) for group in groups for kind in catalogue(group)]
            choices = [self._choice(group, kind) for group, kind in kinds]
            outside = {"type": "object", "properties": {"kind": {"type": "string", "pattern": ":"}}}
            names = {"enum": [kind for _, kind in kinds]}
            self.all[name] = {"anyOf": [*choices, names, outside | {"required": ["kind"]}]}
        return {"$ref": f"#/$defs/{name}"}

    def _choice(self, group: str, kind: str) -> dict[str, Any]:
        name = f"{group}.{kind}"
        self.component(name, find(group, kind))
        plain = self.all[name]
        properties = {"kind": {"const": kind}} | plain.get("properties", {})
        return plain | {"properties": properties, "required": ["kind", *plain.get("required", [])]}

    def resolved(self, schema: Any) -> Any:
        """The schema with references where it says that a component stands."""
        if isinstance(schema, list):
            return [self.resolved(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        if KINDS in schema and isinstance(schema[KINDS], list):
            rest = {key: item for key, item in schema.items() if key != KINDS}
            return self.resolved(rest) | self.kinds(schema[KINDS])
        return {key: self.resolved(item) for key, item in schema.items()}


def recipe_schema() -> dict[str, Any]:
    """JSON schema (2020-12) of a recipe file: a stage's section is plain or holds named stages."""
    definitions = _Definitions()
    sections: dict[str, Any] = {}
    for stage in catalogue("stages"):
        plain = definitions.component(f"stages.{stage}", find("stages", stage))
        sections[stage] = {"anyOf": [plain, {"type": "object", "additionalProperties": plain}]}
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
        "$defs": definitions.all,
    }
