"""Predictions: what a model answered for n examples and what was true, as arrays by name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qspec.errors import QSpecError
from qspec.metrics.fields import FIELDS, must_fit, validated
from qspec.metrics.parameters import spoken

if TYPE_CHECKING:
    from qspec.metrics.fields import Array, FloatArray

BLOCK_CELLS = 1 << 21
"""Cells computed at a time where a row has many, so that memory does not grow with the examples."""


class Predictions:
    """Arrays of one length n by name; what follows from others (argmax, softmax) is derived when asked for.

    Raises `QSpecError` for unknown names, unequal lengths, wrong numbers of axes, wrong types, and values
    that are not numbers. `baseline` holds the other model's predictions where two are compared.
    """

    def __init__(self, arrays: Mapping[str, object], *, baseline: Predictions | None = None) -> None:
        self._arrays: dict[str, Any] = {}
        self._derived: dict[str, Any] = {}
        self.n = -1
        for name, values in arrays.items():
            array = validated(name, values)
            if self.n not in (-1, len(array)):
                raise QSpecError(
                    f"The array {name} has {len(array)} examples where the others have {self.n}."
                )
            self.n = len(array)
            self._arrays[name] = array
        if self.n == -1:
            raise QSpecError("Predictions need at least one array.")
        if baseline is not None and baseline.n != self.n:
            raise QSpecError(
                f"The baseline has {baseline.n} examples and the quantized model {self.n}; both are compared "
                "example by example."
            )
        self.baseline = baseline

    def __len__(self) -> int:
        return self.n

    @property
    def names(self) -> list[str]:
        """The arrays that were given."""
        return list(self._arrays)

    def beside(self, baseline: Predictions) -> Predictions:
        """These predictions with the other model's at their side."""
        return Predictions(self._arrays, baseline=baseline)

    def has(self, name: str) -> bool:
        """True when the array was given or can be derived."""
        return derivable(name, self._arrays)

    def array(self, name: str) -> Array:
        """The numeric array `name`, given or derived; raises `QSpecError` when it can be neither."""
        if name in self._arrays:
            return self._arrays[name]  # type: ignore[no-any-return]
        if name not in self._derived:
            if not self.has(name):
                raise QSpecError(
                    f"The array {name} is needed and these predictions hold {spoken(self.names)}.",
                    hint=f"{name} is: {FIELDS[name].doc}",
                )
            self._derived[name] = _DERIVATIONS[name](self)
        return self._derived[name]  # type: ignore[no-any-return]

    __getitem__ = array

    def column(self, name: str) -> Array:
        """Like `array`, for one number an example."""
        array = self.array(name)
        if array.ndim != 1:
            raise QSpecError(
                f"The array {name} should hold one number an example; its shape is {array.shape}."
            )
        return array

    def texts(self, name: str) -> Sequence[Any]:
        """The texts `name`: strings, or for references also lists of strings."""
        self.array(name)
        return self._arrays[name]  # type: ignore[no-any-return]

    def labels(self, classes: int) -> Array:
        """The true classes, each from 0 to `classes` - 1; raises `QSpecError` for one outside."""
        label = self.column("label")
        if self.n and (label.min() < 0 or label.max() >= classes):
            raise QSpecError(
                f"Labels run from {label.min()} to {label.max()}, and {classes} classes are numbered "
                f"0 to {classes - 1}.",
                hint="check the label column, and the order of the classes",
            )
        return label

    @property
    def classes(self) -> int | None:
        """Number of classes C of logits or probabilities; None where neither is there."""
        source = self._arrays.get("logits", self._arrays.get("probabilities"))
        return None if source is None else int(source.shape[1])

    def truth(self) -> Array:
        """The true classes (n,), none negative and each among the model's classes where those are known."""
        label = self.column("label")
        return self.labels(self.classes or int(label.max(initial=0)) + 1)

    def blocks(self, width: int) -> Iterator[slice]:
        """Slices of examples, small enough that `width` cells a row stay within a bounded block."""
        step = max(1, BLOCK_CELLS // max(1, width))
        return (slice(start, min(start + step, self.n)) for start in range(0, self.n, step))

    def log_probability_blocks(self) -> Iterator[tuple[slice, FloatArray]]:
        """Blocks of rows with their log-probabilities (rows, C), from logits or probabilities."""
        import numpy as np

        given = self._arrays.get("logits")
        source = self.array("probabilities") if given is None else given
        for rows in self.blocks(source.shape[1]):
            block = source[rows].astype(np.float64)
            if given is None:
                with np.errstate(divide="ignore"):
                    yield rows, np.log(np.maximum(block, 0))
            else:
                block -= block.max(axis=1, keepdims=True)
                block -= np.log(np.exp(block).sum(axis=1, keepdims=True))
                yield rows, block

    def take(self, indices: object) -> Predictions:
        """The predictions of some examples, by positions or by a mask of n truth values."""
        import numpy as np

        index = np.asarray(indices)
        if index.dtype == np.bool_:
            index = np.flatnonzero(index)
        elif index.size == 0:
            index = index.astype(np.int64)
        arrays = {
            name: [values[i] for i in index] if isinstance(values, list) else values[index]
            for name, values in self._arrays.items()
        }
        return Predictions(arrays, baseline=None if self.baseline is None else self.baseline.take(index))


def derivable(name: str, given: Collection[str]) -> bool:
    """Whether an array is among those given, or follows from them."""
    return name in given or any(
        all(derivable(source, given) for source in sources) for sources in _SOURCES.get(name, ())
    )


def _prediction(predictions: Predictions) -> Array:
    import numpy as np

    source = "logits" if "logits" in predictions.names else "probabilities"
    answer: Array = np.argmax(predictions.array(source), axis=1)
    return answer


def _confidence(predictions: Predictions) -> Array:
    import numpy as np

    if "logits" not in predictions.names:
        return np.asarray(predictions.array("probabilities").max(axis=1), dtype=np.float64)
    confidence = np.empty(predictions.n)
    for rows, log_probability in predictions.log_probability_blocks():
        confidence[rows] = np.exp(log_probability.max(axis=1))
    return confidence


def _correct(predictions: Predictions) -> Array:
    import numpy as np

    if predictions.has("text"):
        found = (
            text == one if isinstance(one, str) else text in one
            for text, one in zip(predictions.texts("text"), predictions.texts("reference"), strict=True)
        )
        return np.fromiter(found, np.float64, predictions.n)
    if not predictions.has("prediction"):
        return np.asarray(predictions.array("gains")[:, 0] > 0, dtype=np.float64)
    answer, true = predictions.array("prediction"), predictions.array("label")
    if answer.shape != true.shape:
        raise QSpecError(f"Answers have shape {answer.shape} and labels {true.shape}; they must agree.")
    return np.asarray(np.equal(answer, true).all(axis=tuple(range(1, true.ndim))), dtype=np.float64)


def _score(predictions: Predictions) -> Array:
    import numpy as np

    given = "logits" if "logits" in predictions.names else "probabilities"
    source = predictions.array(given)
    if source.shape[1] > 2:
        raise QSpecError(f"A score of the positive class needs two classes; the model has {source.shape[1]}.")
    if source.shape[1] == 1 or given == "probabilities":
        return source[:, -1]
    score = np.empty(predictions.n)
    for rows, log_probability in predictions.log_probability_blocks():
        score[rows] = np.exp(log_probability[:, 1])
    return score


def _softmax(predictions: Predictions) -> Array:
    import numpy as np

    logits = predictions.array("logits")
    probabilities = np.empty(logits.shape)
    for rows, log_probability in predictions.log_probability_blocks():
        probabilities[rows] = np.exp(log_probability)
    return probabilities


def _gains(predictions: Predictions) -> Array:
    import numpy as np

    return np.equal(predictions.array("ranking"), predictions.column("label")[:, None]).astype(np.float64)


def _one(predictions: Predictions) -> Array:
    import numpy as np

    return np.ones(predictions.n)


def _ideal(predictions: Predictions) -> Array:
    import numpy as np

    # Without graded relevances every relevant item gains 1, so the best ranking starts with that many ones.
    relevant = predictions.column("relevant")
    width = int(relevant.max(initial=1))
    must_fit(predictions.n * width, f"Ideal rankings of {width} relevant items for {predictions.n} queries")
    ideal: FloatArray = np.where(np.arange(width) < relevant[:, None], 1.0, 0.0)
    return ideal


_SOURCES: dict[str, tuple[tuple[str, ...], ...]] = {
    "probabilities": (("logits",),),
    "prediction": (("logits",), ("probabilities",)),
    "confidence": (("logits",), ("probabilities",)),
    "correct": (("prediction", "label"), ("text", "reference"), ("gains",)),
    "score": (("logits",), ("probabilities",)),
    "gains": (("ranking", "label"),),
    "relevant": (("ranking", "label"),),
    "ideal": (("relevant",),),
}

_DERIVATIONS = {
    "probabilities": _softmax,
    "prediction": _prediction,
    "confidence": _confidence,
    "correct": _correct,
    "score": _score,
    "gains": _gains,
    "relevant": _one,
    "ideal": _ideal,
}
