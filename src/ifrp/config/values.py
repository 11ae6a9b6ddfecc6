"""What a section of the configuration is, and the types of its values: numbers with their ranges, names, layers.

Upper ends of ranges are far beyond anything of use: they tell a slip from a wish, and keep it from filling a disk.
"""

from __future__ import annotations

import dataclasses
import math
import re
from contextlib import suppress
from functools import partial
from typing import Annotated, Any, Literal, TypeVar, cast, dataclass_transform, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticKnownError

C = TypeVar("C")
STRICT = ConfigDict(extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)
LONGEST = 60
"""characters of a name"""
NAME = rf"[a-z0-9][a-z0-9_-]{{0,{LONGEST - 1}}}"
NO_NAMES = ("null", "none", "true", "false")
"""what YAML and tables take for something else"""
RULE = (
    f"a name has lower-case letters, digits, hyphens and underscores only, {LONGEST} at most, begins with a letter or digit, "
    f"and is neither a number nor one of {', '.join(NO_NAMES)}"
)
CONVOLUTIONS = (2, 2, 4, 4, 4)
"""in each of VGG-19's five blocks"""
LAYERS = tuple(
    layer
    for block, count in enumerate(CONVOLUTIONS, start=1)
    for layer in (
        *(f"{kind}{block}_{number}" for number in range(1, count + 1) for kind in ("conv", "relu")),
        f"pool{block}",
    )
)
"""of VGG-19, in their order; there is one place for each in torchvision's `vgg19().features`"""


@dataclass_transform(frozen_default=True, field_specifiers=(Field, dataclasses.field))
def section(cls: type[C]) -> type[C]:
    """Makes a class a frozen dataclass whose values are checked by their types: see `ifrp.config.typed`."""
    return cast(type[C], dataclass(frozen=True, config=STRICT)(cls))


def some_weight(*names: str) -> Any:
    """What a section of losses checks if one of those named must have a weight, for else there is nothing to learn from."""

    def some(section: C) -> C:
        if not any(getattr(section, name) for name in names):
            raise ValueError(f"one of {', '.join(names)} must be above 0")
        return section

    return model_validator(mode="after")(some)


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


def _name(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(NAME, value) or value in NO_NAMES or _a_number(value):
        raise ValueError(RULE)
    return value


def _a_number(text: str) -> bool:
    """Whether a table's reader takes it for a number: 7, 1e5, 0x1f, nan, inf."""
    for kind in (float, partial(int, base=0)):
        with suppress(ValueError):
            kind(text)
            return True
    return False


def _layer(name: str) -> str:
    if name not in LAYERS:
        raise ValueError("VGG-19 has conv1_1 to conv5_4, relu1_1 to relu5_4 and pool1 to pool5")
    return name


def _path(text: str) -> str:
    if not text.isprintable():
        raise ValueError("a path has no line breaks and no other control characters")
    return text


def _address(text: str) -> str:
    if text.lower().startswith(("http://", "https://")) and not urlsplit(text).hostname:
        raise ValueError("an address names a server, as in https://server/picture.jpg")
    return text


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _folder(text: str) -> str:
    if set(text) & set("{}"):
        raise ValueError("Snakemake takes braces in what it makes for wildcards; name a folder without")
    return text


def _skips(value: Any) -> Any:
    sides = value if isinstance(value, list | tuple) else [value]
    whole = all(isinstance(side, int) and not isinstance(side, bool) for side in sides)
    if value not in ("none", "all") and not (sides and whole):
        raise ValueError("it must be none, all, or a list of sides in pixels")
    return value


WHOLE, REAL = _number("int_type"), _number("float_type")

Seed = Annotated[int, Field(ge=0, lt=2**32), WHOLE]
Place = Annotated[int, Field(ge=0, le=10**7), WHOLE]
"""of a picture in a stack"""
Count = Annotated[int, Field(ge=1, le=10**7), WHOLE]
"""of pictures or people"""
Few = Annotated[int, Field(ge=1, le=1_000), WHOLE]
Steps = Annotated[int, Field(ge=1, le=10**8), WHOLE]
Natural = Annotated[int, Field(ge=0, le=10**8), WHOLE]
"""of steps, of which there may be none"""
Resamples = Annotated[int, Field(ge=1, le=10**5), WHOLE]
Batch = Annotated[int, Field(ge=1, le=2**14), WHOLE]
Several = Annotated[int, Field(ge=2, le=2**14), WHOLE]
"""a batch that is more than one"""
Pool = Annotated[int, Field(ge=0, le=10**5), WHOLE]
Devices = Annotated[int, Field(ge=1, le=1_024), WHOLE]
Blocks = Annotated[int, Field(ge=0, le=100), WHOLE]
Depth = Annotated[int, Field(ge=1, le=10), WHOLE]
Kernel = Annotated[int, Field(ge=2, le=32, multiple_of=2), WHOLE]
Side = Annotated[int, Field(ge=16, le=2_048), WHOLE]
"""of a picture, in pixels"""
Window = Annotated[int, Field(ge=32, le=2_048), WHOLE]
"""side of what a style network sees, in pixels"""
Weight = Annotated[float, Field(ge=0), REAL]
"""of a loss, whose own scale may be anything"""
Positive = Annotated[float, Field(gt=0, le=1e9), REAL]
Rate = Annotated[float, Field(gt=0, le=10), REAL]
"""a step size"""
Width = Annotated[float, Field(gt=0, le=8), REAL]
"""factor on the channels of a network"""
Minutes = Annotated[float, Field(ge=0, le=10**5), REAL]
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
Scale = Annotated[float, Field(gt=0, le=10), REAL]
Rising = Annotated[tuple[Scale, Scale], AfterValidator(_rising)]
Edge = Annotated[float, Field(ge=0, le=10**5), REAL]
Extent = Annotated[float, Field(gt=0, le=10**5), REAL]
Box = tuple[Edge, Edge, Extent, Extent]
"""left, top, width, height, in pixels"""
Inside = Annotated[tuple[Share, Share, Part, Part], AfterValidator(_inside)]
"""the same, as fractions of the picture's side"""
Layer = Annotated[str, AfterValidator(_layer), WithJsonSchema({"enum": list(LAYERS)})]
"""of VGG-19"""
Layers = Annotated[tuple[Layer, ...], Field(min_length=1)]
Skips = Annotated[Any, BeforeValidator(_skips)]
Name = Annotated[str, BeforeValidator(_name), WithJsonSchema({"type": "string", "pattern": f"^{NAME}$"})]
"""of an experiment, a warp, a recogniser, a style, a table of ablations: it is in names of files and in commands"""
File = Annotated[str, AfterValidator(_path)]
"""path of a file or folder, or what stands for one"""
Address = Annotated[File, AfterValidator(_address)]
"""the same, or an address"""
Folder = Annotated[File, AfterValidator(_folder)]
"""that a rule writes to"""
StyleSplit = Literal["seen", "unseen", "sketch"]
STYLE_SPLITS: tuple[str, ...] = get_args(StyleSplit)
Digest = Annotated[str, BeforeValidator(_lower), Field(pattern="^([0-9a-f]{64})?$")]
"""SHA-256, or nothing"""
Keys = dict[str, Any]
"""what a method or an experiment changes; `ifrp.config.experiments` checks them by the method's own section"""
Entry = Annotated[Keys, WithJsonSchema({"type": ["object", "null"]})]
"""an experiment; `ifrp.config.build` takes those that are null out before the rest is checked"""
