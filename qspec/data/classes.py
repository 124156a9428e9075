"""Class numbers out of the names of classes, and truth values out of words."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qspec.data.table import Array, listed
from qspec.errors import QSpecError

_TRUTHS = {"true": 1.0, "false": 0.0, "": np.nan}


def class_numbers(names: Array, classes: Sequence[str], where: str) -> NDArray[np.int64]:
    """The place of each name (n,) in the list of classes, (n,); `where` begins the sentence about one not in it.

    Raises `QSpecError` for an unknown name, with the nearest class.
    """
    numbers = {name: number for number, name in reversed(list(enumerate(classes)))}
    found, places = np.unique(names, return_inverse=True)
    texts = [str(name) for name in found]
    unknown = next((text for text in texts if text not in numbers), None)
    if unknown is not None:
        near = difflib.get_close_matches(unknown, classes, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise QSpecError(
            f"{where} {unknown!r}, which is no class of the data set.",
            hint=f"{hint}its classes are {listed(classes)}",
            rule="QS905",
        )
    return np.asarray([numbers[text] for text in texts], dtype=np.int64)[places]


def truth_values(texts: Array) -> NDArray[np.float64] | None:
    """1 for true, 0 for false, NaN for an empty text, whatever the case, (n,); None where a text is none of them."""
    found, places = np.unique(texts, return_inverse=True)
    words = [str(text).strip().lower() for text in found]
    if not set(words) <= _TRUTHS.keys() or not any(words):
        return None
    return np.asarray([_TRUTHS[word] for word in words])[places]
