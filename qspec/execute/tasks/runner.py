"""What a task is given, and what it must answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.data import examples
from qspec.data.chat import ChatTemplate
from qspec.data.nature import Nature
from qspec.data.pipeline import Steps
from qspec.data.table import Table
from qspec.data.tokenizer import Tokenizer
from qspec.errors import LimitError, QSpecError
from qspec.execute.evaluate import Column, Rows, evaluate, evaluate_one
from qspec.execute.sessions import Arrays, Port, Session
from qspec.metrics.bind import BoundMetric
from qspec.metrics.predictions import Predictions
from qspec.model.artifact import Dataset
from qspec.model.evaluation import Evaluated

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class TaskData:
    """The split that is evaluated: the table, the rows in order (examples,), and what the spec says of both."""

    evaluation: Evaluated
    dataset: Dataset
    table: Table
    rows: NDArray[np.int64]
    steps: Steps
    outputs: tuple[str, ...] = ()
    """Graph outputs that the spec names."""
    metrics: tuple[BoundMetric, ...] = ()
    """What will be scored, for tasks whose run depends on it (a cut-off, a stride)."""
    ports: Mapping[str, Port] = field(default_factory=dict)
    """The inputs of the baseline's graph, by name."""
    beside: Callable[[str], Table] | None = None
    """Opens another table of the data set, for retrieval."""
    tokenizer: Tokenizer | None = None
    """The model's own, where the spec names it."""
    chat: ChatTemplate | None = None
    """The model's own chat template, where the prompt declares it and one is there."""
    ends: Callable[[str, int], Nature] = lambda name, place: Nature.SCORES
    """What the numbers of an output of the graph are, by its name, or by its place where the baseline calls it otherwise."""

    def inputs(self) -> dict[str, NDArray[Any]]:
        """The declared columns by graph input, after the pipeline's transforms, (examples, …)."""
        return examples.inputs(self.dataset, self.table, self.rows, self.steps)

    def columns(self) -> dict[str, examples.Column]:
        """As `inputs`, large ones read and transformed as they are asked for."""
        return examples.columns(self.dataset, self.table, self.rows, self.steps)

    def answer_column(self, at: Rows | None = None) -> NDArray[Any]:
        """The column that `label` names, (examples, …), whatever it holds; of the examples `at` some places."""
        if self.dataset.label is None:
            raise QSpecError(
                f"The data set in {self.table.source} does not say which column holds the answer.",
                hint="add `label: COLUMN`",
            )
        return self.table.take(self.dataset.label, self.rows if at is None else self.rows[at])

    def whole_numbers(self, what: str, *axes: int, at: Rows | None = None) -> NDArray[np.int64]:
        """The answer column as whole numbers of one of these numbers of axes."""
        values = self.answer_column(at)
        if values.dtype.kind not in "iub" or values.ndim not in axes:
            wanted = " or ".join(str(axis) for axis in axes)
            raise QSpecError(
                f"The column {self.dataset.label} of {self.table.source} holds {values.dtype} of shape "
                f"{list(values.shape)}; {what} are whole numbers in {wanted} axes, the first the examples."
            )
        return values.astype(np.int64)

    def chosen(self, outputs: Arrays, axes: int | None = None) -> NDArray[Any]:
        """The output that the spec names, else the first of floats (with so many axes, if given), else the first."""
        return outputs[self._name(outputs, axes)]

    def over_classes(self, outputs: Arrays, axes: int | None = None) -> tuple[NDArray[Any], Nature]:
        """That output after the pipeline's `post`, for tasks whose numbers are over classes, and what the numbers are."""
        name = self._name(outputs, axes)
        nature = self.ends(name, list(outputs).index(name))
        return self.steps.after(outputs[name]), self.steps.leaves(nature)

    def _name(self, outputs: Arrays, axes: int | None) -> str:
        if self.outputs:
            if self.outputs[0] not in outputs:
                raise QSpecError(
                    f"The model has no output {self.outputs[0]!r}; it has {', '.join(outputs)}.",
                    hint="name one of them under `outputs`",
                    rule="QS902",
                )
            return self.outputs[0]
        floats = [name for name, values in outputs.items() if values.dtype.kind == "f"]
        fitting = [name for name in floats if axes is None or outputs[name].ndim == axes]
        return next(iter([*fitting, *floats, *outputs]))

    def valid_tokens(self, feeds: Mapping[str, NDArray[Any]], shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """Which places of token arrays of this shape hold tokens; all where nothing tells."""
        fitting = {name: array for name, array in feeds.items() if array.shape == shape}
        masks = self._token_masks(fitting, self.table, self.rows, slice(None))
        return next((mask != 0 for mask in masks if mask.shape == shape), np.ones(shape, dtype=np.bool_))

    def token_mask(
        self, feeds: Mapping[str, Column], table: Table, rows: Rows, at: Rows
    ) -> NDArray[Any] | None:
        """Where the examples `at` of a table's `rows` hold tokens; None where nothing tells, and all are."""
        return next(self._token_masks(feeds, table, rows, at), None)

    def _token_masks(
        self, feeds: Mapping[str, Column], table: Table, rows: Rows, at: Rows | slice
    ) -> Iterator[NDArray[Any]]:
        """What tells tokens from padding: an input or a column that is a mask, or the step that made tokens out of texts."""
        for name, fed in feeds.items():
            if "mask" in name:
                yield np.asarray(fed[at])
        for name in ("attention_mask", "mask"):
            if name in table:
                yield table.take(name, rows[at])
        for name, column in examples.input_columns(self.dataset, table).items():
            if name in feeds:
                made = self.steps.mask(name, table.take(column, rows[at]))
                if made is not None:
                    yield np.asarray(made)

    def texts(self, what: str) -> list[Any]:
        """The answer column as a text, or a list of several, for each example; raises `QSpecError` for no texts."""
        values = self.answer_column()
        if values.dtype.kind != "U" or values.ndim not in (1, 2):
            raise QSpecError(
                f"The column {self.dataset.label} of {self.table.source} holds {values.dtype} of shape "
                f"{list(values.shape)}; {what} are texts, one or several an example."
            )
        found: list[Any] = values.tolist()
        return found


class TaskRunner(ABC):
    """One task on one split, where the model runs on the examples themselves."""

    def __init__(self, data: TaskData) -> None:
        self.data = data

    @cached_property
    def feeds(self) -> dict[str, examples.Column]:
        """What `inputs` gives, made once."""
        return self.data.columns()

    def inputs(self) -> Mapping[str, Column]:
        """The column for each model input, (examples, …); raises `QSpecError` for what a model cannot be fed."""
        return self.feeds

    @abstractmethod
    def predictions(self, outputs: Arrays, rows: Rows) -> Predictions:
        """Predictions for a block of examples from the graph's outputs and their places in the split."""

    def gives(self, nature: Nature) -> tuple[str, ...]:
        """The arrays that its predictions are made of, from an output whose numbers over classes are of this nature.

        None of them where only a run tells.
        """
        return ()

    def answers(self, predictions: Predictions) -> NDArray[Any] | None:
        """What was answered, (examples, …), so that changes can be counted; None where answers are not discrete."""
        return None

    def parts(self, predictions: Predictions) -> NDArray[Any] | None:
        """Single answers, (examples, …), by which models are compared where an example has many; negative where none counts."""
        return self.answers(predictions)

    def notes(self) -> Sequence[str]:
        """What a reader must know of the data, in sentences."""
        return ()


class Gatherer(ABC):
    """One task on one split, where the model runs on items (windows, choices, passages) that make up examples."""

    def __init__(self, data: TaskData) -> None:
        self.data = data

    @abstractmethod
    def inputs(self) -> Mapping[str, Column]:
        """The column for each model input, (items, …)."""

    @abstractmethod
    def features(self, outputs: Arrays, rows: Rows) -> Arrays:
        """What is kept of a block of items, (items, …) each."""

    @abstractmethod
    def gather(self, features: Arrays) -> Predictions:
        """Predictions for the examples out of what was kept of all items."""

    def run(
        self, sessions: tuple[Session, Session], batch: int, progress: Progress
    ) -> tuple[Arrays, Arrays, int]:
        """What is kept of every item, of either model, and how many items were added as padding."""
        run = evaluate(*sessions, self.inputs(), self.features, batch=batch, progress=progress)
        return run.baseline, run.quantized, run.padded

    def run_one(self, session: Session, batch: int) -> Arrays:
        """What is kept of every item, of one model."""
        return evaluate_one(session, self.inputs(), self.features, batch=batch)

    @property
    def among(self) -> int:
        """Items in a row among which an answer is chosen, by the highest of what `probe` gives; 1 where that are answers."""
        return 1

    def probe(self, outputs: Arrays, rows: Rows) -> NDArray[Any] | None:
        """Something discrete for each item, by which runs are compared, or single answers (items, …), negative where none
        counts; a score where answers are chosen among items; None where there is nothing of the kind.
        """
        return None

    def gives(self, nature: Nature) -> tuple[str, ...]:
        """The arrays that its predictions are made of, from an output whose numbers over classes are of this nature.

        None of them where only a run tells.
        """
        return ()

    def answers(self, predictions: Predictions) -> NDArray[Any] | None:
        """What was answered, (examples, …), so that changes can be counted; None where answers are not discrete."""
        return None

    def notes(self) -> Sequence[str]:
        """What a reader must know of the data, in sentences."""
        return ()

    def owners(self) -> NDArray[np.int64] | None:
        """For each example the place in the split of the row it comes from; None where examples are the rows."""
        return None


MOST_CELLS = 1 << 28
"""Numbers in one array that a task makes (2 GB); more is refused rather than let memory run out."""


def check_cells(count: int, what: str) -> None:
    """Raise `LimitError` for an array of more numbers than a task may make; `what` says what asks for it."""
    if count > MOST_CELLS:
        raise LimitError(
            f"{what} would take {count:,} numbers in one array, over the cap of {MOST_CELLS:,}.",
            hint="lower it, or split the data",
        )


def log_probabilities(logits: NDArray[Any], targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Logarithms of the probabilities given to targets (k,) by logits (k, vocabulary), in slices of bounded size.

    Raises `QSpecError` for a target that the model has no logit for.
    """
    if len(targets) and not 0 <= targets.min() <= targets.max() < logits.shape[-1]:
        raise QSpecError(
            f"Token numbers run from {targets.min()} to {targets.max()}, and the model scores {logits.shape[-1]} tokens.",
            hint="the data were tokenized for another model",
        )
    found = np.empty(len(targets))
    step = max(1, (1 << 22) // logits.shape[-1])
    for start in range(0, len(targets), step):
        block = logits[start : start + step].astype(np.float64)
        block -= block.max(axis=1, keepdims=True)
        own = np.take_along_axis(block, targets[start : start + step, None], axis=1)[:, 0]
        found[start : start + step] = own - np.log(np.exp(block).sum(axis=1))
    return found


def token_scores(data: TaskData, outputs: Arrays, length: int) -> tuple[NDArray[Any], Nature]:
    """The output over the classes of every token, after `post`: (items, length, vocabulary), or (items, length) where
    only classes are left; raises `QSpecError` for another shape.
    """
    values, nature = data.over_classes(outputs, 3)
    axes = 2 if nature is Nature.CLASSES and values.ndim == 2 else 3
    if values.ndim != axes or values.shape[1] != length:
        raise QSpecError(
            f"The model's output has the shape {list(values.shape)}, and logits for {length} tokens are "
            f"[items, {length}, vocabulary].",
            hint="name the output with logits under the model's `outputs`",
        )
    return values, nature


def token_logits(data: TaskData, outputs: Arrays, length: int) -> NDArray[Any]:
    """The output with logits of every token, (items, length, vocabulary), or logarithms of the probabilities it gives.

    Raises `QSpecError` for another shape, and where `post` leaves no probabilities.
    """
    values, nature = token_scores(data, outputs, length)
    if nature not in (Nature.SCORES, Nature.PROBABILITIES):
        raise QSpecError(
            f"The likelihood of a text needs a probability for each token, and the model's output holds {nature}.",
            hint="take argmax, top-k, threshold and scale out of the pipeline's `post`",
        )
    return as_logits(values) if nature is Nature.PROBABILITIES else values


def as_logits(probabilities: NDArray[Any]) -> NDArray[Any]:
    """The logarithms of probabilities, which a softmax turns into them again; minus infinity for none."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.clip(probabilities, 0, 1)))


def token_input(feeds: Mapping[str, NDArray[Any]], axes: int, source: str) -> str:
    """The input that token numbers are fed to: the first of whole numbers with so many axes that is no mask."""
    for name, array in feeds.items():
        if array.ndim == axes and array.dtype.kind in "iu" and not ("mask" in name or "type" in name):
            return name
    raise QSpecError(
        f"No input takes token numbers from {source}: one column must hold whole numbers in {axes} axes.",
        hint="map a column of token numbers to the model's input under `inputs`",
    )
