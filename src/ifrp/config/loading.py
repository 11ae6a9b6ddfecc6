"""From files to a typed configuration and back: presets, what lies over what, and what is wrong in one sentence."""

from __future__ import annotations

import dataclasses
import difflib
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from ifrp.config.reading import read
from ifrp.config.sections import Config, Style
from ifrp.errors import IfrpError
from ifrp.paths import CONFIG

C = TypeVar("C")
KINDS = {
    "int": "a whole number", "float": "a number", "finite": "a number", "bool": "true or false", "string": "text",
    "tuple": "a list", "dict": "a mapping of names", "dataclass": "a mapping of keys",
}  # fmt: skip
"""what a value must be, by the first word of pydantic's name of the error"""
BOUNDS = {
    "greater_than_equal": "at least {ge:,.10g}", "greater_than": "above {gt:,.10g}", "less_than_equal": "at most {le:,.10g}",
    "less_than": "below {lt:,.10g}", "too_short": "a list of at least {min_length}", "too_long": "a list of {max_length}",
    "multiple_of": "a multiple of {multiple_of}", "string_pattern_mismatch": "text that matches {pattern}",
}  # fmt: skip
"""the same, by the whole name and with its context"""
SHOWN = 80
"""characters of a wrong value in a sentence"""


def build(values: Mapping[str, Any], where: str, over: Mapping[str, Any] | None = None) -> Config:
    """Checks and types plain values under the preset that they name, under `over`, which may name another.

    Raises:
        IfrpError: there is no such preset, a key is unknown, or a value has the wrong type or range.
    """
    over = over or {}
    if "extends" in values or "extends" in over:
        raise IfrpError(f"{where}: extends is for presets; a configuration names one: preset: NAME.")
    below = presets(over.get("preset", values.get("preset")))
    whole = functools.reduce(merge, [values, *below.values(), over], dict[str, Any]())
    return typed(
        Config, {**_without_null_rows(whole), "preset": None}, " with ".join([where, *map(str, below)])
    )


def _without_null_rows(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same, with experiments that are null moved to `recovery.not_run`."""
    recovery = values.get("recovery") or {}
    experiments = recovery.get("experiments") if isinstance(recovery, Mapping) else None
    if not isinstance(experiments, Mapping) or None not in experiments.values():
        return values
    run = {name: entry for name, entry in experiments.items() if entry is not None}
    before = recovery.get("not_run") or ()
    not_run = (
        [*before, *(name for name in experiments if name not in run)]
        if isinstance(before, list | tuple)
        else before
    )
    return {**values, "recovery": {**recovery, "experiments": run, "not_run": not_run}}


def presets(name: str | None, files: Mapping[str, Any] | None = None) -> dict[Path, dict[str, Any]]:
    """Path and values of a preset and of those that it extends, in the order in which each is laid over the ones before.

    Args:
        name: config, and none, are no preset.
        files: values by path, to be used in place of the files.

    Raises:
        IfrpError: a preset is missing, or extends itself.
    """
    layers: dict[Path, dict[str, Any]] = {}
    while name and name != CONFIG.stem:
        names = f"{next(reversed(layers))} extends" if layers else "The configuration names the preset"
        if not isinstance(name, str) or Path(name).name != name or not name.isprintable():
            raise IfrpError(
                f"{names} {shown(name)}, which is no name: that of a file in {CONFIG.parent}, without its ending."
            )
        path = CONFIG.with_name(f"{name}.yaml")
        if path in layers:
            raise IfrpError(f"{names} {name}, which extends it in turn: extend another preset, or none.")
        if files is None and not path.exists():
            others = ", ".join(sorted(file.stem for file in CONFIG.parent.glob("*.yaml")))
            raise IfrpError(f"{names} {name}, but there is no {path}; there are {others or 'none'}.")
        layers[path] = dict(read(path) if files is None else files.get(str(path), {}))
        name = layers[path].pop("extends", None)
    return dict(reversed(layers.items()))


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lays `over` on `base`, mapping by mapping."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def typed(cls: type[C], values: Any, where: str, beside: Sequence[str] = ()) -> C:
    """Builds a section from plain values.

    Args:
        cls: the section's class.
        values: its keys.
        where: what to call them in a sentence.
        beside: keys that may stand beside the section's, for the sentence about an unknown one.

    Raises:
        IfrpError: an unknown key (with the nearest known one), or a value of the wrong type or beyond its range; the
            first of several.
    """
    try:
        section: C = _adapter(cls).validate_python(values)  # type: ignore[arg-type]  # a class is hashable
        return section
    except ValidationError as error:
        raise IfrpError(f"{where}: {_sentence(cls, error, beside)}") from error


@functools.cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    return TypeAdapter(cls)


def _sentence(cls: type[Any], error: ValidationError, beside: Sequence[str]) -> str:
    """What is wrong first: the dotted key, its value, and what it must be."""
    every = error.errors(include_url=False)
    kind, path, value, context = every[0]["type"], every[0]["loc"], every[0]["input"], every[0].get("ctx", {})
    if kind == "unexpected_keyword_argument":
        return _unknown(cls, path, beside)
    if path[-1:] == ("[key]",):
        return f"{'.'.join(map(str, path[:-2]))} has the name {shown(value)}; {context.get('error', 'a name is text')}."
    if kind == "missing" and isinstance(value, Sequence):  # one error for each value beyond the end of a list
        path = path[:-1]
        absent = [other for other in every if other["type"] == kind and other["loc"][:-1] == path]
        rule = f"it must be a list of {len(value) + len(absent)}"
    elif kind == "literal_error":
        rule = f"it must be one of {context['expected'].replace(' or ', ', ')}".replace("'", "")
    elif kind == "value_error":
        rule = str(context["error"])
    elif kind in BOUNDS:
        rule = f"it must be {BOUNDS[kind].format(**context)}"
    else:
        rule = f"it must be {KINDS.get(kind.split('_')[0], 'otherwise: ' + every[0]['msg'])}"
    return f"{'.'.join(map(str, path)) or 'it'} is {shown(value)}; {rule}."


def shown(value: Any) -> str:
    """A value as a sentence shows it: not all of it, if it is long."""
    try:
        text = repr(value)
    except ValueError:  # a number of thousands of digits
        text = "a number of thousands of digits"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _unknown(cls: type[Any], path: Sequence[str | int], beside: Sequence[str]) -> str:
    *above, name = path
    known = [*_fields(cls, above), *(beside if not above else ())]
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}."
    section = f"{'.'.join(map(str, above))}: " if above else ""
    return f"{section}unknown key {shown(name).strip(chr(39))}; {hint}"


def _fields(kind: Any, path: Sequence[str | int]) -> list[str]:
    """Names of the fields of the section at a path below another, through mappings and what may be none."""
    for key in path:
        kind = get_type_hints(kind)[str(key)] if dataclasses.is_dataclass(kind) else get_args(kind)[-1]
        if NoneType in get_args(kind):
            kind = next(part for part in get_args(kind) if part is not NoneType)
    return [field.name for field in dataclasses.fields(kind)]


def plain(value: Any) -> Any:
    """Dataclasses and tuples as plain dictionaries and lists, for cards and rules."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def selected(config: Config, *keys: str) -> dict[str, Any]:
    """Plain values of dotted keys such as `faces.warp`, in an order that does not depend on the file's.

    Raises:
        IfrpError: there is no such key.
    """
    values = {}
    for key in keys:
        value: Any = config
        for part in key.split("."):
            inside = value if isinstance(value, Mapping) else getattr(value, "__dict__", {})
            if part not in inside:
                raise IfrpError(f"A rule asks for the setting {key}, which does not exist.")
            value = inside[part]
        values[key] = in_order(plain(value))
    return values


def in_order(value: Any) -> Any:
    """Mappings with their keys sorted."""
    if isinstance(value, Mapping):
        return {key: in_order(value[key]) for key in sorted(value)}
    return value


def styles(config: Config) -> list[Style]:
    """The artworks of the style table.

    Raises:
        IfrpError: the table is missing, lacks a column, repeats a name, or has an unknown split, a name that does not
            fit file names or a checksum that is none.
    """
    from ifrp import tables  # here, because whoever reads settings alone does not depend on it

    path = Path(config.styles.table)
    if not path.exists():
        raise IfrpError(f"styles.table names {path}, which does not exist.")
    columns = [field.name for field in dataclasses.fields(Style)]
    rows = dict[str, Style]()
    for line, cells in ((row.line, row.cells) for row in tables.read(path, columns)):
        style = typed(Style, {name: cells[name] for name in columns}, f"{path}, line {line}")
        if style.name in rows:
            raise IfrpError(f"{path}, line {line}: the style {style.name} is there twice; names must differ.")
        rows[style.name] = style
    return list(rows.values())
