"""A folder of images, a folder a class: `images/cat/1.png`, or `images/test/cat/1.png` with splits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from qspec.data.classes import class_numbers
from qspec.data.limits import Limits
from qspec.data.paths import files_below
from qspec.data.table import Array, Table
from qspec.errors import Place, QSpecError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".ppm"})
"""Images that are read; other files in the folder are left out."""


def read_images(folder: Path, root: Path, limits: Limits) -> Table:
    """The images of a folder, in the order of their paths; none is opened.

    Columns: `image`, the path from the root, which the transform decode-image reads; `class`, the name of the last
    folder; `label`, its number in alphabetical order; `file`, the path in the folder; and `split`, the first folder,
    where there are two levels. Raises `QSpecError` where there is no image or folders are of several depths.
    """
    names = [name for name in files_below(folder) if Path(name).suffix.lower() in SUFFIXES]
    limits.check("rows", len(names), f"The number of images of {folder.name}")
    parts = [name.split("/") for name in names]
    depths = {len(part) for part in parts}
    if len(depths) != 1 or not depths <= {2, 3}:
        what = (
            "holds no image"
            if not names
            else "holds images at other depths than CLASS/NAME or SPLIT/CLASS/NAME"
        )
        raise QSpecError(
            f"The folder {folder.name} {what}.",
            place=Place(str(folder)),
            hint=f"put each image into a folder of its class; images are {', '.join(sorted(SUFFIXES))}",
        )
    classes, labels = np.unique([part[-2] for part in parts], return_inverse=True)
    start = folder.relative_to(root).as_posix()
    columns: dict[str, Array] = {
        "image": np.asarray([f"{start}/{name}" for name in names]),
        "class": classes[labels],
        "label": labels.astype(np.int64),
        "file": np.asarray(names),
    }
    if depths == {3}:
        columns["split"] = np.asarray([part[0] for part in parts])
    return Table.of(columns, folder.name)


def number_classes(table: Table, classes: Sequence[str]) -> None:
    """Number the classes of a folder's images in the order declared; raises `QSpecError` for one not declared."""
    table.put("label", class_numbers(table.column("class"), classes, f"{table.source} has a folder"))
