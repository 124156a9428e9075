"""What rules look at: a claim with its executor, evaluations, assertions and figures, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from qspec.lang.digests import executor_digest
from qspec.lang.resolve import Origin, ResolvedClaim, ResolvedExecutor
from qspec.model.base import Silence, kebab
from qspec.model.claim import Assertion, Claim, Reported
from qspec.model.evaluation import Calibration, Evaluated, Strata, TestSet, evaluations_meant
from qspec.model.expression import Pinned, Stratification, Term
from qspec.model.measurand import Measurand, MeasurandKind, measurand
from qspec.model.measured import Measured

if TYPE_CHECKING:
    from qspec.checks.axis import Axis

MAX_FIGURES = 64
"""Figures of one evaluation and stratum that are compared with each other; no honest source prints more."""


@dataclass
class EvaluationView:
    """One evaluation of a claim's executor; the name is empty when the executor has but one."""

    name: str
    evaluation: Evaluated
    claim: ClaimView

    def where(self, key: str) -> Origin:
        """Where `key` (a name in the language) was said, or the nearest thing around it."""
        executor = self.claim.executor
        if executor is None:
            return self.claim.origin
        if self.name:
            own = executor.where("evaluations").at(self.name)
            named = executor.executor.evaluations[self.name]
            field_name = next((f for f in type(named).model_fields if kebab(f) == key), None)
            if field_name and getattr(named, field_name) is not None:
                return own.at(key)
            return executor.origins.get(key, own)
        return executor.where(key)

    @property
    def metrics(self) -> list[Term]:
        """The declared metrics."""
        return self.evaluation.metrics if isinstance(self.evaluation.metrics, list) else []

    @property
    def task(self) -> str | None:
        """The declared task, by name."""
        return self.evaluation.task if isinstance(self.evaluation.task, str) else None

    @property
    def strata(self) -> dict[str, Stratification]:
        """The declared stratifications, by name."""
        return self.evaluation.strata.members if isinstance(self.evaluation.strata, Strata) else {}

    @property
    def test_set(self) -> TestSet | None:
        """The test set, where one is described."""
        return self.evaluation.test_set if isinstance(self.evaluation.test_set, TestSet) else None

    @property
    def test_data(self) -> Pinned | None:
        """The data of the test set, where they are named."""
        data = self.test_set.data if self.test_set is not None else None
        return data if isinstance(data, Pinned) else None

    @property
    def test_split(self) -> str | None:
        """The split that is named beside the data of the test set."""
        split = self.test_set.split if self.test_set is not None else None
        return split if isinstance(split, str) else None


@dataclass
class AssertionView:
    """One assertion, what it bounds, and the evaluation it speaks of."""

    assertion: Assertion
    index: int
    claim: ClaimView

    @property
    def origin(self) -> Origin:
        """Where it stands."""
        return self.claim.origin.at("assertions", self.index)

    @cached_property
    def measurand(self) -> Measurand:
        """What it bounds."""
        return measurand(self.assertion.quantity)

    @cached_property
    def evaluation(self) -> EvaluationView | None:
        """The evaluation it is on; the only one, or the only one with the metric, when it does not say."""
        return self.claim.evaluation_for(self.assertion.on, self.measurand)

    @property
    def strata(self) -> dict[str, Stratification]:
        """The stratifications that its evaluation declares, by name."""
        return self.evaluation.strata if self.evaluation is not None else {}

    @property
    def is_stratified(self) -> bool:
        """Whether it bounds strata rather than the whole."""
        return self.assertion.is_stratified


@dataclass
class FigureView:
    """One reported figure and the evaluation it speaks of."""

    figure: Reported
    index: int
    claim: ClaimView

    @property
    def origin(self) -> Origin:
        """Where it stands."""
        return self.claim.origin.at("reported", "figures", self.index)

    @cached_property
    def measurand(self) -> Measurand:
        """What it reports."""
        return measurand(self.figure.quantity)

    @cached_property
    def evaluation(self) -> EvaluationView | None:
        """The evaluation it is on."""
        return self.claim.evaluation_for(self.figure.on, self.measurand)


@dataclass
class MeasuredView:
    """One measured block."""

    measured: Measured
    index: int
    claim: ClaimView

    @property
    def origin(self) -> Origin:
        """Where it stands."""
        return self.claim.origin.at("measured", self.index)


@dataclass
class ClaimView:
    """A claim as rules see it."""

    resolved: ResolvedClaim
    profile: str = "default"
    axes: dict[str, Axis] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The claim's name."""
        return self.resolved.name

    @property
    def claim(self) -> Claim:
        """The claim as declared."""
        return self.resolved.claim

    @property
    def origin(self) -> Origin:
        """Where it stands."""
        return self.resolved.origin

    @property
    def executor(self) -> ResolvedExecutor | None:
        """Its executor, or None when it has none that exists."""
        return self.resolved.executor

    def where(self, key: str) -> Origin:
        """Where its executor says `key` (a name in the language), or the claim itself where it has no executor."""
        return self.executor.where(key) if self.executor is not None else self.origin

    @property
    def calibration(self) -> Calibration | None:
        """How its executor is calibrated, where that is described."""
        value = self.executor.executor.calibration if self.executor is not None else None
        return value if isinstance(value, Calibration) else None

    @property
    def calibration_data(self) -> Pinned | None:
        """The calibration data, where they are named."""
        data = self.calibration.data if self.calibration is not None else None
        return data if isinstance(data, Pinned) else None

    @cached_property
    def evaluations(self) -> list[EvaluationView]:
        """The evaluations of its executor; one empty one when it has no executor."""
        if self.executor is None:
            return [EvaluationView("", Evaluated(), self)]
        return [
            EvaluationView(name, evaluation, self)
            for name, evaluation in self.executor.executor.each_evaluation()
        ]

    @cached_property
    def assertions(self) -> list[AssertionView]:
        """Its assertions."""
        return [
            AssertionView(assertion, index, self) for index, assertion in enumerate(self.claim.assertions)
        ]

    @cached_property
    def figures(self) -> list[FigureView]:
        """The figures its source reports."""
        listed = self.claim.reported.figures if self.claim.reported else []
        return [FigureView(figure, index, self) for index, figure in enumerate(listed)]

    @cached_property
    def figures_by_stratum(self) -> dict[tuple[str | None, str], list[FigureView]]:
        """The figures by evaluation and stratum, at most `MAX_FIGURES` of each: rules compare them in pairs."""
        found: dict[tuple[str | None, str], list[FigureView]] = {}
        for view in self.figures:
            name = view.evaluation.name if view.evaluation is not None else None
            listed = found.setdefault((name, str(view.figure.for_)), [])
            if len(listed) < MAX_FIGURES:
                listed.append(view)
        return found

    @cached_property
    def executor_digest(self) -> str:
        """Digest of its executor as it is declared now."""
        return executor_digest(self.resolved)

    @cached_property
    def measured(self) -> list[MeasuredView]:
        """Its measured blocks."""
        return [MeasuredView(block, index, self) for index, block in enumerate(self.claim.measured)]

    def evaluation_for(self, on: str | None, subject: Measurand) -> EvaluationView | None:
        """The evaluation that an assertion or a figure speaks of, or None when it cannot be told."""
        by_name = {view.name: view for view in self.evaluations}
        if on is not None:
            return by_name.get(on)
        meant = evaluations_meant({name: view.evaluation for name, view in by_name.items()}, subject)
        return by_name[meant[0]] if len(meant) == 1 else None

    def says(self, *kinds: MeasurandKind) -> bool:
        """Whether an assertion, a reported or a measured figure is about one of `kinds`."""
        return any(m.kind in kinds for m in self.measurands())

    def measurands(self) -> Iterator[Measurand]:
        """What the assertions and the figures, reported and measured, are about."""
        yield from (a.measurand for a in self.assertions)
        yield from (f.measurand for f in self.figures)
        for block in self.claim.measured:
            yield from (measurand(result.quantity) for result in block.results)


def stated(value: object) -> bool:
    """Whether a value was given, rather than left out or marked unstated."""
    return value is not None and not (isinstance(value, Silence) and value.silence == "unstated")
