"""Examples of a data set as a model takes them: inputs by name, labels, batches; everything checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from qspec.data.classes import class_numbers, truth_values
from qspec.data.pipeline import Steps
from qspec.data.table import WHOLE, Array, Table
from qspec.errors import QSpecError
from qspec.model.artifact import Dataset


def input_columns(dataset: Dataset, table: Table) -> dict[str, str]:
    """Model input to column, as declared; raises `QSpecError` for none or a missing column."""
    members = dataset.inputs.members if dataset.inputs else {}
    if not members:
        raise QSpecError(
            f"The data set in {table.source} does not say which column feeds which input of the model.",
            hint="add `inputs { INPUT: COLUMN }`",
            rule="QS902",
        )
    for column in members.values():
        table.require(column)
    return dict(members)


def inputs(
    dataset: Dataset, table: Table, indices: NDArray[np.int64], steps: Steps | None = None
) -> dict[str, Array]:
    """The model's inputs for the rows `indices`, first axis the examples, after the pipeline's `pre` steps.

    Raises `QSpecError` when an input is neither numbers nor booleans nor text, or holds NaN or infinity.
    """
    feeds = {name: table.take(column, indices) for name, column in input_columns(dataset, table).items()}
    feeds = steps.before(feeds) if steps is not None else feeds
    for name, array in feeds.items():
        check_finite(array, f"The input {name}", table.source)
    return feeds


class Lazy:
    """Examples of one model input, read and transformed when they are asked for, so that they are never all in memory."""

    def __init__(
        self, name: str, column: str, table: Table, indices: NDArray[np.int64], steps: Steps | None
    ) -> None:
        self._name, self._column, self._table, self._steps = name, column, table, steps
        self._indices = indices
        first = self[0:1]
        self.shape, self.dtype = (len(indices), *first.shape[1:]), first.dtype
        self.nbytes = first.nbytes * len(indices)

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, rows: slice | NDArray[np.intp]) -> Array:
        """The examples at these places, by slice or by number; raises `QSpecError` as `inputs` does."""
        chosen = self._indices[rows]
        array = self._table.take(self._column, chosen)
        if self._steps is not None:
            array = self._steps.transformed(self._name, array)
        check_finite(array, f"The input {self._name}", self._table.source, np.arange(len(self))[rows])
        if array.shape[1:] != getattr(self, "shape", array.shape)[1:]:
            raise QSpecError(
                f"The examples of the input {self._name} differ in shape: {array.shape[1:]} and {self.shape[1:]}.",
                hint="add a transform that makes them alike, such as resize(224, 224) or center-crop(224)",
            )
        return array


Column = Array | Lazy
"""The examples of one model input, by slice or by number."""


def columns(
    dataset: Dataset, table: Table, indices: NDArray[np.int64], steps: Steps | None = None
) -> dict[str, Column]:
    """As `inputs`, but of inputs that come to more than `WHOLE` bytes no more is in memory than is asked for."""
    named = input_columns(dataset, table)
    if steps is not None:
        steps.check_names(named)
    lazy = {name: Lazy(name, column, table, indices, steps) for name, column in named.items()}
    return {name: one if one.nbytes > WHOLE else one[:] for name, one in lazy.items()}


def batches(
    dataset: Dataset, table: Table, indices: NDArray[np.int64], size: int, steps: Steps | None = None
) -> Iterator[dict[str, Array]]:
    """The inputs of `indices` in batches of `size`, in order; the last may be smaller."""
    for start in range(0, len(indices), size):
        yield inputs(dataset, table, indices[start : start + size], steps)


def labels(
    dataset: Dataset, table: Table, indices: NDArray[np.int64], classes: int | None = None
) -> NDArray[np.int64]:
    """The class numbers of the rows `indices`, int64 of shape (n,).

    Text is the name of a class where the data set lists its `classes`, and else true or false; fractions that are
    whole, and booleans, are class numbers too. Raises `QSpecError` when no label column is declared, a label is missing
    or none of these, or one lies outside 0..`classes` where that number is given or the data set names its classes.
    """
    if dataset.label is None:
        raise QSpecError(
            f"The data set in {table.source} does not say which column holds the answer.", hint="add `label`"
        )
    values = table.take(dataset.label, indices)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    what = f"The label column {dataset.label} of {table.source}"
    numbers = _class_numbers(values, dataset.classes, what) if values.ndim == 1 else None
    if numbers is None:
        raise QSpecError(
            f"{what} holds {values.dtype} of shape {values.shape}, and class numbers are one integer a row.",
            hint="declare the names of the classes, in the order of the model's outputs: `classes: [NAME, NAME]`"
            if values.dtype.kind in "US"
            else "store the class numbers, counted from zero, as integers",
            rule="QS905",
        )
    check_classes(numbers, classes if classes is not None else len(dataset.classes) or None, table, indices)
    return numbers


def _class_numbers(values: Array, names: Sequence[str], what: str) -> NDArray[np.int64] | None:
    """The class numbers that values (n,) mean; None for what means none. `what` begins a sentence about a missing one."""
    if values.dtype.kind in "iub":
        return values.astype(np.int64, copy=False)
    if values.dtype.kind in "US":
        values = values if values.dtype.kind == "U" else np.char.decode(values, "utf-8", "replace")
        truths = truth_values(values)
        if truths is None or not set(names).isdisjoint(values.tolist()):
            _refuse_missing(values == "", what)
            return class_numbers(values, names, f"{what} holds") if names else None
        values = truths
    if values.dtype.kind != "f":
        return None
    _refuse_missing(np.isnan(values), what)
    if not (np.abs(values) < 1 << 53).all() or (values != np.rint(values)).any():
        return None
    return values.astype(np.int64)


def _refuse_missing(missing: NDArray[np.bool_], what: str) -> None:
    if missing.any():
        raise QSpecError(
            f"{what} has {int(missing.sum()):,} missing values among {len(missing):,}.",
            hint="fill them, or select the rows that have a label with a split",
            rule="QS905",
        )


def check_classes(
    numbers: NDArray[np.int64], count: int | None, table: Table, indices: NDArray[np.int64]
) -> None:
    """Raise `QSpecError` where a class number, one for each of the rows `indices`, is below zero or not below `count`."""
    wrong = np.flatnonzero((numbers < 0) | (numbers >= count if count is not None else False))
    if len(wrong):
        first = int(wrong[0])
        bound = f"0 to {count - 1}" if count is not None else "0 and above"
        raise QSpecError(
            f"{len(wrong)} labels of {table.source} lie outside {bound}; the first is {numbers[first]}, in row "
            f"{int(indices[first])}.",
            hint="class numbers count from zero, and the model has one output for each",
            rule="QS905",
        )


def check_finite(array: Array, what: str, source: str, places: NDArray[np.intp] | None = None) -> None:
    """Raise `QSpecError` when an array of floats holds NaN or infinity, with the first such row.

    `places` numbers its rows among the examples, where they are not all of them.
    """
    if array.dtype.kind not in "fc":
        return
    bad = ~np.isfinite(array)
    if bad.any():
        row = int(np.flatnonzero(bad.reshape(len(array), -1).any(axis=1))[0])
        row = row if places is None else int(places[row])
        raise QSpecError(
            f"{what} holds NaN or infinity in {source}, first in example {row} of those read.",
            hint="clean the data; scores over such inputs mean nothing",
        )
