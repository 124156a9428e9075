"""One measured block as people read it: verdicts, losses by stratum, speed, size, census, machine and digests."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from qspec.checks.view import AssertionView, ClaimView
from qspec.lang.resolve import Origin
from qspec.model.measured import Census, Measured, Verdict
from qspec.report import figures
from qspec.report.machine import MachineRow, machine_rows
from qspec.report.measure import decided_on, is_physical
from qspec.report.outcome import NOT_EXECUTED, Outcome, method_title, outcome_of
from qspec.report.physical import PhysicalRow, Tile, physical_row, size_bars, tiles
from qspec.report.plots import Bar, Bars, Tradeoff
from qspec.report.scores import Score, scores_of
from qspec.report.tradeoff import tradeoffs

_ROLES = (
    ("plan", "Plan"),
    ("executor_digest", "Executor"),
    ("assertions_digest", "Assertions"),
    ("content_digest", "This block"),
)


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One assertion and what execution says of it."""

    assertion: str
    outcome: Outcome
    expected: str
    as_expected: bool
    interval: str = "\u2013"
    method: str = "\u2013"
    needs: str = "\u2013"
    because: str = ""


@dataclass(frozen=True, slots=True)
class HiddenRow:
    """A stratum that loses more than the aggregate's bound while the aggregate holds."""

    stratum: str
    loss: str
    interval: str
    p: str


@dataclass(frozen=True, slots=True)
class CensusCard:
    """What really ran, for one model."""

    model: str
    bars: Bars
    realized: bool
    simulated: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution of a claim on one machine."""

    at: str
    tool: str
    judge: str
    machine: str
    outcome: Outcome
    tiles: tuple[Tile, ...]
    verdicts: tuple[VerdictRow, ...]
    scores: tuple[Score, ...]
    hidden: tuple[HiddenRow, ...]
    physical: tuple[PhysicalRow, ...]
    tradeoffs: tuple[Tradeoff, ...]
    sizes: tuple[Bars, ...]
    census: tuple[CensusCard, ...]
    fields: tuple[MachineRow, ...]
    quantizer: str
    notes: tuple[str, ...]
    digests: tuple[tuple[str, str], ...] = field(default=())

    @property
    def drifts(self) -> int:
        """Fields in which the machine found is not the one declared."""
        return sum(row.drifts for row in self.fields)


def execution(claim: ClaimView, block: Measured, origin: Origin) -> Execution:
    """The block of `claim` that stands at `origin`."""
    scores = tuple(scores_of(claim, block))
    physical = [result for result in block.results if is_physical(result)]
    found = block.executor
    machine = " \u00b7 ".join(
        part for part in (found.accelerator or found.cpu, found.runtime, found.provider) if part
    )
    digests = [(title, getattr(block, name)) for name, title in _ROLES if getattr(block, name)]
    roles = block.artifacts.members if block.artifacts else {}
    return Execution(
        at=moment(block.at),
        tool=block.tool,
        judge=str(block.judge_version),
        machine=machine or "an unnamed machine",
        outcome=outcome_of(block.outcome) if block.outcome else NOT_EXECUTED,
        tiles=tuple(tiles(scores, physical)),
        verdicts=tuple(_verdicts(claim, block)),
        scores=scores,
        hidden=tuple(_hidden(block, scores)),
        physical=tuple(physical_row(result) for result in physical),
        tradeoffs=tuple(tradeoffs(claim, block, scores)),
        sizes=tuple(bars for result in physical if (bars := size_bars(result)) is not None),
        census=tuple(_census(model, census) for model, census in block.census.items()),
        fields=tuple(machine_rows(claim.executor, found)),
        quantizer=block.quantizer or "",
        notes=tuple(block.notes),
        digests=(*((f"{role} file", digest) for role, digest in roles.items()), *digests),
    )


def moment(text: str) -> str:
    """A time stamp for people, in UTC; one that is no time stands as it was written."""
    try:
        at = datetime.datetime.fromisoformat(text)
    except ValueError:
        return text
    if at.tzinfo is not None:
        at = at.astimezone(datetime.UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def unjudged(claim: ClaimView) -> list[VerdictRow]:
    """The assertions of a claim that no machine has run."""
    return [_row(view, None, str(view.assertion)) for view in claim.assertions]


def _verdicts(claim: ClaimView, block: Measured) -> list[VerdictRow]:
    """Assertions in the order of the claim, then verdicts on assertions that it no longer makes."""
    seen = {str(view.assertion): view for view in claim.assertions}
    rows = [_row(view, block.verdicts.get(label), label) for label, view in seen.items()]
    rows += [_row(None, verdict, label) for label, verdict in block.verdicts.items() if label not in seen]
    return rows


def _row(view: AssertionView | None, verdict: Verdict | None, label: str) -> VerdictRow:
    expected = (
        (verdict.expected if verdict else None) or (view.assertion.expect if view else None) or "confirmed"
    )
    if verdict is None:
        return VerdictRow(label, NOT_EXECUTED, expected, as_expected=False)
    interval = "\u2013"
    if verdict.interval is not None:
        ends, scale = figures.ends(verdict.interval), None
        if view is not None:
            scale = decided_on(view, verdict.interval.low, verdict.interval.high)
        elif ends is not None:
            scale = figures.plain(ends)
        if ends is None or scale is None:
            interval = figures.printed(verdict.interval)
        else:
            interval = scale.show(ends[0]) if ends[0] == ends[1] else scale.between(*ends)
    because = verdict.because or ("" if view else "The claim no longer makes this assertion.")
    return VerdictRow(
        assertion=label,
        outcome=outcome_of(verdict.outcome),
        expected=expected,
        as_expected=verdict.outcome == expected,
        interval=interval,
        method=method_title(verdict.method),
        needs=figures.count(verdict.needs),
        because=because,
    )


def _hidden(block: Measured, scores: tuple[Score, ...]) -> list[HiddenRow]:
    rows = []
    for stratum, hidden in block.hidden.items():
        loss, ends = figures.base(hidden.loss), figures.ends(hidden.interval)
        owner = next((score for score in scores if any(row.key == stratum for row in score.rows)), None)
        scale = owner.loss_scale if owner else figures.plain([loss])
        p = figures.base(hidden.p)
        rows.append(
            HiddenRow(
                stratum,
                scale.show(loss),
                scale.between(*ends) if ends else "",
                f"{p:.2g}" if p is not None else "",
            )
        )
    return rows


def _census(model: str, census: Census) -> CensusCard:
    declared, stored, computed = (
        figures.base(number) or 0.0 for number in (census.declared, census.stored, census.computed)
    )
    of = figures.count(census.declared)
    stored_text, computed_text = figures.count(census.stored), figures.count(census.computed)
    bars = Bars(
        title=f"Declared layers realized in the {model} model",
        description=f"Of {of} declared layers, {stored_text} are stored and {computed_text} compute as declared.",
        whole=declared,
        bars=(
            Bar("storage", stored, f"{stored_text} of {of}", strong=True),
            Bar("arithmetic", computed, f"{computed_text} of {of}", strong=True),
        ),
    )
    return CensusCard(model, bars, census.realized, census.simulated, tuple(census.missing))
