"""What an assertion or a reported figure is about: a loss, a metric, a speed, a size, read off its term."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from qspec.model.expression import Term, argument_text

LOSS_ALIASES = {"drop": "loss", "degradation": "loss"}
RECOVERY_ALIASES = frozenset({"recovery"})


class MeasurandKind(StrEnum):
    """The kinds of quantity that a claim bounds."""

    LOSS = "loss"
    METRIC = "metric"
    RECOVERED = "recovered"
    DISTANCE = "distance"
    THROUGHPUT = "throughput"
    LATENCY = "latency"
    SIZE = "size"
    MEMORY = "memory"
    ENERGY = "energy"
    POWER = "power"

    @property
    def is_accuracy(self) -> bool:
        """Whether examples decide it, rather than a clock or a scale."""
        return self in {
            MeasurandKind.LOSS,
            MeasurandKind.METRIC,
            MeasurandKind.RECOVERED,
            MeasurandKind.DISTANCE,
        }

    @property
    def is_speed(self) -> bool:
        """Whether a clock decides it."""
        return self in {MeasurandKind.THROUGHPUT, MeasurandKind.LATENCY}


_PHYSICAL = {
    "throughput": MeasurandKind.THROUGHPUT,
    "speed": MeasurandKind.THROUGHPUT,
    "latency": MeasurandKind.LATENCY,
    "size": MeasurandKind.SIZE,
    "memory": MeasurandKind.MEMORY,
    "energy": MeasurandKind.ENERGY,
    "power": MeasurandKind.POWER,
}
_DISTANCES = frozenset({"flips", "agreement", "kl", "cosine"})


@dataclass(frozen=True, slots=True)
class Measurand:
    """The kind, and the metric (for losses and metrics) or the statistic (`p99`, for a latency)."""

    kind: MeasurandKind
    metric: Term | None = None
    statistic: str | None = None
    source: str | None = None
    """The executor whose degradation is undone, for `recovered(metric, from: EXECUTOR)`."""
    unread: tuple[str, ...] = ()
    """Arguments that mean nothing to the quantity, as written; those of a metric are the metric's own affair."""


def measurand(term: Term) -> Measurand:
    """Read a term. A term that is none of the known quantities is a metric; whether it exists is asked elsewhere."""
    name = LOSS_ALIASES.get(term.name, term.name)
    if term.at is None and name in _PHYSICAL:
        first = term.positional[0] if term.positional else None
        kind = _PHYSICAL[name]
        return Measurand(
            kind,
            statistic=str(first) if first is not None else None,
            unread=_unread(term, 1 if kind is MeasurandKind.LATENCY else 0),
        )
    if term.at is None and name in _DISTANCES:
        return Measurand(MeasurandKind.DISTANCE, metric=term)
    if name in {"loss", "recovered"} or name in RECOVERY_ALIASES:
        inner = term.positional[0] if term.positional else None
        metric = inner if isinstance(inner, Term) or inner is None else Term(name=_as_word(str(inner)))
        if name == "recovered":
            source = term.named.get("from")
            return Measurand(
                MeasurandKind.RECOVERED,
                metric,
                source=str(source) if source is not None else None,
                unread=_unread(term, 1, "from"),
            )
        kind = MeasurandKind.METRIC if name in RECOVERY_ALIASES else MeasurandKind.LOSS
        return Measurand(kind, metric, unread=_unread(term, 1))
    return Measurand(MeasurandKind.METRIC, term)


def _unread(term: Term, places: int, *names: str) -> tuple[str, ...]:
    """The arguments of `term` after the first `places`, and those whose name is none of `names`."""
    placed = [argument_text(value) for value in term.positional[places:]]
    return (*placed, *(f"{key}: {argument_text(v)}" for key, v in term.named.items() if key not in names))


def _as_word(text: str) -> str:
    """A text in the place of a metric as a name that a term may have: of bounded length, on one line."""
    return "".join("\N{REPLACEMENT CHARACTER}" if ord(c) < 32 or ord(c) == 127 else c for c in text[:512])


def metric_named(term: Term, metrics: list[Term]) -> Term | None:
    """The declared metric that `term` means: the same one, or the only one of that name when it gives no parameters."""
    for declared in metrics:
        if declared == term:
            return declared
    named = [m for m in metrics if (m.name, m.at) == (term.name, term.at)]
    bare = not term.positional and not term.named
    return named[0] if bare and named and all(other == named[0] for other in named) else None
