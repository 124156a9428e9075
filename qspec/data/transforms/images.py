"""Transforms of images: decode-image, resize, center-crop; by Pillow, with interpolation and antialiasing named."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from qspec.data.limits import DEFAULT_LIMITS
from qspec.data.paths import inside
from qspec.data.table import Array
from qspec.data.transforms import Arguments, Transform, transform
from qspec.errors import NotExecutableError, QSpecError, one_line

if TYPE_CHECKING:
    from pathlib import Path

_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "PPM")
"""What is decoded; Pillow's other formats run more code than a data set needs."""
_MODES = {"rgb": "RGB", "grey": "L"}
_WIDEST = 16_384
"""Most pixels of one side that an image is resized to."""
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos", "box")


@transform("decode-image", "pre")
def decode_image(arguments: Arguments) -> Transform:
    """`decode-image(rgb)`: paths of image files as uint8 (height, width, 3), or (height, width, 1) for `grey`.

    PNG, JPEG, WebP, BMP and PPM; transparency is dropped, and an orientation noted in the file is not applied. Of
    grey samples of 16 bits the higher 8 are kept (value // 256): what Pillow does to colours in PNG, and OpenCV to both.
    """
    mode = arguments.word("mode", "rgb")
    if mode not in _MODES:
        raise QSpecError(f"Images are decoded as {' or '.join(_MODES)}, not as {mode}.")
    files = arguments.place()
    files.used["pillow"] = _pillow().__version__
    root = files.root

    def run(array: Array) -> Array:
        if array.dtype.kind != "U" or array.ndim != 1:
            raise QSpecError(
                f"decode-image takes paths of images, and the column holds {array.dtype}.",
                hint="map the column `image` of a folder of images to the input",
            )
        return _together(_decoded(root, str(path), _MODES[mode]) for path in array)

    return run


@transform("resize", "pre")
def resize(arguments: Arguments) -> Transform:
    """`resize(224, 224)`: to a height and a width; `resize(256)`: the shorter side to 256, the longer in proportion.

    `interpolation` is nearest, bilinear (unless given), bicubic, lanczos or box. With `antialias: true` (unless given)
    an image is shrunk by averaging over all pixels that a new one covers, as Pillow does; with `false` each new pixel
    comes from the nearest few alone (nearest and bilinear), as OpenCV does. The longer side is rounded down.
    """
    sizes = arguments.integers("sizes")
    kind = arguments.word("interpolation", "bilinear") or "bilinear"
    antialias = arguments.flag("antialias", True)
    _check_sizes("resize", sizes)
    if kind not in INTERPOLATIONS or not (antialias or kind in ("nearest", "bilinear")):
        raise QSpecError(
            f"Images are not resized by {kind}{'' if antialias else ' without antialiasing'}.",
            hint=f"interpolations are {', '.join(INTERPOLATIONS)}; without antialiasing nearest and bilinear",
        )
    if arguments.files is not None:
        arguments.files.used["pillow"] = _pillow().__version__
    change = _averaged if antialias else _sampled

    def run(array: Array) -> Array:
        return _each(array, "resize", lambda image: change(image, *_target(image, sizes), kind))

    return run


@transform("center-crop", "pre")
def center_crop(arguments: Arguments) -> Transform:
    """`center-crop(224)`, `center-crop(height, width)`: the middle of an image; a smaller image is an error.

    Where as many pixels cannot fall on both sides, the one more is rounded as torchvision does, to even.
    """
    sizes = arguments.integers("sizes")
    _check_sizes("center-crop", sizes)
    height, width = sizes[0], sizes[-1]

    def crop(image: Array) -> Array:
        if image.shape[0] < height or image.shape[1] < width:
            raise QSpecError(
                f"An image of {image.shape[0]} x {image.shape[1]} pixels is too small for a crop of {height} x {width}.",
                hint="resize before the crop",
            )
        top, left = round((image.shape[0] - height) / 2), round((image.shape[1] - width) / 2)
        return image[top : top + height, left : left + width]

    return lambda array: _each(array, "center-crop", crop)


def _check_sizes(name: str, sizes: list[int]) -> None:
    if len(sizes) not in (1, 2) or not all(0 < size <= _WIDEST for size in sizes):
        raise QSpecError(
            f"The transform {name} takes one size or a height and a width, from 1 to {_WIDEST:,} pixels."
        )


def _target(image: Array, sizes: list[int]) -> tuple[int, int]:
    """Height and width after resizing."""
    if len(sizes) == 2:
        return sizes[0], sizes[1]
    height, width = image.shape[:2]
    longer = int(sizes[0] * max(height, width) / min(height, width))
    if longer > _WIDEST:
        raise QSpecError(f"An image of {height} x {width} pixels would be {longer:,} pixels long.")
    return (sizes[0], longer) if height <= width else (longer, sizes[0])


def _averaged(image: Array, height: int, width: int, kind: str) -> Array:
    pillow = _pillow().Image
    filter = getattr(pillow.Resampling, kind.upper())
    channels = [
        np.asarray(pillow.fromarray(np.ascontiguousarray(image[:, :, c])).resize((width, height), filter))
        for c in range(image.shape[2])
    ]
    return np.stack(channels, axis=2)


def _sampled(image: Array, height: int, width: int, kind: str) -> Array:
    """From the pixels nearest to each new pixel's centre (half-pixel centres)."""
    rows, row_share = _places(image.shape[0], height, kind)
    columns, column_share = _places(image.shape[1], width, kind)
    if kind == "nearest":
        nearest: Array = image[rows[:, 0][:, None], columns[:, 0][None, :]]
        return nearest
    wide = image.astype(np.float32)
    across = (1 - row_share)[:, None, None] * wide[rows[:, 0]] + row_share[:, None, None] * wide[rows[:, 1]]
    left, right = across[:, columns[:, 0]], across[:, columns[:, 1]]
    mixed = (1 - column_share)[None, :, None] * left + column_share[None, :, None] * right
    return np.asarray(np.rint(mixed)).clip(0, 255).astype(np.uint8)


def _places(old: int, new: int, kind: str) -> tuple[Array, Array]:
    """For each new place the two old ones beside it, (new, 2), and the share of the second."""
    centres = (np.arange(new) + 0.5) * (old / new) - (0 if kind == "nearest" else 0.5)
    first = np.floor(centres).astype(np.int64)
    share = (centres - first).astype(np.float32)
    return np.stack([first, first + 1], axis=1).clip(0, old - 1), share


def _each(array: Array, name: str, change: Callable[[Array], Array]) -> Array:
    """One image after the other, (height, width, channels) of uint8 each."""

    def changed() -> Iterable[Array]:
        for image in array:
            if not isinstance(image, np.ndarray) or image.ndim != 3 or image.dtype != np.uint8:
                raise QSpecError(
                    f"The transform {name} takes images, uint8 of (height, width, channels).",
                    hint="decode first, and cast, scale or transpose afterwards",
                )
            yield change(image)

    return _together(changed())


def _together(images: Iterable[Array]) -> Array:
    """Images as one array where they are of one size, else as an array of arrays."""
    every = list(images)
    if len({image.shape for image in every}) == 1:
        return np.stack(every)
    ragged = np.empty(len(every), dtype=np.object_)
    for place, image in enumerate(every):
        ragged[place] = image
    return ragged


def _decoded(root: Path, name: str, mode: str) -> Array:
    pillow = _pillow().Image
    path = inside(root, name, what="image")
    DEFAULT_LIMITS.check("text_bytes", path.stat().st_size, f"The size of {name}, in bytes,")
    try:
        with warnings.catch_warnings(), _own_cap(pillow):
            warnings.simplefilter("ignore")  # damage to metadata, and sizes under our own cap
            with pillow.open(io.BytesIO(path.read_bytes()), formats=_FORMATS) as image:
                pixels = image.width * image.height
                DEFAULT_LIMITS.check("image_pixels", pixels, f"The number of pixels of {name}")
                array = np.asarray(_of_bytes(image, pillow).convert(mode), dtype=np.uint8)
    except QSpecError:
        raise
    except Exception as error:  # a damaged file raises what its decoder happens to meet
        raise QSpecError(
            f"The image {name} cannot be decoded ({_reason(error)}).",
            hint=f"images are {', '.join(_FORMATS)} files",
        ) from None
    return array.reshape(*array.shape[:2], -1)


def _of_bytes(image: Any, pillow: Any) -> Any:
    """The image with samples of 8 bits: Pillow's own conversion of grey ones of 16 cuts off at 255 instead of scaling."""
    if image.mode == "F":
        raise ValueError("its samples are fractions, whose range no file tells")
    if not image.mode.startswith("I"):
        return image
    return pillow.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8))


def _reason(error: Exception) -> str:
    """What a decoder says, without the objects and addresses of this process."""
    if type(error).__name__ == "UnidentifiedImageError":
        return "its beginning is that of no image"
    return re.sub(r"\s*<[^<>]* at 0x[0-9a-fA-F]+>", "", one_line(error))


@contextmanager
def _own_cap(pillow: Any) -> Iterator[None]:
    """Within it Pillow's own cap of pixels does not hold: ours is lower, has a name, and can be raised."""
    before, pillow.MAX_IMAGE_PIXELS = pillow.MAX_IMAGE_PIXELS, None
    try:
        yield
    finally:
        pillow.MAX_IMAGE_PIXELS = before


def _pillow() -> Any:
    try:
        import PIL.Image
    except ImportError:
        raise NotExecutableError(
            "Images need the package Pillow, which is not installed.", hint='pip install "qspec[images]"'
        ) from None
    return PIL
