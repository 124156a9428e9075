"""Scores of one evaluation out of columns that were made elsewhere: values of metrics, or answers they follow from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.data.classes import class_numbers, truth_values
from qspec.data.limits import DEFAULT_LIMITS
from qspec.data.strata import Stratified, stratify
from qspec.errors import QSpecError
from qspec.execute.correctness import are_flips, scored_right
from qspec.execute.refusals import Refusals, refused
from qspec.execute.scores import Scores
from qspec.execute.scoring import Paired, columns_of
from qspec.execute.sheets import IDS, TRUTHS, PairedSheet, table_of
from qspec.execute.thresholds import chosen, paired
from qspec.execute.units import unit_numbers
from qspec.lang.read_back import metric_term
from qspec.lang.resolve import ResolvedClaim
from qspec.metrics.accuracy import chosen as chosen_choice
from qspec.metrics.bind import BoundMetric, bind
from qspec.metrics.deciding import Decision, decisions
from qspec.metrics.definition import Additive, Family, mean_value
from qspec.metrics.fields import FIELDS
from qspec.metrics.parameters import spoken
from qspec.metrics.predictions import Predictions
from qspec.model.base import Silence
from qspec.model.evaluation import Evaluated, Strata, TestSet
from qspec.model.measurand import MeasurandKind, measurand
from qspec.model.quantity import Quantity

Columns = dict[str, NDArray[np.float64]]


@dataclass
class Reading:
    """The columns of one evaluation on their way to scores; `notes` gathers what a reader must know of it."""

    resolved: ResolvedClaim
    name: str
    evaluation: Evaluated
    sheet: PairedSheet

    def __post_init__(self) -> None:
        self.notes = list(self.sheet.notes)
        test_set = self.evaluation.test_set
        size = test_set.size if isinstance(test_set, TestSet) else None
        if isinstance(size, Quantity) and size.unit != "tokens" and size.value != self.sheet.rows:
            self.notes.append(
                f"the scores are of {self.sheet.rows} examples, and the test set is declared with {size}"
            )

    @cached_property
    def _task(self) -> str | None:
        return self.evaluation.task if isinstance(self.evaluation.task, str) else None

    def scores(self) -> Scores:
        """The scores of both models, with strata and units."""
        metrics = self.metrics
        decided = decisions(metrics, self.evaluation.threshold)
        base: Columns = {}
        quantized: Columns = {}
        refusals = Refusals()
        scored = [one for one in metrics if not are_flips(one)]
        thresholds = self._put(scored, decided, refusals, base, quantized)
        by = scored_right(metrics, base, quantized)
        # Where a metric says what is right, flips are those of that metric: a count of their own would be another figure.
        if by is None:
            flips = [one for one in metrics if are_flips(one)]
            thresholds += self._put(flips, decided, refusals, base, quantized)
        sought = metrics if by is None else scored
        missing = [str(one) for one in sought if str(one) not in base and str(one) not in refusals]
        if missing and (error := self._unread(missing)) is not None:
            raise error
        if not base:
            refusals.check(0)
            raise QSpecError(self._nothing(missing), hint=_hint(metrics))
        if missing:
            self.notes.append(f"the columns do not hold {spoken(missing)}")
        facts: dict[str, Any] = {"source": {part: one.sha256 for part, one in self.sheet.files.items()}}
        facts |= refusals.facts() | chosen(thresholds, decided)
        self.notes += [f"{name} was left out: {reason}" for name, reason in refused(facts).items()]
        name = " and ".join(one.name for one in self.sheet.files.values())
        table = table_of(self.sheet.shared, name, self.sheet.unread)
        rows = np.arange(self.sheet.rows, dtype=np.int64)
        return Scores(
            self.sheet.rows,
            base,
            quantized,
            self._answers(),
            self._strata(table, rows),
            unit_numbers(self.evaluation, table, rows),
            facts,
        )

    def _put(
        self,
        metrics: list[BoundMetric],
        decided: Mapping[str, Decision],
        refusals: Refusals,
        base: Columns,
        quantized: Columns,
    ) -> list[Paired]:
        """Put in the columns of both models that are given or follow from answers; returns what was computed, and how."""
        computed = []
        for metric in metrics:
            found = self._given(metric)
            if found is not None:
                base[str(metric)], quantized[str(metric)] = found
            elif all(_has(side, metric, at_threshold=str(metric) in decided) for side in self.sides):
                computed.append(metric)
        for one in computed:
            if (why := _undecided(one, decided)) is not None:
                refusals.leave(str(one), why)
        thresholds = paired([one for one in computed if str(one) not in refusals], decided, refusals)
        first, second = self.sides
        if first is not None and second is not None:
            made = columns_of(thresholds, first, second.beside(first), refusals)
            base |= made[0]
            quantized |= made[1]
        return thresholds

    # Metrics ---------------------------------------------------------------------------------

    @cached_property
    def metrics(self) -> list[BoundMetric]:
        """The declared metrics, and the distances that the claim bounds beside them."""
        declared = self.evaluation.metrics if isinstance(self.evaluation.metrics, list) else []
        terms = {str(term): term for term in declared}
        for assertion in self.resolved.claim.assertions:
            subject = measurand(assertion.quantity)
            distance = subject.kind is MeasurandKind.DISTANCE and subject.metric is not None
            if distance and subject.metric is not None and assertion.on in (None, self.name):
                terms.setdefault(str(subject.metric), subject.metric)
        if not terms:
            raise QSpecError("No metric is declared.", hint="add `metrics: [top1]`, or others")
        return [bind(term, task=self._task) for term in terms.values()]

    def _given(self, metric: BoundMetric) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Columns with the metric's own value of every example; None where there are none."""
        if metric.family is Family.DISTANCE:
            values = self.sheet.shared.get(str(metric))
            found = _values(metric, values, str(metric)) if values is not None else None
            return (found, found) if found is not None else None
        alone = sum(other.name == metric.name for other in self.metrics) == 1
        stems = [
            s for s in self.sheet.baseline if s in self.sheet.quantized and _names(s, metric, alone=alone)
        ]
        if not stems:
            return None
        stem = str(metric) if str(metric) in stems else stems[0]
        if not _is_mean(metric):
            raise QSpecError(
                f"{metric} is no mean of a value of each example, so it does not follow from the column {stem}.",
                hint=_hint([metric]),
            )
        sides = (self.sheet.baseline, self.sheet.quantized)
        base, quantized = (_values(metric, side[stem], stem) for side in sides)
        if not np.array_equal(np.isnan(base), np.isnan(quantized)):
            raise QSpecError(
                f"The column {stem} lacks values for other examples in one model than in the other.",
                hint="both are scored on the same examples; leave such rows out of both",
            )
        return base, quantized

    def _unread(self, missing: list[str]) -> QSpecError | None:
        """Why a column could not be read that may be the one which metrics are missing for."""
        lacking = [metric for metric in self.metrics if str(metric) in missing]
        for name, error in self.sheet.unread.items():
            if name in FIELDS or any(_names(name, metric, alone=True) for metric in lacking):
                return error
        return None

    def _nothing(self, missing: list[str]) -> str:
        there = sorted({*self.sheet.baseline, *self.sheet.shared} - set(IDS))
        return f"The scores hold {spoken(there)}, from which {spoken(missing)} do not follow."

    # Predictions -----------------------------------------------------------------------------

    @cached_property
    def sides(self) -> tuple[Predictions | None, Predictions | None]:
        """What either model answered beside what is true; None where the columns hold neither."""
        one, other = (self._predictions(side) for side in (self.sheet.baseline, self.sheet.quantized))
        return one, other

    def _predictions(self, side: Mapping[str, Any]) -> Predictions | None:
        truths = {name: values for name, values in self.sheet.shared.items() if name in TRUTHS}
        held = {
            name: self._coded(name, values) for name, values in {**truths, **side}.items() if name in FIELDS
        }
        return Predictions(held) if held.keys() - TRUTHS else None

    @cached_property
    def classes(self) -> dict[str, int] | None:
        """The number of every class, where classes are texts: in the order of the data set, else of the alphabet."""
        columns = [self.sheet.shared.get("label"), *(s.get("prediction") for s in self._both)]
        texts = [str(v) for values in columns if values is not None and _is_text(values) for v in values]
        if not texts:
            return None
        test_set = self.evaluation.test_set
        pinned = test_set.data if isinstance(test_set, TestSet) else None
        known = (
            self.resolved.dataset(pinned) if pinned is not None and not isinstance(pinned, Silence) else None
        )
        names = known[0].classes if known is not None else []
        if not names:
            names = sorted(set(texts))
            self.notes.append(f"classes were numbered from 0 in the order {', '.join(names[:12])}")
        return {name: number for number, name in enumerate(names)}

    @property
    def _both(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        return self.sheet.baseline, self.sheet.quantized

    def _coded(self, name: str, values: Any) -> Any:
        if name not in {"label", "prediction"} or not _is_text(values) or self.classes is None:
            return _array(name, values)
        return class_numbers(
            np.asarray([str(v) for v in values]), list(self.classes), f"The column {name} holds"
        )

    def _answers(self) -> tuple[NDArray[Any], NDArray[Any]] | None:
        """What both models answered, where that can be told apart."""
        first, second = self.sides
        if first is None or second is None:
            return None
        for name in ("prediction", "text"):
            if first.has(name) and second.has(name):
                one, other = (
                    np.asarray(side.texts(name)) if name == "text" else chosen_choice(side, self.metrics)
                    for side in (first, second)
                )
                return one, other
        return None

    # Strata ----------------------------------------------------------------------------------

    def _strata(self, table: Any, rows: NDArray[np.int64]) -> list[Stratified]:
        """The declared strata; left out, with a note, where no assertion needs what the columns do not tell."""
        declared = self.evaluation.strata
        if not isinstance(declared, Strata):
            return []
        needed = any(
            (one.for_each is not None or one.for_ is not None) and one.on in (None, self.name)
            for one in self.resolved.claim.assertions
        )
        try:
            return stratify(declared, table, rows, limits=DEFAULT_LIMITS)
        except QSpecError as error:
            if needed:
                raise
            self.notes.append(f"no strata: {error.message}")
            return []


def _has(side: Predictions | None, metric: BoundMetric, *, at_threshold: bool) -> bool:
    """Whether the metric follows from what one model answered; at a threshold that is from its scores alone."""
    if side is None or (at_threshold and not side.has("score")):
        return False
    return all(any(side.has(name) for name in need.split("|")) for need in metric.metric.needs)


def _undecided(metric: BoundMetric, decided: Mapping[str, Decision]) -> QSpecError | None:
    """Why there is no threshold for a metric that is decided at one; None where there is."""
    decision = decided.get(str(metric))
    if decision is None or decision.fixed is not None:
        return None
    if decision.because is not None:
        return QSpecError(decision.because, hint=decision.hint)
    return QSpecError(
        f"The threshold of {metric} is chosen on a split whose outputs are not among the scores.",
        hint="say `threshold { value: … }`, or give a column of the metric's own values",
    )


def _is_mean(metric: BoundMetric) -> bool:
    computation = metric.metric.computation
    return isinstance(computation, Additive) and computation.value is mean_value


def _names(stem: str, metric: BoundMetric, *, alone: bool) -> bool:
    """Whether a column's name means the metric: its term, the same spelled otherwise, or its name where it is `alone`."""
    if stem == str(metric) or (alone and stem in (metric.name, metric.term.head)):
        return True
    term = (
        metric_term(stem)
        if stem.startswith((metric.name.partition("@")[0], *metric.metric.aliases))
        else None
    )
    if term is None:
        return False
    try:
        same = bind(term)
    except QSpecError:
        return False
    return same.name == metric.name and same.parameters == metric.parameters


def _values(metric: BoundMetric, values: Any, stem: str) -> NDArray[np.float64]:
    """The (n, 1) column of a metric's own values; NaN where an example does not count."""
    array = _stacked(
        stem, [np.nan if v is None else v for v in values] if isinstance(values, list) else values
    )
    if array.ndim == 1 and array.dtype.kind == "U" and (truths := truth_values(array)) is not None:
        array = truths
    if array.ndim != 1 or array.dtype.kind not in "iufb":
        raise QSpecError(
            f"The column {stem} holds no numbers, and {metric} has one for each example.",
            hint="write a number a row, or true and false for 1 and 0; an empty cell is an example that does not count",
        )
    found = array.astype(np.float64)
    counted = found[~np.isnan(found)]
    low, high = metric.metric.low, metric.metric.high
    binary = metric.family is Family.BINARY
    wrong = counted[
        ~np.isin(counted, (0.0, 1.0)) if binary else (counted < low) | (counted > high) | np.isinf(counted)
    ]
    if len(wrong):
        range_ = "0 or 1" if binary else f"from {low:g} to {high:g}"
        raise QSpecError(f"The column {stem} holds {wrong[0]:g}, and {metric} of an example is {range_}.")
    return found[:, None]


def _is_text(values: Any) -> bool:
    return isinstance(next(iter(values), None), str)


def _array(name: str, values: Any) -> Any:
    if FIELDS[name].kind in ("text", "ragged"):
        return list(values)
    return _stacked(name, values)


def _stacked(name: str, values: Any) -> NDArray[Any]:
    """The rows of a column as one array."""
    try:
        array = np.asarray(values)
        if array.size:
            return array
        raise QSpecError(f"The rows of the column {name} are empty.", hint="leave the column out")
    except (ValueError, OverflowError):
        raise QSpecError(
            f"The rows of the column {name} differ in kind or length.", hint="pad them to one length"
        ) from None


def _hint(metrics: list[BoundMetric]) -> str:
    """What columns would do."""
    first = metrics[0]
    needs = [need.replace("|", " or ") for need in first.metric.needs]
    own = f"{first}.baseline and {first}.quantized, or " if _is_mean(first) else ""
    return f"give {own}{spoken(needs)} (of each model, as NAME.baseline and NAME.quantized)"
