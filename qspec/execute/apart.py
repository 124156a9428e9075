"""Measures both models in processes of their own, where an assertion needs it: peaks of memory, and rounds of calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from qspec.errors import QSpecError
from qspec.execute.alone import Alone, run_alone
from qspec.execute.evaluate import Column, feeders
from qspec.execute.rounds import PEAKS, Apart, Peaks, Rounds
from qspec.execute.sessions import Arrays, Session
from qspec.model.claim import Assertion
from qspec.model.measurand import Measurand, MeasurandKind, measurand
from qspec.model.unit import Dimension
from qspec.stats.static import calls_for_percentile
from qspec.stats.timing import LEAST_ROUNDS

RELATIVE = frozenset({Dimension.TIMES_BASELINE, Dimension.OF_BASELINE})
_TYPICAL = frozenset({None, "p50", "median"})
MEDIAN = 50.0
_PEAK_CALLS = 5

Sessions = tuple[Session, Session]


@dataclass(frozen=True)
class Needs:
    """What assertions need beside interleaved timings: peaks of memory, an energy meter, and calls a round, by load."""

    memory: bool = False
    energy: bool = False
    calls: dict[str, int] = field(default_factory=dict)


def needs(assertions: Iterable[Assertion], loads: Sequence[str]) -> Needs:
    """Read off the assertions; one without a load is about the first."""
    memory = energy = False
    calls: dict[str, int] = {}
    for one in assertions:
        subject = measurand(one.quantity)
        memory |= subject.kind is MeasurandKind.MEMORY
        energy |= subject.kind in {MeasurandKind.ENERGY, MeasurandKind.POWER}
        load = one.on if one.on is not None else next(iter(loads), None)
        percentile = percentile_of(subject)
        if load in loads and load is not None and percentile is not None and by_rounds(one, subject):
            calls[load] = max(calls.get(load, 0), calls_for_percentile(percentile))
    return Needs(memory, energy, calls)


def by_rounds(assertion: Assertion, subject: Measurand) -> bool:
    """Whether processes of their own decide it: an absolute speed, or a percentile that is not the median."""
    if not subject.kind.is_speed:
        return False
    absolute = any(bound.quantity.dimension not in RELATIVE for bound in assertion.bounds)
    return absolute or (subject.kind is MeasurandKind.LATENCY and subject.statistic not in _TYPICAL)


def percentile_of(subject: Measurand) -> float | None:
    """The percentile that a speed is about, the median where none is named; None for another statistic."""
    if subject.statistic in _TYPICAL:
        return MEDIAN
    text = (subject.statistic or "").removeprefix("p")
    try:
        percentile = float(text)
    except ValueError:
        return None
    return percentile if 0 < percentile < 100 else None


def measure_apart(
    sessions: Sessions,
    inputs: Mapping[str, Column],
    needed: Needs,
    loads: Mapping[str, tuple[int, int, float | None]],
    batch: int,
) -> Apart:
    """Run both models in turn in processes of their own; `loads` gives batch, least calls and rate of each.

    Raises `QSpecError` where a process fails.
    """
    peaks = _peaks(sessions, first_batch(sessions, inputs, batch)) if needed.memory else None
    rounds = {}
    for name, calls in needed.calls.items():
        size, least, rate = loads[name]
        rounds[name] = _rounds(sessions, first_batch(sessions, inputs, size), max(calls, least), rate)
    return Apart(peaks, rounds)


def first_batch(sessions: Sessions, inputs: Mapping[str, Column], batch: int) -> list[Arrays]:
    """The first batch, as each model takes it; fewer examples than a batch are repeated to fill it."""
    count = len(next(iter(inputs.values())))
    rows = np.resize(np.arange(count), batch)
    made = feeders(sessions, inputs)
    return [made[min(place, len(made) - 1)](rows) for place in range(len(sessions))]


def _alternating(count: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """Rounds, with the model that goes first in each: neither always does."""
    return ((number, (0, 1) if number % 2 == 0 else (1, 0)) for number in range(count))


def _peaks(sessions: Sessions, feeds: list[Arrays]) -> Peaks:
    found: tuple[list[float], list[float]] = ([], [])
    for _, order in _alternating(PEAKS):
        for side in order:
            found[side].append(_peak(run_alone(sessions[side], feeds[side], calls=_PEAK_CALLS, warm_up=0)))
    return Peaks(np.array(found[0]), np.array(found[1]))


def _peak(run: Alone) -> float:
    if run.device:
        return float(run.device)
    if run.peak is None or run.before is None:
        raise QSpecError("This system does not tell the peak memory of a process.", hint="measure on Linux")
    return float(max(run.peak - run.before, 1))


def _rounds(sessions: Sessions, feeds: list[Arrays], calls: int, rate: float | None) -> Rounds:
    found: tuple[list[Alone], list[Alone]] = ([], [])
    for number, order in _alternating(LEAST_ROUNDS):
        for side in order:
            found[side].append(run_alone(sessions[side], feeds[side], calls=calls, rate=rate, seed=number))
    baseline, quantized = (np.stack([one.seconds for one in side]) for side in found)
    one_thread = all(s.device == "cpu" and int(s.settings["threads"]) == 1 for s in sessions)
    stretches = [one.stretch for side in found for one in side if one.stretch is not None]
    return Rounds(baseline, quantized, max(stretches) if one_thread and stretches else None)
