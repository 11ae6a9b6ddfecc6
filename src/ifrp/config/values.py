"""What a section of the configuration is, and the types of its values: numbers with their ranges."""

from __future__ import annotations

import dataclasses
import math
from contextlib import suppress
from typing import Annotated, Any, Literal, TypeVar, cast, dataclass_transform, get_args

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticKnownError

C = TypeVar("C")
STRICT = ConfigDict(extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


@dataclass_transform(frozen_default=True, field_specifiers=(Field, dataclasses.field))
def section(cls: type[C]) -> type[C]:
    """Makes a class a frozen dataclass whose values are checked by their types: see `ifrp.config.typed`."""
    return cast(type[C], dataclass(frozen=True, config=STRICT)(cls))


def _number(refused: Literal["int_type", "float_type"]) -> BeforeValidator:
    """Takes text for a number, as `snakemake --config` passes nested ones, and neither true nor false."""

    def parsed(value: Any) -> Any:
        if isinstance(value, bool):
            raise PydanticKnownError(refused)
        for kind in (int, float) if isinstance(value, str) else ():
            with suppress(ValueError):
                number = kind(value)
                return number if math.isfinite(number) else value
        return value

    return BeforeValidator(parsed)


def _rising(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] > pair[1]:
        raise ValueError("it must rise")
    return pair


def _inside(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, width, height = box
    if max(left + width, top + height) > 1 + 1e-9:
        raise ValueError("left + width and top + height must be at most 1")
    return box


WHOLE, REAL = _number("int_type"), _number("float_type")

Natural = Annotated[int, Field(ge=0), WHOLE]
Count = Annotated[int, Field(ge=1), WHOLE]
Several = Annotated[int, Field(ge=2), WHOLE]
Even = Annotated[int, Field(ge=2, multiple_of=2), WHOLE]
Side = Annotated[int, Field(ge=16), WHOLE]
"""of a picture, in pixels"""
Window = Annotated[int, Field(ge=32), WHOLE]
"""side of what a style network sees, in pixels"""
Weight = Annotated[float, Field(ge=0), REAL]
Positive = Annotated[float, Field(gt=0), REAL]
Share = Annotated[float, Field(ge=0, le=1), REAL]
Part = Annotated[float, Field(gt=0, le=1), REAL]
"""a share that is not nothing"""
Memory = Annotated[float, Field(ge=0, lt=1), REAL]
"""what an exponential moving average keeps of itself per step"""
Spread = Annotated[float, Field(ge=0, le=180), REAL]
"""largest rotation either way, in degrees"""
Angle = Annotated[float, Field(ge=-180, le=180), REAL]
"""in degrees"""
Byte = Annotated[float, Field(ge=0, le=255), REAL]
Rising = Annotated[tuple[Positive, Positive], AfterValidator(_rising)]
Box = tuple[Weight, Weight, Positive, Positive]
"""left, top, width, height, in pixels"""
Inside = Annotated[tuple[Share, Share, Part, Part], AfterValidator(_inside)]
"""the same, as fractions of the picture's side"""
Names = Annotated[tuple[str, ...], Field(min_length=1)]
StyleSplit = Literal["seen", "unseen", "sketch"]
STYLE_SPLITS: tuple[str, ...] = get_args(StyleSplit)
FileName = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]*$")]
Digest = Annotated[str, StringConstraints(to_lower=True, pattern="^([0-9a-f]{64})?$")]
"""SHA-256, or nothing"""
Entry = Annotated[dict[str, Any], WithJsonSchema({"type": ["object", "null"]})]
"""an experiment; `ifrp.config.build` takes those that are null out before the rest is checked"""
