"""What a revision changed in its claims: what it weakened, what it tightened, what it made clearer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from qspec.lang import spell
from qspec.lang.load import Workspace
from qspec.lang.resolve import Origin, ResolvedClaim, Resolver
from qspec.lang.source import Source, Span
from qspec.model.base import Noun, Open, Silence
from qspec.model.claim import Assertion, Bound
from qspec.model.evaluation import Evaluated, Strata, TestSet
from qspec.model.executor import Executor
from qspec.model.expression import Term

Kind = Literal["added", "removed", "widened", "tightened", "changed", "clarified", "shrunk", "grown"]

_AXES = {
    "task": "task",
    "model": "model",
    "metrics": "metric",
    "baseline": "baseline",
    "calibration": "calibration",
    "strata": "strata",
    "test_set": "test_set",
    "hardware": "executor",
    "runtime": "executor",
    "precision": "executor",
    "threshold": "test_set",
    "prompt": "metric",
    "pipeline": "metric",
    "statistics": "sample_size",
}
"""Field of the executor to the axis it speaks of."""

_COMPARABLE = frozenset({"baseline", "metrics", "task", "prompt", "pipeline", "threshold"})
"""Items that must be the same for two results to be compared."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two revisions of a claim; a weakening is one that lets more results pass."""

    kind: Kind
    claim: str
    axis: str
    message: str
    weakening: bool
    span: Span
    source: Source
    """The revision that the place is in: the new one, or the old one for what was removed."""


def compare(old: Workspace, new: Workspace) -> list[Change]:
    """The changes from `old` to `new`, claim by claim: first those of the new file's claims, then removed ones."""
    before = {claim.name: claim for claim in Resolver(old).claims()}
    after = {claim.name: claim for claim in Resolver(new).claims()}
    changes: list[Change] = []
    for name, claim in after.items():
        if name in before:
            changes += _Comparison(before[name], claim).changes()
        else:
            changes.append(
                _change("added", claim, "claim", f"The claim `{name}` is new.", False, claim.origin)
            )
    for name, claim in before.items():
        if name not in after:
            message = f"The claim `{name}` is gone."
            changes.append(_change("removed", claim, "claim", message, True, claim.origin))
    return changes


def _change(kind: Kind, claim: ResolvedClaim, axis: str, message: str, weaker: bool, where: Origin) -> Change:
    return Change(kind, claim.name, axis, message, weaker, where.span, where.loaded.source)


class _Comparison:
    """Two revisions of one claim."""

    def __init__(self, old: ResolvedClaim, new: ResolvedClaim) -> None:
        self.old, self.new = old, new

    def change(
        self, kind: Kind, axis: str, message: str, weaker: bool, where: Origin | None = None
    ) -> Change:
        return _change(kind, self.new, axis, message, weaker, where or self.new.origin)

    def changes(self) -> Iterator[Change]:
        """Every difference, assertions first."""
        yield from self._assertions()
        yield from self._executors()
        yield from self._evidence()

    # Assertions ------------------------------------------------------------------------------

    def _assertions(self) -> Iterator[Change]:
        gone, added = self._unmatched()
        for number, assertion in added:
            where = self.new.origin.at("assertions", number)
            former = next((one for one in gone if _about(one[1]) == _about(assertion)), None)
            if former is None:
                yield self.change("added", "assertion", f"`{assertion}` is asserted now.", False, where)
            else:
                gone.remove(former)
                yield from self._bounds(former[1], assertion, where)
        for number, assertion in gone:
            message = f"`{assertion}` is asserted no more."
            where = self.old.origin.at("assertions", number)
            yield self.change("removed", "assertion", message, True, where)

    def _unmatched(self) -> tuple[list[tuple[int, Assertion]], list[tuple[int, Assertion]]]:
        """The assertions that only the old and only the new revision makes: one quantity may be bounded twice."""
        gone = list(enumerate(self.old.claim.assertions))
        added = []
        for number, assertion in enumerate(self.new.claim.assertions):
            same = next((one for one in gone if one[1] == assertion), None)
            if same is not None:
                gone.remove(same)
            else:
                added.append((number, assertion))
        return gone, added

    def _bounds(self, old: Assertion, new: Assertion, where: Origin) -> Iterator[Change]:
        told = f"`{old}` became `{new}`."
        directions = [_direction(a, b) for a, b in _paired(old.bounds, new.bounds)]
        if old.bounds != new.bounds:
            if None in directions:
                yield self.change("changed", "assertion", f"{told} The two cannot be compared.", True, where)
            elif "widened" in directions:
                yield self.change("widened", "assertion", told, True, where)
            elif "tightened" in directions:
                yield self.change("tightened", "assertion", told, False, where)
            else:
                yield self.change("clarified", "assertion", told, False, where)
        if old.at != new.at:
            weaker = _number(new.at) < _number(old.at)
            kind: Kind = "widened" if weaker else "tightened"
            yield self.change(
                kind, "sample_size", f"The confidence of `{new}` changed: {told}", weaker, where
            )
        if old.expect != new.expect:
            weaker = (new.expect or "confirmed") != "confirmed"
            said = f"`{new}` is expected to come out {new.expect or 'confirmed'} now."
            yield self.change("changed", "assertion", said, weaker, where)

    # The executor ----------------------------------------------------------------------------

    def _executors(self) -> Iterator[Change]:
        if self.old.executor is None or self.new.executor is None:
            if self.old.executor is not None:
                yield self.change("removed", "executor", "The claim has no executor now.", True)
            return
        old, new = self.old.executor.executor, self.new.executor.executor
        for field in _AXES:
            if field not in Evaluated.model_fields:
                yield from self._item(field, getattr(old, field), getattr(new, field))
        evaluations, others = dict(old.each_evaluation()), dict(new.each_evaluation())
        for name, evaluation in evaluations.items():
            if name in others:
                for field in (f for f in _AXES if f in Evaluated.model_fields):
                    yield from self._item(
                        field, getattr(evaluation, field), getattr(others[name], field), name
                    )
            else:
                yield self.change("removed", "task", f"The evaluation `{name}` is gone.", True)
        for name in others.keys() - evaluations.keys():
            yield self.change("added", "task", f"The evaluation `{name}` is new.", False)
        yield from self._loads(old, new)

    def _loads(self, old: Executor, new: Executor) -> Iterator[Change]:
        before, after = dict(old.each_load()), dict(new.each_load())
        for name, load in before.items():
            called = f"The load `{name}`" if name else "The load"
            if name not in after:
                yield self.change("removed", "pair", f"{called} is gone.", True)
            elif after[name] != load:
                yield self.change("changed", "pair", f"{called} changed.", True, self._where("load"))
        for name in after.keys() - before.keys():
            yield self.change(
                "added", "pair", f"The load `{name}` is new." if name else "A load is new.", False
            )

    def _item(self, field: str, old: Any, new: Any, evaluation: str = "") -> Iterator[Change]:
        if old == new:
            return
        key, axis = field.replace("_", "-"), _AXES[field]
        place = f" of `{evaluation}`" if evaluation else ""
        where = self._where(key)
        if _silent(new):
            if not _silent(old):
                yield self.change("removed", axis, f"`{key}`{place} is not said any more.", True, where)
            elif isinstance(new, Silence):
                yield self.change("clarified", axis, f"`{key}`{place} is {new.silence} now.", False, where)
        elif _silent(old):
            yield self.change("clarified", axis, f"`{key}`{place} is said now.", False, where)
        elif isinstance(old, TestSet) and isinstance(new, TestSet):
            yield from self._test_set(old, new, place, where)
        elif isinstance(old, Strata) and isinstance(new, Strata):
            yield from self._strata(old, new, place, where)
        elif field == "metrics":
            yield from self._metrics(old, new, place, where)
        else:
            yield self._other(field, key, old, new, place, where)

    def _other(self, field: str, key: str, old: Any, new: Any, place: str, where: Origin) -> Change:
        lost = _lost(old, new)
        if lost:
            said = ", ".join(f"`{name}`" for name in lost)
            return self.change(
                "removed", _AXES[field], f"`{key}`{place} says no {said} any more.", True, where
            )
        if _extends(old, new):
            return self.change(
                "clarified", _AXES[field], f"`{key}`{place} says more than before.", False, where
            )
        told = f"`{key}`{place} changed{_from_to(old, new)}."
        if field in _COMPARABLE:
            told += " The two revisions do not claim the same thing."
        return self.change("changed", _AXES[field], told, field in _COMPARABLE, where)

    def _test_set(self, old: TestSet, new: TestSet, place: str, where: Origin) -> Iterator[Change]:
        sizes = [s.size for s in (old, new)]
        if sizes[0] != sizes[1]:
            before, after = (None if _silent(s) else s for s in sizes)
            if after is None:
                yield self.change(
                    "removed", "sample_size", f"The size of the test set{place} is gone.", True, where
                )
            elif before is None:
                said = f"The test set{place} has a size now: {after}."
                yield self.change("clarified", "sample_size", said, False, where)
            else:
                weaker = _number(after) < _number(before)
                said = f"The test set{place} went from {before} to {after}."
                yield self.change("shrunk" if weaker else "grown", "sample_size", said, weaker, where)
        rest = [s.model_copy(update={"size": None}) for s in (old, new)]
        if rest[0] != rest[1]:
            yield self._other("test_set", "test-set", rest[0], rest[1], place, where)

    def _strata(self, old: Strata, new: Strata, place: str, where: Origin) -> Iterator[Change]:
        for name, stratum in old.members.items():
            if name not in new.members:
                yield self.change("removed", "strata", f"The stratum `{name}`{place} is gone.", True, where)
            elif new.members[name] != stratum:
                told = f"The stratum `{name}`{place} changed{_from_to(stratum, new.members[name])}."
                yield self.change("changed", "strata", told, True, where)
        for name in new.members.keys() - old.members.keys():
            yield self.change("added", "strata", f"The stratum `{name}`{place} is new.", False, where)

    def _metrics(self, old: list[Term], new: list[Term], place: str, where: Origin) -> Iterator[Change]:
        for metric in old:
            if metric not in new:
                same = next(
                    (m for m in new if (m.name, m.at) == (metric.name, metric.at) and m not in old), None
                )
                if same is None:
                    yield self.change(
                        "removed", "metric", f"`{metric}`{place} is scored no more.", True, where
                    )
                elif not metric.positional and not metric.named:
                    said = f"`{metric}`{place} is defined now: `{same}`."
                    yield self.change("clarified", "metric", said, False, where)
                else:
                    said = f"`{metric}`{place} is `{same}` now, which is another metric."
                    yield self.change("changed", "metric", said, True, where)
        known = {(m.name, m.at) for m in old}
        for metric in new:
            if (metric.name, metric.at) not in known:
                yield self.change("added", "metric", f"`{metric}`{place} is scored now.", False, where)

    def _evidence(self) -> Iterator[Change]:
        old, new = self.old.claim.evidence, self.new.claim.evidence
        if old == new:
            return
        where = self.new.origin.at("evidence")
        if _silent(new) and not _silent(old):
            yield self.change("removed", "evidence", "`evidence` is not said any more.", True, where)
        elif _silent(old):
            yield self.change("clarified", "evidence", "`evidence` is said now.", False, where)
        else:
            yield self.change("changed", "evidence", f"`evidence` changed{_from_to(old, new)}.", False, where)

    def _where(self, key: str) -> Origin:
        executor = self.new.executor
        return executor.where(key) if executor is not None else self.new.origin


def _about(assertion: Assertion) -> tuple[str, ...]:
    """What an assertion is about: everything but its bounds, its confidence and what is expected of it."""
    quantity = f"|{assertion.quantity}|" if assertion.absolute else str(assertion.quantity)
    return quantity, str(assertion.on), str(assertion.for_each), str(assertion.for_)


def _paired(old: list[Bound], new: list[Bound]) -> Iterator[tuple[Bound | None, Bound | None]]:
    """Upper bounds with upper ones, lower with lower; None where one revision has none."""
    for signs in ({"<", "<="}, {">", ">="}, {"=="}):
        before = next((b for b in old if b.relation in signs), None)
        after = next((b for b in new if b.relation in signs), None)
        if before is not None or after is not None:
            yield before, after


def _direction(old: Bound | None, new: Bound | None) -> str | None:
    """Whether a bound lets more pass than before; None where the two cannot be compared."""
    if old is None or new is None:
        return "tightened" if old is None else "widened"
    if old.quantity.unit != new.quantity.unit and old.quantity.dimension != new.quantity.dimension:
        return None
    upper = old.is_upper
    if old.relation == "==":
        return "same" if old.quantity.base == new.quantity.base else None
    if old.quantity.base == new.quantity.base:
        if old.relation == new.relation:
            return "same"
        return "widened" if "=" in new.relation else "tightened"
    return "widened" if (new.quantity.base > old.quantity.base) == upper else "tightened"


def _silent(value: Any) -> bool:
    return value is None or (isinstance(value, Silence) and value.silence == "unstated")


def _number(value: Any) -> Decimal:
    base = getattr(value, "base", None)
    return base if isinstance(base, Decimal) else Decimal("0.95")


def _said(value: Any) -> dict[str, Any]:
    if type(value) in spell.WRITERS or not isinstance(value, Noun | Open):
        return {}
    return dict(value.model_dump(mode="json", by_alias=True, exclude_defaults=True))


def _lost(old: Any, new: Any) -> list[str]:
    """The items that a block had and has no more, when everything else in it stayed."""
    before, after = _said(old), _said(new)
    gone = [key for key in before if key not in after]
    return gone if gone and all(after[key] == before[key] for key in after if key in before) else []


def _extends(old: Any, new: Any) -> bool:
    """Whether a block says all it said before, and more."""
    before, after = _said(old), _said(new)
    return bool(before) and before != after and all(after.get(key) == value for key, value in before.items())


def _from_to(old: Any, new: Any) -> str:
    """` from A to B`, where both are short enough to be said."""
    if type(old) in spell.WRITERS and type(new) in spell.WRITERS:
        return f" from `{spell.WRITERS[type(old)](old)}` to `{spell.WRITERS[type(new)](new)}`"
    return ""
