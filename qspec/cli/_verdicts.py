"""Verdicts as people read them on a terminal, and progress while they are reached."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from qspec.checks.compare import Match, compare
from qspec.cli._interrupt import raise_pending
from qspec.execute.judge.judge import Verdicts
from qspec.execute.judge.verdict import Judged
from qspec.execute.plan import Plan
from qspec.lang.resolve import ResolvedClaim
from qspec.metrics.bind import bind
from qspec.model.measurand import MeasurandKind, measurand
from qspec.model.measured import Found, Hidden, Measured, Result
from qspec.model.shorthand import describe

MARKS = {"confirmed": "✔", "refuted": "✘", "inconclusive": "?"}
COLOURS = {"confirmed": "green", "refuted": "red", "inconclusive": "yellow"}
_OTHER = ("–", "magenta")


def verdict_lines(resolved: ResolvedClaim, verdicts: Verdicts, measured: Measured) -> Iterator[str]:
    """The claim, the executor it holds on, each assertion with its outcome, and the pair that was measured."""
    outcome = verdicts.outcome.value
    on = f" on {resolved.claim.on}" if resolved.claim.on else ""
    yield f"claim {resolved.name}{on}: {_coloured(outcome)}"
    yield from executor_lines(resolved, measured.executor)
    width = max((len(str(one.assertion)) for one in verdicts.judged), default=0)
    for one in verdicts.judged:
        mark = MARKS.get(one.outcome.value, _OTHER[0])
        expected = " (as expected)" if one.assertion.expect and one.as_expected else ""
        line = (
            f"  {mark} {one.assertion!s:<{width}}  {_coloured(one.outcome.value)}{expected}{_interval(one)}"
        )
        yield line
        if (open_for := _open_for(one)) is not None:
            yield f"      {open_for}"
        if one.because and one.outcome.value != "confirmed":
            yield f"      {one.because}"
    yield ""
    for result in measured.results:
        told = result_line(result) if result.for_ is None else None
        if told is not None:
            yield f"  {told}"
    yield from (f"  {hidden_line(one)}" for one in measured.hidden.values())
    for side, census in measured.census.items():
        kind = "simulated" if census.simulated else "realized" if census.realized else "not realized"
        layers = f"of {census.declared} declared layers {census.stored} stored and {census.computed} computed as declared"
        yield f"  census {side}: {layers} ({kind})"
    yield from (f"  note: {note}" for note in measured.notes)


def executor_lines(resolved: ResolvedClaim, found: Found) -> Iterator[str]:
    """The executor that verdicts hold on, and where it is not, or cannot be told to be, the one declared."""
    threads = f"{found.threads} thread{'' if str(found.threads) == '1' else 's'}" if found.threads else None
    told = (found.accelerator or found.cpu, found.runtime, found.provider, threads)
    if any(told):
        yield f"  measured on {', '.join(one for one in told if one)}"
    rows = [row for row in compare(resolved.executor, found) if row.declared is not None]
    for row in rows:
        if row.match is Match.DRIFT:
            yield f"  drift: {row.field} is {row.found} here, and {row.declared} is declared"
    if unknown := [row.field for row in rows if row.match is Match.UNKNOWN]:
        yield f"  unknown: this machine does not tell {', '.join(unknown)}, as declared"


def result_line(result: Result) -> str | None:
    """One measured quantity of the whole: baseline, quantized, and what lies between."""
    if result.baseline is None or result.quantized is None:
        return None
    kind = measurand(result.quantity).kind
    name = f"{result.quantity}{f' on {result.on}' if result.on else ''}"
    base, quantized = (
        _value(float(result.baseline.value), kind, result),
        _value(float(result.quantized.value), kind, result),
    )
    tail = f", {float(result.ratio.value):.3g} x baseline" if result.ratio is not None else ""
    if result.harmful is not None and result.helpful is not None:
        tail += f", {result.harmful} harmful and {result.helpful} helpful flips in {result.n}"
    if result.reference is not None:
        tail += f"; {_value(float(result.reference.value), kind, result)} before the export"
    return f"{name}: {base} → {quantized}{tail}"


def hidden_line(hidden: Hidden) -> str:
    """A loss that the whole hides: the stratum, and what it loses of which metric, in the metric's own unit."""
    assert hidden.quantity is not None
    loss, metric = float(hidden.loss.value), bind(hidden.quantity).metric
    unit = "" if metric.unit == metric.name else f" {metric.unit}"
    told = f"{loss * 100:.2f} pp" if metric.unit == "proportion" else f"{loss:.4g}{unit}"
    on = f" on {hidden.on}" if hidden.on else ""
    return f"hidden loss: {hidden.stratum} loses {told} of {hidden.quantity}{on} while the whole holds"


def _value(value: float, kind: MeasurandKind, result: Result) -> str:
    if kind is MeasurandKind.THROUGHPUT:
        return f"{value:,.0f}/s"
    if kind is MeasurandKind.LATENCY:
        return f"{value * 1e3:.3g} ms"
    if kind in {MeasurandKind.SIZE, MeasurandKind.MEMORY}:
        return f"{value / 1e6:.3g} MB"
    if result.harmful is not None:
        return f"{value:.2%}"
    return f"{value:.6g}"


def _interval(one: Judged) -> str:
    if one.interval is None:
        return ""
    low, high = one.interval.low, one.interval.high
    scale, said = _told_in(one)
    if one.interval.is_exact:
        return f"  {one.interval.estimate * scale:.3g} {said}".rstrip()
    return f"  {low * scale:.3g} to {high * scale:.3g} {said}".rstrip()


def _open_for(one: Judged) -> str | None:
    """Why examples leave a bound open: the half-width of the interval, the flips behind it, and how many would do."""
    if one.outcome.value != "inconclusive" or one.as_expected or one.interval is None:
        return None
    half = one.interval.half_width
    if not math.isfinite(half):
        return None
    scale, unit = _told_in(one)
    told = [f"half-width {half * scale:.3g} {unit}".rstrip()]
    if one.discordance is not None:
        told.append(f"{one.discordance:.2%} of the examples flip")
    if one.needs is not None:
        where = " in the critical stratum" if one.assertion.for_each is not None else ""
        told.append(f"about {one.needs:,} examples{where} would decide it")
    return "; ".join(told)


def _told_in(one: Judged) -> tuple[float, str]:
    """What limits, which are in base units, are multiplied by to be told in the unit of the bound, and that unit."""
    quantity = one.assertion.bounds[0].quantity
    unit = quantity.known_unit
    return 1 / float(unit.factor) if unit else 1.0, (quantity.unit or "").replace("x baseline", "x")


def _coloured(outcome: str) -> str:
    return click.style(outcome, fg=COLOURS.get(outcome, _OTHER[1]), bold=True)


@contextmanager
def progress_on_stderr(title: str, *, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A line on standard error that says how far the run is; one line a stage where it is no terminal."""
    if quiet:
        yield lambda stage, done, total: raise_pending()
        return
    terminal = sys.stderr.isatty()
    stage_shown, shown_at = "", 0.0

    def tell(stage: str, done: int, total: int) -> None:
        nonlocal stage_shown, shown_at
        raise_pending()
        now, new = time.monotonic(), stage != stage_shown
        if stage.startswith(
            "warning: "
        ):  # it stays, since whoever reads it may not want to wait for the rest
            click.echo(("\r\x1b[2K" if terminal else "") + f"{title}: {stage}", err=True)
            return
        if terminal and (new or done >= total or now - shown_at > 0.1):
            share = f" {done / total:4.0%}" if total > 1 else ""
            click.echo(f"\r\x1b[2K{title}: {stage}{share}", err=True, nl=False)
            shown_at = now
        elif not terminal and new:
            click.echo(f"{title}: {stage}", err=True)
        stage_shown = stage

    try:
        yield tell
    finally:
        if terminal and stage_shown:
            click.echo("\r\x1b[2K", err=True, nl=False)


def plan_lines(plan: Plan) -> Iterator[str]:
    """What would be run for one claim."""
    yield f"claim {plan.resolved.name}: plan {plan.digest[:12]}"
    for label, side in (("baseline", plan.baseline), ("quantized", plan.quantized)):
        how = describe(side.precision) if side.precision is not None else "as it is"
        yield f"  {label}: {side.address or side.path} ({how})"
        if side.data is not None and side.calibration is not None:
            size = side.calibration.size
            yield f"    calibrated on {size if size is not None else 'all'} examples of {side.data.name}.{side.data.split}"
    for evaluation in plan.evaluations:
        name = f" {evaluation.name}" if evaluation.name else ""
        metrics = ", ".join(str(metric) for metric in evaluation.metrics)
        data = (
            f"{evaluation.data.name}.{evaluation.data.split}"
            if evaluation.data.split
            else evaluation.data.name
        )
        yield f"  evaluation{name}: {evaluation.task}, {metrics}, on {data}, batches of {plan.batch}"
    for name, load in plan.loads:
        yield f"  load{' ' + name if name else ''}: {load.scenario or 'offline'}, batches of {load.batch or plan.batch}"
    yield f"  provider {plan.provider}, threads {plan.threads or 'all'}"
