"""Portraits of anybody's, in Python: `ifrp.load()` gives a `Model`, whose `recover` turns pictures into faces.

import ifrp

model = ifrp.load()
result = model.recover("painting.jpg")
result.face.save("face.png")
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeVar, overload

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ifrp import paths, runtime, stacks
from ifrp.config import Calibration, Config, Runtime
from ifrp.errors import IfrpError
from ifrp.faces import geometry
from ifrp.faces.find import Finder, Found
from ifrp.faces.pictures import Skip, decode, reduced, rgb
from ifrp.recovery import apply, model
from ifrp.recovery.calibration import calibrate
from ifrp.recovery.inference import optimised
from ifrp.recovery.method import Method

T = TypeVar("T")
Picture = Image.Image | NDArray[np.uint8] | str | Path
"""a Pillow image, an array (H, W, 3) uint8 RGB or (H, W) grey, or the path of a picture file"""
UNSURE = 0.95
"""confidence of MTCNN below which a face is doubtful; in photographs it is nearly always above"""
SMALL = 20
"""pixels between the eyes below which a picture holds less than a portrait of 128 pixels shows"""
CROPPED = 0.1
"""share of the side by which the corners of a face may miss those of a picture that is taken as it is"""
TURNED = 60
"""degrees beyond which a face was not found in the picture as it is, but only when that was turned"""


@dataclass(frozen=True)
class Portrait:
    """A portrait as a model sees it.

    Attributes:
        image: (S, S, 3) uint8, the face upright where it was found.
        place: (2, 3), which takes a point of `image` to the upright picture in its file's pixels, see `ifrp.faces.geometry`;
            none if the picture was taken for a face.
        confidence: of the face finder, 0 to 1; none if it was not asked.
        warnings: why not to trust what is recovered, a sentence each.
    """

    image: stacks.Images
    place: geometry.Matrix | None = None
    confidence: float | None = None
    warnings: tuple[str, ...] = ()

    @property
    def box(self) -> tuple[int, int, int, int] | None:
        """Left, top, right and bottom of the upright rectangle around it in the picture, in pixels; none as for `place`."""
        if self.place is None:
            return None
        corners = geometry.corners(self.place, len(self.image))
        (left, top), (right, bottom) = corners.min(1), corners.max(1)
        return round(left), round(top), round(right), round(bottom)


@dataclass(frozen=True)
class Recovered:
    """What a model made of one portrait.

    Attributes:
        face: the recovered face, RGB. It is a guess, and must not be used to identify anybody.
        portrait: the portrait as the model saw it, and where it lay in the picture.
    """

    face: Image.Image
    portrait: Portrait

    @property
    def compared(self) -> Image.Image:
        """Portrait and face side by side."""
        return Image.fromarray(np.concatenate([self.portrait.image, np.asarray(self.face)], axis=1))


class Model:
    """A trained method with what it needs to take in anybody's pictures. Make one by `ifrp.load`.

    Attributes:
        name: of the model, for messages.
        size: side of portraits and faces, in pixels.
        header: of its model file.
    """

    def __init__(
        self,
        name: str,
        method: Method[Any],
        device: torch.device,
        header: Mapping[str, str] | None = None,
        exact: bool = False,
    ) -> None:
        """Takes a method that is ready to recover.

        Args:
            name: for messages.
            method: see `ifrp.recovery.method`.
            device: where its networks are.
            header: of its model file, if it has one, see `ifrp.recovery.model`; `landmarks` there says where eyes and mouth
                lie in its faces (three points, as fractions of the side), without which faces cannot be looked for.
            exact: see `load`.
        """
        self.name, self.method, self.device, self.size = name, method, device, method.size
        self.header, self.exact = dict(header or {}), exact
        self._fast: Method[Any] | None = None

    def calibrate(self, images: stacks.Images, settings: Calibration) -> None:
        """Calibrates the method on portraits of one style: see `ifrp.recovery.calibration`."""
        calibrate(self.method, images, settings, self.device)
        self._fast = None

    @cached_property
    def landmarks(self) -> geometry.Matrix:
        """Where eyes and mouth lie in its faces: (3, 2), in pixels.

        Raises:
            IfrpError: its file does not say.
        """
        if "landmarks" not in self.header:
            raise IfrpError(
                f"{self.name} does not say where eyes and mouth lie in its faces, so it cannot take a face from a picture: "
                "use a released model (`ifrp recovery release`), or crop the portraits yourself and say that they are aligned."
            )
        return self.size * np.array(json.loads(self.header["landmarks"]))

    @cached_property
    def _finder(self) -> Finder:  # loaded for the first picture in which a face is looked for
        return Finder()

    @overload
    def recover(self, pictures: Picture, *, aligned: bool = False) -> Recovered: ...
    @overload
    def recover(
        self, pictures: list[Picture] | tuple[Picture, ...], *, aligned: bool = False
    ) -> list[Recovered]: ...
    def recover(
        self, pictures: Picture | list[Picture] | tuple[Picture, ...], *, aligned: bool = False
    ) -> Recovered | list[Recovered]:
        """Recovers the largest face of a picture, or of each of several.

        Args:
            pictures: one, or several.
            aligned: the picture is a face already, cropped as the training faces were; without it the face is looked for.

        Raises:
            IfrpError: one of them is no picture, or no face was found in it; with its name or place.
        """
        if isinstance(pictures, (Image.Image, np.ndarray, str, Path)):
            return self.recover([pictures], aligned=aligned)[0]
        seen = [
            self._seen(picture, f"Picture {number}", aligned=aligned)[0]
            for number, picture in enumerate(pictures, start=1)
        ]
        return list(self.faces(seen))

    def recover_all(self, picture: Picture) -> list[Recovered]:
        """Recovers every face in a picture, the largest first.

        Raises:
            IfrpError: it is no picture, or no face was found in it.
        """
        return list(self.faces(self._seen(picture, "Picture", every=True)))

    def _seen(self, picture: Picture, name: str, **how: bool) -> list[Portrait]:
        try:
            return self.portraits(opened(picture), **how)
        except Skip as reason:
            named = picture if isinstance(picture, (str, Path)) else name
            raise IfrpError(f"{named}: {reason}.") from reason

    def portraits(
        self, picture: Image.Image, *, aligned: bool = False, every: bool = False
    ) -> list[Portrait]:
        """The portraits in an RGB picture as the model sees them: of the largest face, or of every one.

        Raises:
            Skip: no face was found, or none that is sure enough.
            IfrpError: the model does not know where eyes and mouth lie in its faces.
        """
        if aligned:
            return [Portrait(fit(picture, self.size))]
        goal = self.landmarks
        found = self._finder.faces(picture, every=every)
        seen = []
        for face in found if every else found[:1]:
            place = settled(geometry.similar(face.points, goal), self.size, picture.size)
            told = warnings(face, place, 1 if every else len(found))
            image = geometry.cut(picture, place, self.size)
            seen.append(Portrait(image, reduced(picture) * place, face.confidence, told))
        return seen

    def faces(self, portraits: Iterable[Portrait]) -> Iterator[Recovered]:
        """What the networks make of portraits, batch by batch, so that any number of them fits in memory."""
        self._fast = self._fast or optimised(self.method, self.device, False if self.exact else None)
        for batch in batches(portraits, self.device):
            images = np.stack([portrait.image for portrait in batch])
            for faces in apply.recover(self._fast, images, self.device):
                for portrait, face in zip(batch, faces, strict=True):
                    yield Recovered(Image.fromarray(face), portrait)


def load(
    name: str | Path = "ifrp-plus", device: Literal["auto", "cpu", "cuda"] = "auto", exact: bool = False
) -> Model:
    """A model by its name or file.

    Args:
        name: `ifrp-plus` or `small`, which come with the package; an experiment that was trained in this folder; a
            .safetensors file; a folder in the layout of the Hugging Face hub; or `owner/name` on the hub.
        device: cpu, cuda, or auto, which takes a GPU if there is one.
        exact: never compute in bfloat16. Processors that have it are faster with it, and recover faces that differ from
            those of others by a PSNR of some 55 dB, a few levels at most.

    Raises:
        IfrpError: there is no such model, or it is damaged, or there is no GPU though one is asked for.
    """
    path = find(str(name))
    config = Config(runtime=Runtime(device=device))
    where = runtime.device(config.runtime)
    method = model.load(path, where)
    method.prepare(config, where, training=False)
    return Model(str(name), method, where, model.header(path), exact)


def find(name: str) -> Path:
    """The file of a model: itself, in a folder, with the package, an experiment's, released or trained here, or on the hub.

    Raises:
        IfrpError: there is none.
    """
    if Path(name).suffix.lower() == ".safetensors" and not Path(name).is_dir():
        return Path(name)
    if Path(name).is_dir():
        return Path(name, "model.safetensors")
    for path in (paths.shipped(name), paths.released(name), paths.recovery_model(name)):
        if path.exists():
            return path
    if name.count("/") == 1:
        return _downloaded(name)
    others = ", ".join(shipped())
    raise IfrpError(
        f"There is no model {name}: it is no .safetensors file, none of those that come with the package ({others}), "
        f"and {paths.recovery_model(name)} does not exist."
    )


def _downloaded(name: str) -> Path:
    try:
        from huggingface_hub import hf_hub_download
    except ModuleNotFoundError as error:
        raise IfrpError(
            f"There is no folder {name}; to take it for a model on the Hugging Face hub, `pip install huggingface_hub`."
        ) from error
    try:
        return Path(hf_hub_download(name, "model.safetensors"))
    except Exception as error:  # its own, requests' and httpx's
        raise IfrpError(
            f"There is neither a folder {name} nor a model of that name on the Hugging Face hub: {error}"
        ) from error


def shipped() -> list[str]:
    """Names of the models that come with the package."""
    return sorted(file.stem for file in paths.SHIPPED.glob("*.safetensors"))


def opened(picture: Picture) -> Image.Image:
    """A picture of any kind as upright RGB.

    Raises:
        Skip: it is none.
    """
    if isinstance(picture, np.ndarray):
        if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or picture.shape[2:] not in ((), (3,)):
            raise Skip(f"an array {picture.dtype} {picture.shape} is no picture; make it uint8 (H, W, 3)")
        if not picture.size:
            raise Skip("it has no pixels")
        return Image.fromarray(picture).convert("RGB")
    try:
        if isinstance(picture, Image.Image):
            return rgb(picture)
        return decode(Path(picture).read_bytes())
    except (OSError, ValueError) as error:
        raise Skip(f"it cannot be read: {getattr(error, 'strerror', None) or error}") from error


def fit(picture: Image.Image, size: int) -> stacks.Images:
    """The central square of an RGB picture, resized: (size, size, 3) uint8."""
    square = ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC)
    return np.asarray(square)


def settled(place: geometry.Matrix, size: int, picture: tuple[int, int]) -> geometry.Matrix:
    """The place of a face, or that of the whole picture's central square if it is nearly that.

    A picture that was cropped as in training is so taken as it is, for MTCNN is not sure of eyes and mouth to the pixel.

    Args:
        place: (2, 3), see `ifrp.faces.geometry`.
        size: side of the window, in pixels.
        picture: width and height, in pixels.
    """
    whole = central(picture, size)
    missed = geometry.corners(place, size) - geometry.corners(whole, size)
    return whole if np.abs(missed).max() <= CROPPED * min(picture) else place


def central(picture: tuple[int, int], size: int) -> geometry.Matrix:
    """Place of the central square of a picture of so many pixels (width, height), for a window of `size` pixels."""
    side = min(picture)
    return geometry.crop(((picture[0] - side) / 2, (picture[1] - side) / 2, side, side), size)


def batches(items: Iterable[T], device: torch.device) -> Iterator[list[T]]:
    """As many at a time as networks on a device take."""
    rest, count = iter(items), runtime.batch(apply.BATCH, device)
    while batch := list(islice(rest, count)):
        yield batch


def warnings(face: Found, place: geometry.Matrix, faces: int) -> tuple[str, ...]:
    """Why not to trust what is recovered of the first of so many faces, a sentence each."""
    between = float(np.linalg.norm(face.points[1] - face.points[0]))
    turn = float(np.degrees(np.arctan2(place[1, 0], place[0, 0])))
    told = {
        f"it may be no face (confidence {face.confidence:.2f})": face.confidence < UNSURE,
        f"it is small: {between:.0f} pixels between the eyes": between < SMALL,
        f"it is turned by {abs(turn):.0f} degrees": abs(turn) > TURNED,
        f"it is the largest of {faces} faces": faces > 1,
    }
    return tuple(sentence for sentence, holds in told.items() if holds)
