"""Measured metrics with their strata: rows for a table, a forest plot, and where answers went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qspec.checks.view import ClaimView
from qspec.model.evaluation import Strata
from qspec.model.measurand import measurand
from qspec.model.measured import Measured, Result
from qspec.report import figures
from qspec.report.figures import Scale
from qspec.report.forest import Line, by_stratification, forest, lines_of
from qspec.report.measure import Measure, is_physical, measure_of
from qspec.report.outcome import method_title
from qspec.report.plots import Forest


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One metric on the whole test set or on one stratum."""

    key: str
    group: str
    label: str
    n: str
    baseline: str
    quantized: str
    loss: str
    interval: str
    method: str
    harmful: str
    helpful: str
    changed: str
    upper: float = 0.0
    """The greatest loss that the interval allows, by which rows are ordered."""


@dataclass(frozen=True, slots=True)
class Flips:
    """Where answers went: examples by whether baseline and quantized model are right."""

    both_right: str
    harmful: str
    helpful: str
    both_wrong: str
    n: str
    changed: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Headline:
    """The loss over the whole test set, in three words."""

    term: str
    loss: str
    interval: str


@dataclass(frozen=True, slots=True)
class Score:
    """One metric of one evaluation."""

    term: str
    on: str
    measure: Measure
    whole: Result | None
    loss_scale: Scale
    value_scale: Scale
    rows: tuple[ScoreRow, ...]
    forest: Forest | None
    flips: Flips | None
    tile: Headline | None
    export: str = ""
    """What the export to the baseline's file had cost before, in a sentence; empty where no reference is named."""

    @property
    def has_flips(self) -> bool:
        """Whether some row tells harmful and helpful flips apart."""
        return any(row.harmful != "\u2013" or row.helpful != "\u2013" for row in self.rows)

    @property
    def has_changed(self) -> bool:
        """Whether some row tells how many answers changed."""
        return any(row.changed != "\u2013" for row in self.rows)


def scores_of(claim: ClaimView, block: Measured) -> Iterator[Score]:
    """The metrics of a block, in the order they stand in it."""
    grouped: dict[tuple[str, str | None], list[Result]] = {}
    for result in block.results:
        if not is_physical(result):
            grouped.setdefault((str(result.quantity), result.on), []).append(result)
    for (term, on), results in grouped.items():
        measure = measure_of(results[0].quantity, claim)
        halves = [(ends[1] - ends[0]) / 2 for r in results if (ends := figures.ends(r.interval)) is not None]
        losses = measure.losses([figures.base(r.loss) for r in results], halves)
        values = measure.values([figures.base(v) for r in results for v in (r.baseline, r.quantized)], halves)
        whole = next((r for r in results if r.for_ is None), None)
        view = claim.evaluation_for(on, measurand(results[0].quantity))
        declared = view.evaluation.strata if view else None
        lines = lines_of(results, declared if isinstance(declared, Strata) else None)
        yield Score(
            term=term,
            on=on or "",
            measure=measure,
            whole=whole,
            loss_scale=losses,
            value_scale=values,
            rows=tuple(_row(line, values, losses) for line in lines),
            forest=forest(claim, measure, by_stratification(lines), losses, on),
            flips=_flips(whole) if whole is not None else None,
            tile=_headline(term, whole, losses),
            export=_exported(whole, values, losses) if whole is not None else "",
        )


def _row(line: Line, values: Scale, losses: Scale) -> ScoreRow:
    result, stratum = line.result, line.stratum
    ends = figures.ends(result.interval)
    return ScoreRow(
        key=stratum.key if stratum else "",
        group=stratum.group if stratum else "",
        label=stratum.label if stratum else "all examples",
        n=figures.count(result.n),
        baseline=values.show(figures.base(result.baseline)),
        quantized=values.show(figures.base(result.quantized)),
        loss=losses.show(line.loss),
        interval=(values if line.loss is None else losses).between(*ends) if ends else "\u2013",
        method=method_title(result.method),
        harmful=figures.count(result.harmful),
        helpful=figures.count(result.helpful),
        changed=figures.count(result.changed),
        upper=line.upper,
    )


def _headline(term: str, whole: Result | None, losses: Scale) -> Headline | None:
    loss = figures.base(whole.loss) if whole is not None else None
    if whole is None or loss is None:
        return None
    ends = figures.ends(whole.interval)
    return Headline(term, losses.show(loss), losses.between(*ends) if ends else "")


def _exported(whole: Result, values: Scale, losses: Scale) -> str:
    loss, ends = figures.base(whole.export_loss), figures.ends(whole.export_interval)
    if loss is None:
        return ""
    between = f" ({losses.between(*ends)})" if ends else ""
    return (
        f"The model that was exported has {values.show(figures.base(whole.reference))}: the export cost "
        f"{losses.show(loss)}{between}, apart from the loss shown here."
    )


def _flips(whole: Result) -> Flips | None:
    """The four cells, from n, the baseline's share of right answers, and the flips; None without them."""
    n, right = figures.base(whole.n), figures.base(whole.baseline)
    harmful, helpful = figures.base(whole.harmful), figures.base(whole.helpful)
    if n is None or right is None or harmful is None or helpful is None or not (n > 0 and 0 <= right <= 1):
        return None
    both_right = round(n * right) - harmful
    both_wrong = n - both_right - harmful - helpful
    if min(both_right, both_wrong) < 0:
        return None
    return Flips(
        both_right=f"{both_right:,.0f}",
        harmful=f"{harmful:,.0f}",
        helpful=f"{helpful:,.0f}",
        both_wrong=f"{both_wrong:,.0f}",
        n=figures.count(whole.n),
        changed=figures.count(whole.changed),
        sentence=_told(n, harmful + helpful, figures.base(whole.changed)),
    )


def _told(n: float, flips: float, changed: float | None) -> str:
    """How many answers flipped between right and wrong, and how many changed at all."""
    if flips == 0 and changed == 0:
        return "Not one answer changed."
    sentence = f"{figures.share(least=2).show(flips / n)} of the examples flipped."
    if changed is not None:
        among_wrong = max(0.0, changed - flips)
        sentence += (
            f" {changed:,.0f} answers changed, {among_wrong:,.0f} of them from one wrong answer to another."
        )
    return f"{sentence} Equal scores can hide flips that cancel."
