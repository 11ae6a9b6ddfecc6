"""JSON schema of the configuration, made from the dataclasses: `python -m ifrp.schema` rewrites the file.

Editors use it for completion and help; the Snakefile validates the resolved configuration with it.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import textwrap
import types
import typing
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from ifrp.config import Config, plain

SCHEMA = Path("workflow/schemas/config.schema.json")
SIMPLE = {int: "integer", float: "number", bool: "boolean", str: "string"}


def generate() -> dict[str, Any]:
    """The schema of a whole configuration or of a preset; every key is optional, unknown keys are refused."""
    found = _section(Config)
    extends = {"type": "string", "description": "of a preset: the preset that it is laid over"}
    found["properties"] = {"extends": extends, **found["properties"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}


def _section(cls: type[Any]) -> dict[str, Any]:
    hints, texts = typing.get_type_hints(cls), _field_texts(cls)
    properties = {}
    for field in dataclasses.fields(cls):
        found = _value(hints[field.name])
        if field.name in texts:
            found["description"] = texts[field.name]
        if field.default is not dataclasses.MISSING:
            found["default"] = plain(field.default)
        properties[field.name] = found
    text = " ".join((cls.__doc__ or "").split())
    return {"description": text, "type": "object", "properties": properties, "additionalProperties": False}


def _value(hint: Any) -> dict[str, Any]:
    origin, args = get_origin(hint), get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _section(hint)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [{"type": "null"} if a is type(None) else _value(a) for a in args]}
    if origin is Literal:
        return {"enum": list(args)}
    if origin is tuple and args[-1] is Ellipsis:
        return {"type": "array", "items": _value(args[0])}
    if origin is tuple:
        return {
            "type": "array",
            "prefixItems": [_value(a) for a in args],
            "minItems": len(args),
            "maxItems": len(args),
        }
    if origin is dict:
        return {"type": "object", "additionalProperties": _value(args[1])}
    return {"type": SIMPLE[hint]} if hint in SIMPLE else {}


def _field_texts(cls: type[Any]) -> dict[str, str]:
    """The docstring under each field, which Python itself throws away; those of base classes too."""
    found: dict[str, str] = {}
    for base in cls.__bases__:
        found |= _field_texts(base) if dataclasses.is_dataclass(base) else {}
    node = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    assert isinstance(node, ast.ClassDef)
    for field, text in zip(node.body, node.body[1:], strict=False):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                found[name] = " ".join(words.split())
    return found


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(generate(), indent=2, ensure_ascii=False) + "\n")
