"""Binding a metric term of the language to its metric: parameters validated, ready to compute."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qspec.errors import NotExecutableError, QSpecError
from qspec.metrics import registry
from qspec.metrics.arguments import read
from qspec.metrics.definition import Additive, Availability, Direction, Family, Metric, Scored
from qspec.metrics.fields import any_column, must_fit
from qspec.metrics.parameters import Kind, OperatingPoint, Parameters, spoken
from qspec.model.expression import Argument, Term
from qspec.registry import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Collection

    from qspec.metrics.definition import CountedScore
    from qspec.metrics.fields import BoolArray, FloatArray, IntArray
    from qspec.metrics.predictions import Predictions


@dataclass(frozen=True)
class BoundMetric:
    """A metric with its parameters."""

    metric: Metric
    parameters: Parameters
    term: Term

    def __str__(self) -> str:
        return str(self.term)

    @property
    def name(self) -> str:
        """The metric's canonical name, without parameters."""
        return self.metric.name

    @property
    def direction(self) -> Direction:
        """Which way is better."""
        return self.metric.direction

    @property
    def family(self) -> Family:
        """How the value depends on the examples; see also `family_of`."""
        return self.metric.family

    @property
    def additive(self) -> bool:
        """True when sums over examples suffice for the value."""
        return self.metric.additive

    def family_of(self, *columns: FloatArray) -> Family:
        """The family of these columns.

        A mean of nothing but zeros and ones (recall@k with one relevant item, pass@1) is binary.
        """
        import numpy as np

        if self.family is Family.MEAN and all(c.shape[1] == 1 for c in columns):
            values = (c[~np.isnan(c)] for c in columns)
            if all(bool(np.all((v == 0) | (v == 1))) for v in values):
                return Family.BINARY
        return self.family

    @property
    def unavailable(self) -> str | None:
        """Why running a model does not give the value, in a sentence; None where it does."""
        return unavailable(self.term)

    def unfit(
        self, given: Collection[str], classes: int | None, holder: str = "these predictions hold"
    ) -> str | None:
        """Why answers that come as these arrays, of a model that tells so many classes apart, do not give the value.

        None where they may, as far as that can be told before they are there.
        """
        from qspec.metrics.predictions import derivable

        if self.metric.two_classes and classes is not None and classes > 2:
            return f"The metric {self} is of a positive and a negative class, and the model tells {classes} classes apart."
        for need in self._needs:
            names = need.split("|")
            if not any(derivable(name, given) for name in names):
                return f"The metric {self} needs {spoken(names, 'or')}; {holder} {spoken(list(given))}."
        return None

    def loss(self, baseline: float, quantized: float) -> float:
        """What was lost, in the metric's own unit: positive is worse, whatever the direction."""
        return self.metric.loss(baseline, quantized)

    # Thresholds ------------------------------------------------------------------------------

    @property
    def needs_threshold(self) -> bool:
        """True when a decision threshold must still be chosen, on another split than the test split."""
        point, threshold = self.parameters.get("at"), self.parameters.get("threshold")
        return threshold == "frozen" or (isinstance(point, OperatingPoint) and threshold is None)

    def with_threshold(self, threshold: float) -> BoundMetric:
        """The same metric deciding `score >= threshold`."""
        return replace(self, parameters=Parameters({**self.parameters, "threshold": float(threshold)}))

    def choose_threshold(self, tuning: Predictions, point: OperatingPoint) -> float:
        """The threshold that reaches the operating point on the tuning split."""
        from qspec.metrics.decision import threshold_at

        self._suits(tuning)
        return threshold_at(tuning, point)

    # Computation -----------------------------------------------------------------------------

    def columns(self, predictions: Predictions) -> FloatArray:
        """What to store of the predictions: (n, c) float64; NaN rows lie outside the denominator.

        Such rows depend on the labels alone, so they are the same for both models of a pair.
        """
        computation = self._computation()
        self._ready(predictions)
        return computation.columns(predictions, self.parameters)

    @staticmethod
    def counted(columns: FloatArray) -> BoolArray:
        """The mask (n,) of the examples that count: all, but for metrics of one class (sensitivity)."""
        import numpy as np

        return ~any_column(np.isnan(columns))

    def sums(self, columns: FloatArray, groups: IntArray | None = None, count: int = 1) -> FloatArray:
        """Sums (count, k) of the columns within groups numbered 0 to `count` - 1; one group when None."""
        import numpy as np

        if groups is None:
            groups = np.zeros(len(columns), dtype=np.int64)
        return self._additive().sums(columns, groups, count, self.parameters)

    def statistics(self, predictions: Predictions) -> FloatArray:
        """Additive sufficient statistics (n, k) float64, one row an example, NaN outside the denominator.

        Use `columns` and `sums` where k is large (class counts over many classes): a matrix of more than
        250 million cells is refused.
        """
        import numpy as np

        additive, columns = self._additive(), self.columns(predictions)
        width = self.sums(columns).shape[1]
        must_fit(len(columns) * width, f"The {width} sums of {self} for each of {len(columns)} examples")
        return additive.sums(columns, np.arange(len(columns)), len(columns), self.parameters)

    def value(self, sums: FloatArray, n: FloatArray | int) -> FloatArray:
        """Values (...) out of sums (..., k) and numbers of counted examples (...); NaN where undefined."""
        import numpy as np

        return self._additive().value(sums, np.asarray(n, dtype=np.float64), self.parameters)

    def score(self, columns: FloatArray) -> float:
        """The value of stored columns (n, c), whether or not they add up; NaN where it is undefined."""
        import numpy as np

        computation = self._computation()
        counted = columns[self.counted(columns)]
        if len(counted) == 0:
            return float("nan")
        if isinstance(computation, Scored):
            return computation.score(counted, self.parameters)
        return float(self.value(self.sums(counted), np.asarray([len(counted)]))[0])

    def resampled(self, columns: FloatArray) -> CountedScore:
        """A function from how often each of the stored columns' rows (n, c) counts, (n,), to the value on that resample."""
        import numpy as np

        computation = self._computation()
        kept = self.counted(columns)
        columns = columns[kept]
        if len(columns) and isinstance(computation, Scored) and computation.counted is not None:
            value = computation.counted(columns, self.parameters)
            return lambda times: value(times[kept])
        return lambda times: self.score(np.repeat(columns, times[kept], axis=0))

    def compute(self, predictions: Predictions) -> float:
        """The value over all examples; raises `QSpecError` where it is undefined or infinite."""
        value = self.score(self.columns(predictions))
        if not math.isfinite(value):
            raise QSpecError(
                f"The metric {self} is undefined on these {predictions.n} examples.",
                hint="its denominator is empty: a class, a relevant item, a reference or every example is absent",
            )
        return value

    def _computation(self) -> Additive | Scored:
        computation = self.metric.computation
        if computation is None or self.metric.availability is Availability.REFUSED:
            raise QSpecError(self.unavailable or f"The metric {self} computes nothing.", hint=self.metric.doc)
        return computation

    def _additive(self) -> Additive:
        computation = self._computation()
        if isinstance(computation, Additive):
            return computation
        raise QSpecError(
            f"The metric {self} does not add up over examples.", hint="score its columns instead"
        )

    def _ready(self, predictions: Predictions) -> None:
        if self.metric.family is Family.DISTANCE and predictions.baseline is None:
            raise QSpecError(
                f"The distance {self} compares two models, and only one model's predictions were given.",
                hint="put the baseline's predictions beside them",
            )
        self._suits(predictions)
        if self.needs_threshold:
            raise QSpecError(
                f"The metric {self} needs a threshold, and none has been chosen.",
                hint="say threshold { from: SPLIT } in the evaluation, with a split other than the test split",
            )

    @property
    def _needs(self) -> tuple[str, ...]:
        """The arrays it reads, alternatives joined by `|`; an answer does not do where a threshold decides."""
        by_threshold = self.parameters.get("threshold") is not None or self.needs_threshold
        needs = self.metric.needs
        return tuple("score" if by_threshold and need == "score|prediction" else need for need in needs)

    def _suits(self, predictions: Predictions) -> None:
        """Raise `NotExecutableError` where the predictions are not of the kind that the metric scores."""
        if (reason := self.unfit(predictions.names, predictions.classes)) is not None:
            raise NotExecutableError(reason, hint="bound a metric that the task's answers give")


def find(term: Term) -> Metric:
    """The metric a term names; raises `QSpecError` with the nearest name when there is none."""
    try:
        return registry.get(term.head)
    except UnknownNameError as error:
        near = error.suggestion
        if near is None and f"{term.name}@k" in registry:
            near = f"{term.name}@k"
        raise QSpecError(
            f"There is no metric called {term.head}.", hint=f"did you mean {near}?" if near else None
        ) from None


def unavailable(term: Term) -> str | None:
    """Why running a model does not give the value of the metric that `term` names, with parameters or without, in a sentence.

    None where it does. Raises `QSpecError` for an unknown metric.
    """
    match find(term).availability:
        case Availability.REFUSED:
            return f"The metric {term} can be stated and checked, and not computed here."
        case Availability.SCORES:
            return f"The metric {term} is computed only from scores or outputs that were made elsewhere."
        case Availability.EXECUTABLE:
            return None


def bind(term: Term, *, task: str | None = None) -> BoundMetric:
    """The metric that `term` names with its parameters; `task` makes the parameters it needs required.

    Raises `QSpecError` for an unknown metric, for parameters that are unknown, given twice, missing or wrong.
    """
    metric = find(term)
    if any(parameter.kind is Kind.PARTS for parameter in metric.parameters):
        from qspec.metrics.composite import read_parts

        parts = read_parts(term, task)
        like = parts[0][1].metric
        alike = replace(metric, direction=like.direction, unit=like.unit, low=like.low, high=like.high)
        return BoundMetric(alike, Parameters(parts=parts), term)
    given = _arguments(metric, term)
    values = Parameters()
    for parameter in metric.parameters:
        if parameter.name == "k" and term.at is not None:
            values["k"] = term.at
        elif parameter.name in given:
            values[parameter.name] = read(metric.name, parameter, given[parameter.name])
        elif parameter.required_for(task):
            raise QSpecError(f"The metric {term} needs its parameter {parameter.name}.", hint=parameter.doc)
        else:
            values[parameter.name] = parameter.default
    return BoundMetric(metric, values, term)


def _arguments(metric: Metric, term: Term) -> dict[str, Argument]:
    names = [p.name for p in metric.parameters if not (p.name == "k" and term.at is not None)]
    takes = f"it takes {spoken(names)}" if names else "it takes none"
    if len(term.positional) > len(names):
        raise QSpecError(f"The metric {term} has more parameters than {metric.name} takes.", hint=takes)
    given = dict(zip(names, term.positional, strict=False))
    for name, value in term.named.items():
        if name not in names:
            from difflib import get_close_matches

            near = get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else takes
            raise QSpecError(f"The metric {metric.name} has no parameter called {name}.", hint=hint)
        if name in given:
            raise QSpecError(f"The metric {term} gives its parameter {name} twice.")
        given[name] = value
    return given
