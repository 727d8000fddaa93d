import json
import re

from firstwords.recipe_schema import recipe_schema


def test_every_reference_in_the_schema_leads_somewhere() -> None:
    schema = recipe_schema()
    text = json.dumps(schema)
    references = set(re.findall(r'"#/\$defs/([^"]+)"', text))
    assert references <= set(schema["$defs"])
    assert "gopher_quality" in text
    assert '"kinds"' not in text
    assert schema["additionalProperties"] is False
