"""Prediction arrays by name: their axes and types, and the checks every array passes on its way in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qspec.errors import LimitError, QSpecError, cap
from qspec.metrics.parameters import spoken

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]
    IntArray = npt.NDArray[np.int64]
    BoolArray = npt.NDArray[np.bool_]
    Array = npt.NDArray[Any]


MAX_CELLS = 250_000_000
"""Most cells of one array that is made here: 2 GB of float64."""


def any_column(table: BoolArray) -> BoolArray:
    """Which rows (n,) of a table (n, c) hold a true cell: column by column where there are few, which is much faster."""
    import numpy as np

    if table.shape[1] > 8:
        return np.asarray(table.any(axis=1))
    found = np.zeros(len(table), dtype=np.bool_)
    for column in table.T:
        found |= column
    return found


def must_fit(cells: int, what: str) -> None:
    """Raise `LimitError` when an array of `cells` numbers would go over the cap; `what` is its subject."""
    if cells > (most := cap("cells", MAX_CELLS)):
        raise LimitError.over("cells", most, f"{what} would take {cells:,} numbers")


@dataclass(frozen=True)
class Field:
    """One array: its least and greatest number of axes, and what it holds."""

    low: int
    high: int
    kind: str
    doc: str


FIELDS = {
    "logits": Field(2, 2, "float", "raw scores of C classes or choices"),
    "probabilities": Field(2, 2, "float", "probabilities of C classes"),
    "prediction": Field(1, 4, "integer", "predicted class, or a map of classes"),
    "label": Field(1, 4, "integer", "true class, or a map of classes"),
    "score": Field(1, 1, "float", "score of the positive class, or similarity"),
    "confidence": Field(1, 1, "float", "probability given to the answer"),
    "correct": Field(
        1, 1, "float", "1 where the answer is right, in all of its parts; of a ranking the first item"
    ),
    "output": Field(1, 8, "float", "predicted values"),
    "target": Field(1, 8, "float", "true values"),
    "embedding": Field(2, 2, "float", "embedding vectors"),
    "choice-lengths": Field(2, 2, "float", "length of every choice, in the unit that normalizes"),
    "ranking": Field(2, 2, "integer", "retrieved items, best first; -1 pads"),
    "gains": Field(2, 2, "float", "relevance of every retrieved item, best first"),
    "outranked": Field(
        1, 1, "float", "share of the other items that score below the relevant one, ties counting half"
    ),
    "relevant": Field(1, 1, "float", "number of relevant items in the collection"),
    "ideal": Field(2, 2, "float", "relevances of the best possible ranking, in falling order; 0 pads"),
    "loss": Field(1, 1, "float", "negative log-likelihood of the example, in nats"),
    "tokens": Field(1, 1, "float", "tokens scored in the example"),
    "words": Field(1, 1, "float", "words of the example"),
    "bytes": Field(1, 1, "float", "UTF-8 bytes of the example"),
    "characters": Field(1, 1, "float", "characters of the example"),
    "passed": Field(1, 1, "float", "samples of the problem that passed its tests"),
    "samples": Field(1, 1, "float", "samples drawn for the problem"),
    "text": Field(1, 1, "text", "produced text"),
    "reference": Field(1, 1, "text", "true text, or a list of them"),
    "detections": Field(1, 1, "ragged", "an (m, 6) array an image: x1, y1, x2, y2, score, class"),
    "objects": Field(1, 1, "ragged", "a (g, 5 or 6) array an image: x1, y1, x2, y2, class, crowd"),
}


def validated(name: str, values: object) -> Array | list[Any]:
    """`values` as the array `name`: numeric arrays as given, texts and boxes as a list an example.

    Raises `QSpecError` for an unknown name, a wrong number of axes, a wrong type, NaN or infinite values, and for
    probabilities that are none.
    """
    field = FIELDS.get(name)
    if field is None:
        raise QSpecError(f"Predictions have no array called {name}; they have {spoken(list(FIELDS))}.")
    return _sequence(name, field, values) if field.kind in ("text", "ragged") else _array(name, field, values)


def _array(name: str, field: Field, values: object) -> Array:
    import numpy as np

    array = np.asarray(values)
    if not field.low <= array.ndim <= field.high:
        axes = f"{field.low}" if field.low == field.high else f"{field.low} to {field.high}"
        raise QSpecError(
            f"The array {name} should have {axes} axes; its shape is {array.shape}.", hint=field.doc
        )
    if field.kind == "integer":
        if array.dtype.kind == "b" or (array.size == 0 and array.dtype.kind == "f"):
            return array.astype(np.int64)
        if array.dtype.kind not in "iu":
            raise QSpecError(
                f"The array {name} should hold whole numbers; its type is {array.dtype}.", hint=field.doc
            )
        return array
    if array.dtype.kind not in "fiub":
        raise QSpecError(f"The array {name} should hold numbers; its type is {array.dtype}.", hint=field.doc)
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise QSpecError(
            f"The array {name} holds values that are not numbers (NaN).",
            hint="a model that answers NaN overflowed, most often in a narrow floating type",
        )
    if array.dtype.kind == "f" and np.isposinf(array).any():
        raise QSpecError(f"The array {name} holds infinite values.")
    if name == "probabilities":
        _check_probabilities(array)
    return array


_BEYOND = 1e-6
"""How far beyond 0 and 1 arithmetic may carry a probability."""
_ROUNDED = 0.02
"""How far from 1 the probabilities of an example may add, written with two digits."""


def _check_probabilities(array: Array) -> None:
    """Raise `QSpecError` for values outside 0 to 1, and rows of several classes that do not add to about 1."""
    import numpy as np

    if not array.size:
        return
    hint = "give per cent divided by 100, and raw scores as `logits`"
    low, high = float(array.min()), float(array.max())
    if low < -_BEYOND or high > 1 + _BEYOND:
        worst = low if low < -_BEYOND else high
        raise QSpecError(
            f"The array probabilities holds {worst:g}, and a probability lies between 0 and 1.", hint=hint
        )
    total = array.sum(axis=1, dtype=np.float64)
    wrong = np.flatnonzero(np.abs(total - 1) > _ROUNDED)
    if array.shape[1] > 1 and wrong.size:
        raise QSpecError(
            f"The array probabilities adds to {total[wrong[0]]:.4g} over the classes of example {wrong[0]} (counted from 0) "
            f"and to something else than 1 in {wrong.size} of {len(array)}.",
            hint=hint,
        )


def _sequence(name: str, field: Field, values: object) -> list[Any]:
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise QSpecError(f"The array {name} should hold one entry an example.", hint=field.doc)
    items = list(values)
    if field.kind == "ragged":
        return [_boxes(name, item) for item in items]
    for item in items:
        parts = item if name == "reference" and isinstance(item, list | tuple) else [item]
        if not parts or not all(isinstance(part, str) for part in parts):
            raise QSpecError(
                f"The array {name} should hold texts; one entry is {item!r:.60}.", hint=field.doc
            )
    return items


def _boxes(name: str, item: object) -> FloatArray:
    import numpy as np

    boxes = np.asarray(item, dtype=np.float64)
    widths = (6,) if name == "detections" else (5, 6)
    if boxes.size == 0:
        return boxes.reshape(0, 6)
    if boxes.ndim != 2 or boxes.shape[1] not in widths or not np.isfinite(boxes).all():
        raise QSpecError(
            f"The array {name} should hold finite boxes; one image has shape {boxes.shape}.",
            hint=f"{name} is: {FIELDS[name].doc}",
        )
    # The crowd flag may be left out; every image then has none.
    return np.pad(boxes, ((0, 0), (0, 6 - boxes.shape[1])))
