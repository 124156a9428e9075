"""Whether a claim travels to a deployment: axis by axis the same, different, or left for the reader to assume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from qspec.checks.absorb import Unbounded, unbounded
from qspec.checks.axes import axes_of
from qspec.checks.axis import AXES
from qspec.checks.compare import Match, compare
from qspec.checks.grade import grade
from qspec.checks.machines import beside
from qspec.checks.view import ClaimView
from qspec.lang.resolve import ResolvedClaim
from qspec.metrics.tasks import find_task
from qspec.model.base import Silence
from qspec.model.claim import Deployment
from qspec.model.evaluation import Calibration
from qspec.model.expression import Term
from qspec.model.hardware import Hardware
from qspec.model.measurand import metric_named

Likeness = Literal["same", "differs", "implicit"]

_WEIGHT = (
    "strata", "calibration", "test_set", "task", "metric", "executor", "model", "baseline", "sample_size", "pair",
    "evidence",
)  # fmt: skip
"""The axes by how much is usually lost where an assumption about them fails."""
_STRICT = frozenset({"decision-grade", "safety-critical"})


@dataclass(frozen=True, slots=True)
class AxisTransfer:
    """One axis: whether the deployment has it as the claim does, and how it differs or what is not said."""

    axis: str
    likeness: Likeness
    how: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a claim is worth where a model would be used.

    `assumed` is the axis that the reader is asked to take on trust, or None when nothing is left to assume;
    `sentence` says so in one sentence. `profile_met` is None where the deployment asks for no grade.
    """

    claim: str
    deployment: str
    axes: tuple[AxisTransfer, ...]
    unbounded: tuple[Unbounded, ...]
    assumed: str | None
    profile_met: bool | None
    sentence: str

    @property
    def travels(self) -> bool:
        """Whether every axis is the same, every loss that cannot be absorbed is bounded, and the grade is met."""
        same = all(axis.likeness == "same" for axis in self.axes)
        return same and not self.unbounded and self.profile_met is not False

    @property
    def contradicted(self) -> bool:
        """Whether some axis differs, or a loss that cannot be absorbed is not bounded."""
        return any(axis.likeness == "differs" for axis in self.axes) or bool(self.unbounded)


def transfer(resolved: ResolvedClaim, deployment: Deployment, name: str) -> Transfer:
    """Hold a claim against a deployment of its workspace; a pure function of what both declare."""
    view = ClaimView(resolved)
    view.axes = axes_of(view)
    missing = tuple(unbounded(view, deployment))
    there = _There(view, deployment, missing)
    axes = tuple(there.axis(axis) for axis in AXES)
    met = grade(view.axes).decision_grade if deployment.profile in _STRICT else None
    implicit = [axis.axis for axis in axes if axis.likeness == "implicit"]
    assumed = next((axis for axis in _WEIGHT if axis in implicit), None)
    return Transfer(
        resolved.name, name, axes, missing, assumed, met, _sentence(resolved.name, name, axes, assumed)
    )


def _sentence(claim: str, deployment: str, axes: tuple[AxisTransfer, ...], assumed: str | None) -> str:
    differing = [f"`{axis.axis}`" for axis in axes if axis.likeness == "differs"]
    if assumed is not None:
        rest = sum(axis.likeness == "implicit" for axis in axes) - 1
        more = f", and {rest} more {'axes' if rest > 1 else 'axis'} with it" if rest else ""
        differs = (
            f"; {', '.join(differing)} {'differ' if len(differing) > 1 else 'differs'}" if differing else ""
        )
        return f"Whoever carries `{claim}` to `{deployment}` assumes that `{assumed}` travels intact{more}{differs}."
    if differing:
        return f"`{claim}` was made for another {', '.join(differing)} than `{deployment}` has."
    return f"`{claim}` holds for `{deployment}` as it stands: on every axis the two are the same."


class _There:
    """The deployment beside the claim, axis by axis; each method is asked only where the claim states the axis."""

    def __init__(self, view: ClaimView, deployment: Deployment, missing: tuple[Unbounded, ...]) -> None:
        self.view, self.deployment, self.missing = view, deployment, missing
        self.machine = self._machine()

    def axis(self, name: str) -> AxisTransfer:
        state = self.view.axes[name]
        if name == "strata" and self.missing:
            return AxisTransfer(name, "differs", "; ".join(one.why for one in self.missing))
        if not state.is_stated:
            why = (
                f"the claim is {state.state} here"
                if state.state == "vague"
                else f"the claim leaves it {state.state}"
            )
            return AxisTransfer(name, "implicit", f"{why}: {state.why}" if state.why else why)
        methods: dict[str, Callable[[], tuple[Likeness, str]]] = {
            "task": self.task, "model": self.model, "metric": self.metric, "baseline": self.baseline,
            "calibration": self.calibration, "strata": self.strata, "test_set": self.test_set,
            "sample_size": self.sample_size, "executor": lambda: self.machine, "pair": self.pair,
            "evidence": self.evidence,
        }  # fmt: skip
        return AxisTransfer(name, *methods[name]())

    def task(self) -> tuple[Likeness, str]:
        wanted, tasks = self.deployment.task, [view.task for view in self.view.evaluations if view.task]
        if wanted is None:
            return "implicit", "the deployment names no task"
        known = {_task(task) for task in tasks}
        listed = ", ".join(f"`{task}`" for task in dict.fromkeys(tasks))
        return (
            ("same", f"`{wanted}`")
            if _task(wanted) in known
            else ("differs", f"{listed} there, `{wanted}` here")
        )

    def model(self) -> tuple[Likeness, str]:
        return "same", "the model of the claim is the one to be used"

    def metric(self) -> tuple[Likeness, str]:
        if self.deployment.metrics is None:
            return "implicit", "the deployment names no metric"
        scored = [term for view in self.view.evaluations for term in view.metrics]
        absent = [str(term) for term in self.deployment.metrics if not _scores(term, scored)]
        if absent:
            listed = ", ".join(f"`{term}`" for term in absent)
            return (
                "differs",
                f"{listed} {'is' if len(absent) == 1 else 'are'} what counts here, and not scored",
            )
        return "same", ", ".join(f"`{term}`" for term in self.deployment.metrics)

    def baseline(self) -> tuple[Likeness, str]:
        return "same", "a loss keeps what it is relative to"

    def calibration(self) -> tuple[Likeness, str]:
        executor = self.view.executor
        declared = executor.executor.calibration if executor is not None else None
        if isinstance(declared, Silence):
            return "same", f"not applicable: {declared.reason}"
        domain = declared.domain if isinstance(declared, Calibration) else None
        return self._domain("the calibration data", domain)

    def strata(self) -> tuple[Likeness, str]:
        absorb = self.deployment.cannot_absorb
        if absorb is None or not absorb.assertions:
            return "implicit", "the deployment names no loss that it cannot absorb"
        return "same", "every loss that cannot be absorbed here is bounded there"

    def test_set(self) -> tuple[Likeness, str]:
        sets = [view.test_set for view in self.view.evaluations]
        kinds = {str(one.composition) for one in sets if one is not None}
        if kinds == {"domain-matched"} and self.deployment.domain is None:
            return "implicit", "the test set is matched to a domain, and the deployment does not name its own"
        return self._domain(f"the test set ({', '.join(sorted(kinds))})", None)

    def _domain(self, what: str, domain: str | None) -> tuple[Likeness, str]:
        here = self.deployment.domain
        if here is None:
            return "implicit", f"the deployment does not say what its data are about, beside {what}"
        if domain is None:
            return "implicit", f"nothing says how {what} resemble “{here}”"
        alike = domain.strip().lower() == here.strip().lower()
        return ("same", f"“{here}”") if alike else ("differs", f"“{domain}” there, “{here}” here")

    def sample_size(self) -> tuple[Likeness, str]:
        return "same", "the interval is the claim's, whoever reads it"

    def pair(self) -> tuple[Likeness, str]:
        likeness, how = self.machine
        return likeness, "speed and accuracy were claimed together" if likeness == "same" else f"speed: {how}"

    def evidence(self) -> tuple[Likeness, str]:
        likeness, how = self.machine
        words = self.view.claim.evidence
        listed = words if isinstance(words, list) else []
        if self.view.claim.measured or "device" in listed:
            return likeness, "measured on the machine" if likeness == "same" else how
        return (
            "differs",
            f"the evidence is {', '.join(f'`{word}`' for word in listed)}, and no measurement here",
        )

    def _machine(self) -> tuple[Likeness, str]:
        """Whether the machine and the engine are those of the deployment."""
        workspace, executor = self.view.resolved.workspace, self.view.executor
        if executor is None:
            return "implicit", "the claim has no executor"
        wanted, engine = self.deployment.hardware, self.deployment.runtime
        if wanted is None:
            return "implicit", "the deployment names no machine"
        found = workspace.find("hardware", wanted)
        if found is None:
            return "implicit", f"the deployment's machine `{wanted}` is not described"
        hardware: Hardware = found[0]
        different: list[str] = []
        unsaid: list[str] = []
        if executor.hardware is not None and executor.hardware.local:
            asked = replace(executor, hardware=hardware, runtime=None)
            for row in (
                compare(asked, self.view.claim.measured[0].executor) if self.view.claim.measured else ()
            ):
                if row.match is Match.DRIFT:
                    different.append(f"{row.field} is {row.found} there and {row.declared} here")
        else:
            different, unsaid = beside(executor.hardware, hardware)
        runtime = workspace.find("runtimes", engine) if engine else None
        more, silent = beside(executor.runtime, runtime[0] if runtime is not None else None)
        if different or more:
            return "differs", ", ".join([*different, *more])
        if unsaid or silent:
            return "implicit", f"the claim does not say its {', '.join([*unsaid, *silent])}"
        return "same", f"`{wanted}`"


def _task(name: str) -> str:
    known = find_task(name)
    return known.name if known is not None else name.lower()


def _scores(term: Term, scored: list[Term]) -> bool:
    return metric_named(term, scored) is not None or any(
        (one.name, one.at) == (term.name, term.at) for one in scored
    )
