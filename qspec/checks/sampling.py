"""How many examples each assertion of a claim needs, stratum by stratum, from what the document says alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from qspec.checks.arithmetic import metric_of
from qspec.checks.resolution import (
    Question,
    confidence,
    counted_bounds,
    examples,
    figures_for,
    tried,
    whole_count,
)
from qspec.checks.strata import is_of, number_of_strata, stratification
from qspec.checks.view import AssertionView, ClaimView
from qspec.errors import QSpecError
from qspec.model.measurand import MeasurandKind
from qspec.model.measured import Result
from qspec.stats.power import detectable_bound, needed_pairs, planning_discordance, power_to_confirm
from qspec.stats.static import calls_for_percentile, zero_flip_limit


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is supposed where nothing was measured; all fractions."""

    discordance: float | None = None
    """Share of examples on which the two models differ; read off a measured block, else 3 %, when None."""
    loss: float = 0.0
    """The true loss."""
    power: float = 0.8
    """The chance of confirming that the test set shall give."""


SUPPOSED_DISCORDANCE = 0.03


@dataclass(frozen=True, slots=True)
class Need:
    """What one bound needs, on the whole test set or in one stratum; shares are fractions."""

    claim: str
    assertion: str
    stratum: str | None
    """The stratum; `each of K CLASS` for the average of K; None for the whole."""
    bound: float
    """The largest loss that the assertion lets pass."""
    confidence: float
    discordance: float
    supposed: str
    """Where the discordance comes from."""
    n: int | None
    """Examples there are, where the document says."""
    needed: int | None
    """Examples with which the bound is confirmed with the power asked for; None where no number does."""
    detectable: float | None
    """The tightest bound that `n` examples confirm with that power."""
    floor: float | None
    """The upper limit of the loss on `n` examples when no answer changes at all."""
    chance: float | None
    """The chance that `n` examples confirm the bound."""
    decided_under: float | None = None
    """The discordance under which the printed scores decide the bound, where scores are printed."""

    @property
    def suffices(self) -> bool | None:
        """Whether the examples there are suffice; None where their number or the need is unknown."""
        return None if self.n is None or self.needed is None else self.n >= self.needed


@dataclass(frozen=True, slots=True)
class Unplanned:
    """An assertion that no number of examples decides, and what does."""

    claim: str
    assertion: str
    because: str


def needs(claim: ClaimView, given: Assumptions) -> Iterator[Need | Unplanned]:
    """For every assertion of a claim, the examples that its bounds need, or why examples do not decide it."""
    for view in claim.assertions:
        questions = list(counted_bounds(view))
        if _is_census(view) or not questions:
            yield Unplanned(claim.name, str(view.assertion), _because(view))
        for question in questions if not _is_census(view) else []:
            yield from _bound(view, question, given)


def _is_census(view: AssertionView) -> bool:
    statistics = view.evaluation.evaluation.statistics if view.evaluation is not None else None
    return statistics is not None and statistics.population == "fixed" and view.measurand.kind.is_accuracy


def _because(view: AssertionView) -> str:
    kind = view.measurand.kind
    if _is_census(view):
        return "the population is fixed, so that its examples are all there is"
    if kind is MeasurandKind.SIZE:
        return "a size is exact"
    if kind is MeasurandKind.LATENCY:
        percentile = _percentile(view.measurand.statistic)
        calls = (
            f"{view.measurand.statistic} needs {calls_for_percentile(percentile):,} calls"
            if percentile
            else None
        )
        return calls or "calls decide it, not examples"
    if not kind.is_accuracy:
        return "it is timed or metered in rounds, not counted in examples"
    metric = metric_of(view.measurand.metric)
    if metric is None:
        return "its metric is not known"
    return f"`{metric.name}` is no share of right answers, so that its spread must be seen first: run a pilot"


def _percentile(statistic: str | None) -> float | None:
    digits = (statistic or "").removeprefix("p")
    value = (
        float(digits)
        if statistic and statistic.startswith("p") and digits.replace(".", "", 1).isdigit()
        else 0.0
    )
    return value if 0 < value < 100 else None


def _bound(view: AssertionView, question: Question, given: Assumptions) -> Iterator[Need]:
    share, supposed = _discordance(view, question, given)
    limit = question.limit * _baseline(view) if question.relative else question.limit
    for stratum, n in _samples(view):
        yield _need(view, question, limit, share, supposed, stratum, n, given)


def _need(
    view: AssertionView,
    question: Question,
    limit: float,
    share: float,
    supposed: str,
    stratum: str | None,
    n: int | None,
    given: Assumptions,
) -> Need:
    level, loss, power = question.confidence, given.loss, given.power
    try:
        needed = needed_pairs(share, limit, loss, level, power) if loss < limit else None
    except QSpecError:
        needed = None
    return Need(
        view.claim.name,
        str(view.assertion),
        stratum,
        limit,
        level,
        share,
        supposed,
        n,
        needed,
        max(detectable_bound(n, share, loss, level, power), zero_flip_limit(n, level)) if n else None,
        zero_flip_limit(n, level) if n else None,
        _chance(n, share, limit, loss, level) if n else None,
        _decided_under(view, question) if stratum is None else None,
    )


def _chance(n: int, share: float, limit: float, loss: float, level: float) -> float:
    """The chance to confirm; none where even no change at all leaves the bound inside the interval."""
    return power_to_confirm(n, share, limit, loss, level) if zero_flip_limit(n, level) < limit else 0.0


def _discordance(view: AssertionView, question: Question, given: Assumptions) -> tuple[float, str]:
    if given.discordance is not None:
        return max(given.discordance, abs(given.loss)), "as given"
    for result in _results(view):
        if (
            result.for_ is None
            and result.n is not None
            and result.harmful is not None
            and result.helpful is not None
        ):
            flips, n = int(result.harmful.value + result.helpful.value), whole_count(result.n)
            if n and flips <= n:
                upper = planning_discordance(flips, n, question.confidence)
                return max(upper, abs(given.loss)), f"upper limit of {flips} in {n:,} measured"
    for figure in figures_for(view):
        found = tried(figure, question.limit, relative=question.relative, confidence=question.confidence)
        if found is not None and found.result.discordance.least > SUPPOSED_DISCORDANCE:
            return max(
                found.result.discordance.least, abs(given.loss)
            ), "the least that the printed scores allow"
    return max(SUPPOSED_DISCORDANCE, abs(given.loss)), "supposed"


def _decided_under(view: AssertionView, question: Question) -> float | None:
    for figure in figures_for(view):
        found = tried(figure, question.limit, relative=question.relative, confidence=question.confidence)
        if found is not None:
            return max(found.result.deciding_discordance, 0.0)
    return None


def _baseline(view: AssertionView) -> float:
    """The baseline's score as a fraction, measured or printed; 1 where nobody gives it, so that the need is a least."""
    for result in _results(view):
        if result.for_ is None and result.baseline is not None and 0 < result.baseline.base <= 1:
            return float(result.baseline.base)
    for figure in figures_for(view):
        found = tried(figure, 0.0, relative=False, confidence=confidence(view))
        if found is not None and found.pair.baseline.middle > 0:
            return float(found.pair.baseline.middle)
    return 1.0


def _results(view: AssertionView) -> Iterator[Result]:
    """Measured results of the assertion's metric."""
    wanted = view.measurand.metric
    for block in view.claim.claim.measured:
        for result in block.results:
            if (
                wanted is not None
                and result.quantity.name == wanted.name
                and result.on in (None, view.assertion.on)
            ):
                yield result


def _samples(view: AssertionView) -> Iterator[tuple[str | None, int | None]]:
    """The whole, or every stratum that the assertion bounds, with the number of examples where it is known."""
    if not view.is_stratified:
        yield None, examples(view.evaluation)
        return
    how = stratification(view)
    known: dict[str, int | None] = {}
    for result in _results(view):
        if is_of(view, result.for_, how):
            known.setdefault(str(result.for_), whole_count(result.n))
    for figure in view.claim.figures:
        if (
            figure.figure.for_ is not None
            and is_of(view, figure.figure.for_, how)
            and figure.figure.n is not None
        ):
            known.setdefault(str(figure.figure.for_), whole_count(figure.figure.n))
    if known:
        yield from known.items()
        return
    name = str(view.assertion.for_each or view.assertion.for_)
    count, whole = number_of_strata(view, how), examples(view.evaluation)
    if count and whole:
        yield f"each of {count} {name}", max(int(Decimal(whole) // count), 1)
    else:
        yield f"each {name}" if view.assertion.for_each else name, None
