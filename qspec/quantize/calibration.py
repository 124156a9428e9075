"""Calibration data as quantizers read them: in slices of a bounded size, checked, counted, the same on every pass."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from onnx import ModelProto

from qspec.errors import QSpecError
from qspec.model.base import Silence
from qspec.model.expression import number
from qspec.quantize.graph import Port
from qspec.quantize.request import Feed, Request

SLICE_BYTES = 256 << 20
"""Most bytes of activations that one slice may hold, by shape inference."""

SLICE_ROWS = 64
"""Most examples a slice, where memory would allow more; part of the result for histogram methods."""


class SliceReader:
    """The runtime's data reader protocol over slices of the calibration batches.

    The runtime keeps every activation of what one call yields, so each slice is made one call by itself
    (`set_range` with a stride of one): memory then holds one slice, whatever the size of the calibration set.
    """

    def __init__(self, batches: Callable[[], Iterator[Feed]], inputs: Sequence[Port], rows: int) -> None:
        self._batches, self._inputs, self._rows = batches, inputs, rows
        self._fixed = fixed_batch(inputs) is not None
        self._slices: Iterator[Feed] = iter(())
        self._left = 0
        self.lengths: set[int] = set()
        """Lengths of the sequences of whole numbers, such as tokens, that were fed."""
        self.examples, self.digest, self._count = self._survey()

    def __len__(self) -> int:
        return self._count

    def set_range(self, start_index: int, end_index: int) -> None:
        """Let the next `end_index - start_index` slices through; ranges are asked for in order."""
        if start_index == 0:
            self._slices = self.slices()
        self._left = end_index - start_index

    def get_next(self) -> Feed | None:
        """The next slice of the range, or None at its end."""
        if self._left <= 0:
            return None
        self._left -= 1
        return next(self._slices, None)

    def slices(self) -> Iterator[Feed]:
        """A new pass over all slices, each checked against the model's inputs; batches do not show through."""
        rest: Feed = {}
        for batch in self._batches():
            feed = check_feed(batch, self._inputs)
            if rest:
                feed = {name: np.concatenate([rest[name], array]) for name, array in feed.items()}
            length = _rows(feed)
            whole = length - length % self._rows
            for start in range(0, whole, self._rows):
                yield {name: array[start : start + self._rows] for name, array in feed.items()}
            rest = {name: array[whole:] for name, array in feed.items()} if whole < length else {}
        if rest and self._fixed:
            raise QSpecError(
                f"The model has a fixed batch of {self._rows}, and the calibration data leave {_rows(rest)} over.",
                hint=f"choose a calibration size that {self._rows} divides, or export a model with a free batch",
            )
        if rest:
            yield rest

    def _survey(self) -> tuple[int, str, int]:
        hasher, examples, count = hashlib.sha256(), 0, 0
        for feed in self.slices():
            for name in sorted(feed):
                hasher.update(f"{name} {feed[name].dtype.str} {feed[name].shape}\n".encode())
                hasher.update(np.ascontiguousarray(feed[name]).tobytes())
                if feed[name].dtype.kind in "iu" and feed[name].ndim > 1:
                    self.lengths.add(feed[name].shape[-1])
            examples += _rows(feed)
            count += 1
        if not examples:
            raise QSpecError(
                "The scheme reads calibration data, and there are none.",
                hint="declare a calibration split that holds rows, or choose a scheme that reads none",
            )
        return examples, hasher.hexdigest(), count


def check_size(request: Request, reader: SliceReader) -> None:
    """Raise `QSpecError` where the executor declares another number or length of examples than were fed."""
    examples = reader.examples
    declared = request.calibration.size if request.calibration else None
    size = None if isinstance(declared, Silence) else number(declared)
    if size is not None and size != examples:
        raise QSpecError(f"The executor declares {size} calibration examples, and {examples} were fed.")
    length = request.calibration.length if request.calibration else None
    if length is not None and reader.lengths != {length.value}:
        fed = " and ".join(map(str, sorted(reader.lengths)))
        raise QSpecError(
            f"The executor declares calibration sequences of a length of {length}, and "
            + (f"sequences of {fed} were fed." if fed else "what was fed are no sequences of tokens."),
            hint="leave `length` out, or cut the sequences: `tokenize(…, length: …)` in the pipeline says how long they are",
        )


def check_feed(batch: Feed, inputs: Sequence[Port]) -> Feed:
    """`batch` with exactly the model's inputs; raises `QSpecError` for wrong names, types, shapes or values."""
    wanted = {port.name: port for port in inputs}
    if set(batch) != set(wanted):
        raise QSpecError(
            f"The calibration data feed {', '.join(sorted(batch)) or 'nothing'}, and the model reads "
            f"{', '.join(sorted(wanted))}.",
            hint="map each model input to a column under `inputs` of the data set",
        )
    lengths = set()
    for name, port in wanted.items():
        array = batch[name]
        fits = array.ndim == len(port.shape) and all(
            not isinstance(size, int) or place == 0 or size == array.shape[place]
            for place, size in enumerate(port.shape)
        )
        if array.ndim == 0 or (port.shape and not fits):
            raise QSpecError(f"Calibration data of shape {array.shape} do not fit the model's input {port}.")
        if array.dtype != port.dtype:
            raise QSpecError(
                f"Calibration data for {name} are {array.dtype}, and the model's input is {port}.",
                hint="add a cast transform to the pipeline",
            )
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise QSpecError(f"Calibration data for {name} hold NaN or infinity, which no scale can cover.")
        lengths.add(len(array))
    if len(lengths) != 1:
        raise QSpecError("A calibration batch has inputs of different lengths.")
    return batch


def slice_rows(prepared: ModelProto, inputs: Sequence[Port], *, cap: int = SLICE_BYTES) -> int:
    """How many examples a slice may hold so that every activation of it fits in `cap` bytes.

    A model with a fixed batch gets slices of that size. Sizes that shape inference does not know count as one, but
    for the batch, so the estimate is a lower bound for graphs with other free dimensions.
    """
    fixed = fixed_batch(inputs)
    if fixed is not None:
        return fixed
    values = [*prepared.graph.value_info, *prepared.graph.output]
    per_example = 4 * sum(
        int(np.prod([max(size.dim_value, 1) for size in value.type.tensor_type.shape.dim], dtype=np.int64))
        for value in values
    )
    return max(1, min(SLICE_ROWS, cap // max(per_example, 1)))


def fixed_batch(inputs: Sequence[Port]) -> int | None:
    """The size of the first axis of the first input where the graph fixes it, else None."""
    first = inputs[0].shape[0] if inputs and inputs[0].shape else None
    return first if isinstance(first, int) and first > 0 else None


def _rows(feed: Feed) -> int:
    return len(next(iter(feed.values())))
