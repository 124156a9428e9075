"""What text formats share: size caps, decoding, and columns of cells made into typed arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qspec.data.limits import Limits
from qspec.data.table import Array, Table
from qspec.errors import Place, QSpecError


def read_text(path: Path, limits: Limits) -> str:
    """The file's text, UTF-8 with or without a byte order mark."""
    limits.check("text_bytes", path.stat().st_size, f"The size of {path.name}, in bytes,")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise QSpecError(
            f"{path.name} is not UTF-8 text: byte {error.start} cannot be decoded.",
            place=Place(str(path)),
            hint="convert it to UTF-8",
        ) from error


def typed_table(cells: Mapping[str, Sequence[Any]], path: Path) -> Table:
    """A table of columns of Python values: booleans, integers, floats, text, or lists of numbers or texts of one shape.

    None becomes NaN among numbers; among other values it is an error.
    """
    return Table.of({name: _typed(name, values, path) for name, values in cells.items()}, path.name)


def _texts(values: Any) -> bool:
    """Whether lists hold nothing but texts, since numpy would make texts of numbers beside them."""
    return all(_texts(value) if isinstance(value, list) else isinstance(value, str) for value in values)


def _typed(name: str, values: Sequence[Any], path: Path) -> Array:
    kinds = {type(value) for value in values}
    try:
        if kinds <= {bool}:
            return np.asarray(values, dtype=np.bool_)
        if kinds <= {int}:
            return np.asarray(values, dtype=np.int64)
        if kinds <= {int, float, type(None)} and kinds != {type(None)}:
            return np.asarray([np.nan if value is None else value for value in values], dtype=np.float64)
        if kinds <= {str}:
            return np.asarray(values, dtype=np.str_)
        if kinds <= {list}:
            array = np.asarray(values)
            if array.dtype.kind in "iufb" or (array.dtype.kind == "U" and _texts(values)):
                return array
    except (ValueError, OverflowError) as error:
        raise QSpecError(
            f"The column {name!r} of {path.name} cannot be held as one array ({error}).",
            place=Place(str(path)),
        ) from error
    found = ", ".join(sorted("null" if kind is type(None) else kind.__name__ for kind in kinds))
    raise QSpecError(
        f"The column {name!r} of {path.name} mixes kinds of values: {found}.",
        place=Place(str(path)),
        hint="a column holds booleans, integers, numbers, text, or lists of numbers or of texts of one length",
    )
