"""One measured block as people read it: verdicts, losses by stratum, speed, size, census, machine and digests."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from qspec.checks.view import ClaimView
from qspec.lang.resolve import Origin
from qspec.model.measured import ELSEWHERE, Census, Measured
from qspec.report import figures
from qspec.report.machine import MachineRow, machine_rows
from qspec.report.measure import is_physical
from qspec.report.outcome import NOT_EXECUTED, Outcome, outcome_of
from qspec.report.physical import PhysicalRow, Tile, physical_row, size_bars, tiles
from qspec.report.plots import Bar, Bars, Tradeoff
from qspec.report.scores import Score, scores_of
from qspec.report.tradeoff import tradeoffs
from qspec.report.verdicts import VerdictRow, verdict_rows

_ROLES = (
    ("plan", "Plan"),
    ("executor_digest", "Executor"),
    ("assertions_digest", "Assertions"),
    ("content_digest", "This block"),
)


@dataclass(frozen=True, slots=True)
class HiddenRow:
    """A stratum that loses more of a metric than the aggregate's bound while the aggregate holds."""

    stratum: str
    metric: str
    """With the evaluation, where it is named; empty where the block names none."""
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
    elsewhere: tuple[str, ...] = ()
    """Nodes that ran on another provider than the one asked for."""


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
        machine=f"{machine or 'an unnamed machine'}{', as declared' if found.machine == ELSEWHERE else ''}",
        outcome=outcome_of(block.outcome) if block.outcome else NOT_EXECUTED,
        tiles=tuple(tiles(scores, physical)),
        verdicts=tuple(verdict_rows(claim, block)),
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


def _hidden(block: Measured, scores: tuple[Score, ...]) -> list[HiddenRow]:
    rows = []
    for key, hidden in block.hidden.items():
        loss, ends = figures.base(hidden.loss), figures.ends(hidden.interval)
        stratum, of = hidden.stratum or key, (str(hidden.quantity), hidden.on or "")
        owner = next((score for score in scores if (score.term, score.on) == of), None)
        scale = owner.loss_scale if owner else figures.plain([loss])
        on = f" on {hidden.on}" if hidden.on else ""
        p = figures.base(hidden.p)
        rows.append(
            HiddenRow(
                stratum,
                f"{hidden.quantity}{on}" if hidden.quantity else "",
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
    return CensusCard(
        model, bars, census.realized, census.simulated, tuple(census.missing), tuple(census.elsewhere)
    )
