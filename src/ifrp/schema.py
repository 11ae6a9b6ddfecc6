"""JSON schema of the configuration, for completion and help in editors: `python -m ifrp.schema` rewrites the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from ifrp.config import Config, sections

SCHEMA = Path("workflow/schemas/config.schema.json")


class _Plain(GenerateJsonSchema):
    """Without a title for each field, which would only repeat its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def generate() -> dict[str, Any]:
    """The schema of a whole configuration or of a preset; every key is optional, unknown keys are refused."""
    schema = TypeAdapter(Config).json_schema(schema_generator=_Plain)
    for name, section in {**schema["$defs"], Config.__name__: schema}.items():
        for base in getattr(sections, name).__mro__:  # pydantic forgets what is said of an inherited field
            for key, field in getattr(base, "__pydantic_fields__", {}).items():
                if field.description:
                    section["properties"][key]["description"] = " ".join(field.description.split())
    extends = {"type": "string", "description": "of a preset: the preset that it is laid over"}
    schema["properties"] = {"extends": extends, **schema["properties"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(generate(), indent=2, ensure_ascii=False) + "\n")
