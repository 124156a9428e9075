"""Runs baseline and quantized model over the same examples in the same batches, keeping nothing but their scores."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from qspec.errors import QSpecError, runtime_message
from qspec.execute.sessions import Arrays, Session
from qspec.execute.slots import Layout, Pool, Slots

Rows = NDArray[np.intp]
Progress = Callable[[int, int], None]


class Column(Protocol):
    """Examples along the first axis, read by slice or by row numbers; an array, or something lazier."""

    def __getitem__(self, rows: Any, /) -> Any:
        """The examples at `rows`."""

    def __len__(self) -> int:
        """How many examples there are."""


Reducer = Callable[[Arrays, Rows], Mapping[str, NDArray[Any]]]
"""From the outputs of some examples, shape (examples, …) by output name, and their row numbers, to their scores:
arrays of shape (examples, …) by score name.

The memory of the outputs is used again when the next examples or the other model are run: what is kept is copied."""

# Batches are taken until so many bytes or seconds' worth are there, then their outputs are reduced together: the
# reducer's Python is paid once a block and not once a batch, and memory stays bounded whatever the number of examples.
_BLOCK_BYTES = 512 << 10
_BLOCK_SECONDS = 0.25
_MOST_BATCHES = 512
_PIECE = 32 << 10  # numbers that are looked at in one go


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Scores of both models, row i of each array belonging to example `rows[i]`.

    `seconds` is what the whole pass took and is no measurement of either model.
    """

    rows: Rows
    baseline: dict[str, NDArray[Any]]
    quantized: dict[str, NDArray[Any]]
    batch: int
    padded: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Made:
    """A model's inputs of some batches, made anew whenever they are gone through and never all at once."""

    feed: Callable[[Any], Arrays]
    batches: Sequence[Any]

    def __iter__(self) -> Iterator[Arrays]:
        return map(self.feed, self.batches)


@dataclass(slots=True)
class _Side:
    """One model's half of the pass: outputs that wait to be reduced, and the scores so far.

    Outputs wait in a flat list, batch after batch, until it is known how those of a full batch are laid out (not at
    all where slots do not suit them); from then on the runtime writes full batches into slots.
    """

    session: Session
    label: str
    reduce: Reducer
    count: int
    pool: Pool
    waiting: list[NDArray[Any]] = field(default_factory=list)
    layouts: list[Layout] | None = None
    slots: Slots | None = None
    scores: dict[str, NDArray[Any]] = field(default_factory=dict)

    def take(self, feeds: Iterable[Arrays], batches: int, batch: int, *, full: bool) -> None:
        """Run so many batches, every one of `batch` examples where they are `full`; raises what the runtime raises."""
        if full and self.layouts and self._into_slots(self.layouts, feeds, batches):
            return
        self.slots, ports = None, len(self.session.outputs)
        run, keep = self.session.run, self.waiting.extend
        for each in feeds:
            keep(run(each))
        if full and self.layouts is None:
            self.layouts = Slots.layouts(self.session, self.waiting[:ports], batch)

    def _into_slots(self, layouts: list[Layout], feeds: Iterable[Arrays], batches: int) -> bool:
        """Run into slots; False where the runtime cannot, whose own method then tells why and with which batch."""
        if self.slots is None or self.slots.batches < batches:
            self.slots = Slots(self.session, layouts, batches, self.pool)
        try:
            self.slots.run(feeds, batches)
        except QSpecError:
            raise
        except Exception:  # the runtime's own exceptions share no narrower base
            self.layouts = []
            return False
        return True

    def flush(self, rows: Rows, start: int, stop: int, batches: int) -> int:
        """Reduce the outputs of so many batches, which belong to examples `start` up to `stop`; returns their bytes.

        Trailing padding is cut.
        """
        ports = self.session.outputs
        if self.slots is not None:
            joined = [array[: stop - start] for array in self.slots.joined(batches)]
        else:
            parts = [self.waiting[i :: len(ports)] for i in range(len(ports))]
            joined = [
                self._joined(each, port.name, stop - start) for each, port in zip(parts, ports, strict=True)
            ]
            self.waiting.clear()
        outputs = {port.name: array for port, array in zip(ports, joined, strict=True)}
        for name, array in outputs.items():
            if array.dtype.kind == "f" and _has_nan(array):
                self._refuse_nan(name, array, rows[start:stop])
        for name, values in self.reduce(outputs, rows[start:stop]).items():
            self._scores(name, values, stop - start)[start:stop] = values
        return sum(array.nbytes for array in joined)

    def _scores(self, name: str, values: NDArray[Any], count: int) -> NDArray[Any]:
        """Where the scores of that name are collected, made or widened so that `values` fit."""
        kept = self.scores.get(name)
        if kept is None:
            kept = self.scores[name] = np.empty((self.count, *values.shape[1:]), values.dtype)
        elif kept.dtype != values.dtype:  # longer strings, wider numbers
            kept = self.scores[name] = kept.astype(np.result_type(kept, values))
        if values.shape != (count, *kept.shape[1:]):
            raise QSpecError(
                f"The score {name!r} of {count} examples has the shape {list(values.shape)}, "
                f"which is not one entry of shape {list(kept.shape[1:])} for each."
            )
        return kept

    def _joined(self, parts: list[NDArray[Any]], name: str, count: int) -> NDArray[Any]:
        try:
            joined = parts[0] if len(parts) == 1 else np.concatenate(parts)
        except ValueError as error:
            raise QSpecError(
                f"The output {name!r} of {self.session.path.name} changes its shape from batch to batch ({error}).",
                hint="pad the inputs to one length, or pool the output in the graph",
            ) from error
        if joined.ndim == 0 or len(joined) < count:
            raise QSpecError(
                f"The output {name!r} of {self.session.path.name} has the shape {list(parts[0].shape)}, "
                f"which is not one entry for each example of a batch."
            )
        return joined[:count]

    def _refuse_nan(self, name: str, array: NDArray[Any], rows: Rows) -> None:
        bad = np.isnan(array.reshape(len(array), -1)).any(axis=1)
        raise QSpecError(
            f"The {self.label} model {self.session.path.name} gives NaN in its output {name!r} for "
            f"{int(bad.sum())} of {len(array)} examples, first for example {int(rows[bad.argmax()])}.",
            hint="a range that overflows in a narrow float, or a scale of zero, does this",
        )


def evaluate(
    baseline: Session,
    quantized: Session,
    inputs: Mapping[str, Column],
    reduce: Reducer,
    *,
    batch: int,
    order: Rows | Sequence[int] | None = None,
    reduce_quantized: Reducer | None = None,
    progress: Progress | None = None,
) -> Evaluated:
    """One pass over `order` (row numbers; every row unless given), each batch through both models.

    `inputs` holds one column for each model input. `reduce` turns outputs into scores of either model;
    `reduce_quantized` replaces it for the quantized one. A model with a fixed batch size gets its last batch
    filled up with copies of the last example, whose outputs are dropped (`padded` says how many).
    Raises QSpecError for inputs that do not fit, a run that fails, and outputs that are NaN.
    """
    rows = _rows(inputs, order)
    _check_sessions(batch, (baseline, quantized))
    pool: Pool = {}
    sides = (
        _Side(baseline, "baseline", reduce, len(rows), pool),
        _Side(quantized, "quantized", reduce_quantized or reduce, len(rows), pool),
    )
    started = time.perf_counter()
    padded = _run(sides, inputs, rows, batch, order is None, progress)
    seconds = time.perf_counter() - started
    return Evaluated(rows, sides[0].scores, sides[1].scores, batch, padded, seconds)


def evaluate_one(
    session: Session,
    inputs: Mapping[str, Column],
    reduce: Reducer,
    *,
    batch: int,
    order: Rows | Sequence[int] | None = None,
    progress: Progress | None = None,
) -> dict[str, NDArray[Any]]:
    """The scores of one model alone; otherwise as `evaluate`."""
    rows = _rows(inputs, order)
    _check_sessions(batch, (session,))
    side = _Side(session, "only", reduce, len(rows), {})
    _run((side,), inputs, rows, batch, order is None, progress)
    return side.scores


def _run(
    sides: Sequence[_Side],
    inputs: Mapping[str, Column],
    rows: Rows,
    batch: int,
    in_order: bool,
    progress: Progress | None,
) -> int:
    """The loop itself; returns how many examples were added as padding.

    A block of batches goes through one model, whose outputs are reduced while they are still in the processor's cache,
    and then through the other.
    """
    total, done, per_block = len(rows), 0, 1
    feeds_of = feeders([side.session for side in sides], inputs)
    shared = len(feeds_of) == 1
    fixed = any(side.session.batch_size is not None for side in sides)
    padding = -total % batch if fixed else 0
    while done < total:
        stop = min(total, done + per_block * batch)
        clock = time.perf_counter()
        chosen: list[Any] = [
            slice(at, at + batch) if in_order else rows[at : at + batch] for at in range(done, stop, batch)
        ]
        if stop == total and padding:
            last = done + (len(chosen) - 1) * batch
            chosen[-1] = np.concatenate([rows[last:], np.repeat(rows[-1:], padding)])
        fed = [feeds_of[0](each) for each in chosen] if shared else []
        size = _held(fed[0]) * len(fed) if fed else 0
        full = padding > 0 or len(chosen) * batch == stop - done
        for number, side in enumerate(sides):
            feeds = fed if shared else _Made(feeds_of[number], chosen)
            try:
                side.take(feeds, len(chosen), batch, full=full)
            except QSpecError:
                raise
            except Exception as error:  # the runtime's own exceptions share no narrower base
                at = done + len(side.waiting) // len(side.session.outputs) * batch
                raise _run_failure(side, inputs, rows[at : at + batch], error) from error
            size += side.flush(rows, done, stop, len(chosen))
        per_block = _next_block(per_block, time.perf_counter() - clock, size)
        done = stop
        if progress is not None:
            progress(done, total)
    return padding


def _held(feeds: Arrays) -> int:
    """Bytes that a batch's inputs take of their own: a slice of a column in memory takes none."""
    return sum(array.nbytes for array in feeds.values() if array.base is None)


def _next_block(batches: int, seconds: float, size: int) -> int:
    """How many batches to take before the next reduction, from what the last block took and held."""
    by_time = batches * _BLOCK_SECONDS / max(seconds, 1e-9)
    by_size = batches * _BLOCK_BYTES / max(size, 1)
    return max(1, int(min(by_time, by_size, _MOST_BATCHES, 8 * batches)))


def feeders(sessions: Sequence[Session], inputs: Mapping[str, Column]) -> list[Callable[[Any], Arrays]]:
    """For each model, a function from rows to its inputs; a single one where all take the same inputs.

    Raises QSpecError when a column is missing or does not fit.
    """
    made = [_feeder(session, inputs) for session in sessions]
    return made[:1] if all(_same_inputs(session, sessions[0]) for session in sessions) else made


def _feeder(session: Session, inputs: Mapping[str, Column]) -> Callable[[Any], Arrays]:
    """From rows to the model's inputs, casting where a column's float is of another width."""
    ports = session.inputs
    missing = [port for port in ports if port.name not in inputs]
    if missing:
        raise QSpecError(
            f"The model {session.path.name} needs the input {missing[0]}, and nothing is fed to it.",
            hint=f"map a column to it under `inputs`; there are {', '.join(inputs) or 'none'}",
        )
    columns = {port.name: inputs[port.name] for port in ports}
    first = {name: np.asarray(column[0:1]) for name, column in columns.items()}
    wrong = session.check_inputs(
        {name: (None, *array.shape[1:]) for name, array in first.items()},
        {name: _type_name(array.dtype) for name, array in first.items()},
    )
    if wrong:
        raise QSpecError(" ".join(wrong))
    plain = all(
        isinstance(columns[port.name], np.ndarray) and _type_name(first[port.name].dtype) == port.dtype
        for port in ports
    )
    if plain and len(ports) == 1:
        name, column = next(iter(columns.items()))
        return lambda rows: {name: column[rows]}
    if plain:
        return lambda rows: {name: column[rows] for name, column in columns.items()}
    types = {port.name: np.dtype(port.dtype) for port in ports}
    return lambda rows: {name: np.asarray(column[rows], types[name]) for name, column in columns.items()}


def _type_name(dtype: np.dtype[Any]) -> str:
    return "object" if dtype.kind in "USO" else dtype.name


def _same_inputs(one: Session, other: Session) -> bool:
    return {(p.name, p.dtype) for p in one.inputs} == {(p.name, p.dtype) for p in other.inputs}


def _has_nan(array: NDArray[Any]) -> bool:
    """True when any element is NaN; NumPy's `argmin` stops at the first of them, and no mask is made to find out.

    Looked at from the end, which was written last and is still in the processor's cache, to the beginning, where the
    reducer goes on.
    """
    flat = array.reshape(-1)
    for stop in range(len(flat), 0, -_PIECE):
        piece = flat[max(0, stop - _PIECE) : stop]
        least = piece[piece.argmin()]
        if least != least:
            return True
    return False


def _rows(inputs: Mapping[str, Column], order: Rows | Sequence[int] | None) -> Rows:
    lengths = {name: len(column) for name, column in inputs.items()}
    if len(set(lengths.values())) != 1:
        said = ", ".join(f"{name} has {length}" for name, length in lengths.items()) or "there are none"
        raise QSpecError(f"The input columns must be equally long, and {said}.")
    count = next(iter(lengths.values()))
    rows = np.arange(count) if order is None else np.asarray(order, dtype=np.intp)
    if rows.ndim != 1 or rows.size == 0:
        raise QSpecError("There are no examples to evaluate.")
    if int(rows.min()) < 0 or int(rows.max()) >= count:
        raise QSpecError(f"The order names rows outside 0..{count}.")
    return rows


def _check_sessions(batch: int, sessions: Sequence[Session]) -> None:
    if batch < 1:
        raise QSpecError(f"A batch holds at least one example, not {batch}.")
    for session in sessions:
        for port in session.outputs:
            if "(" in port.dtype:
                raise QSpecError(
                    f"The output {port.name!r} of {session.path.name} is a {port.dtype} and no tensor.",
                    hint="export the model without a final ZipMap or sequence",
                )
        if session.batch_size not in (None, batch):
            raise QSpecError(
                f"The model {session.path.name} was exported for batches of {session.batch_size} and cannot "
                f"run batches of {batch}.",
                hint="set the load's batch to that, or export the model with a free batch dimension",
            )


def _run_failure(side: _Side, inputs: Mapping[str, Column], rows: Rows, error: Exception) -> QSpecError:
    shapes = {name: list(np.shape(inputs[name][rows])) for name in (p.name for p in side.session.inputs)}
    return QSpecError(
        f"The {side.label} model {side.session.path.name} fails on the batch that starts with example "
        f"{int(rows[0])}, inputs {shapes}: {runtime_message(error)}."
    )
