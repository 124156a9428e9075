"""The verdicts of a whole claim: each assertion by who can judge it, then the claim."""

from __future__ import annotations

from dataclasses import dataclass, field

from qspec.errors import QSpecError
from qspec.execute.judge.accuracy import AccuracyJudge
from qspec.execute.judge.calibrated import draws as draws_of
from qspec.execute.judge.calibrated import of_which_samples
from qspec.execute.judge.exploring import exploratory
from qspec.execute.judge.findings import hidden as hidden_in
from qspec.execute.judge.findings import results as results_of
from qspec.execute.judge.performance import Pair, PerformanceJudge
from qspec.execute.judge.verdict import Judged, not_judged
from qspec.execute.located import located
from qspec.execute.questions import confidence_of, refuse_unread
from qspec.execute.rounds import Apart
from qspec.execute.scores import Scores
from qspec.execute.timings import Timings
from qspec.lang.resolve import ResolvedClaim
from qspec.metrics.parameters import spoken
from qspec.model.claim import Assertion
from qspec.model.evaluation import Evaluated, evaluations_meant
from qspec.model.measurand import Measurand, measurand
from qspec.model.measured import Census, Drawn, Hidden, Result
from qspec.stats.decision import Outcome, combine_claim


@dataclass(frozen=True)
class Evidence:
    """What was measured: everything verdicts are made from, and nothing else."""

    scores: dict[str, Scores]
    """By evaluation; the unnamed one has the empty name."""
    timings: dict[str, Timings]
    """By load."""
    size: Pair | None
    """None where no file was here to be measured."""
    census: dict[str, Census] = field(default_factory=dict)
    """Of either side, where it was brought to a precision here."""
    apart: Apart = field(default_factory=Apart)
    """What was measured in processes of their own, where it is asserted."""
    elsewhere: str | None = None
    """Why the clock of this machine says nothing about the declared hardware, where it does not."""


@dataclass(frozen=True)
class Verdicts:
    """A judged claim."""

    judged: list[Judged]
    results: list[Result]
    hidden: dict[str, Hidden]
    outcome: Outcome
    draws: dict[str, Drawn] = field(default_factory=dict)
    """How losses move with the calibration sample, by metric."""
    notes: tuple[str, ...] = ()
    """What a reader must know of the samples and the strata behind the verdicts."""

    @property
    def exit_code(self) -> int:
        """0 when every outcome is as expected, 1 when one is refuted against expectation, else 3."""
        wrong = [one for one in self.judged if not one.as_expected]
        if not wrong:
            return 0
        return 1 if any(one.outcome is Outcome.REFUTED for one in wrong) else 3


def judge(resolved: ResolvedClaim, evidence: Evidence) -> Verdicts:
    """Judge a claim; pure: the same evidence and declaration give the same verdicts."""
    return _Judge(resolved, evidence).verdicts()


class _Judge:
    def __init__(self, resolved: ResolvedClaim, evidence: Evidence) -> None:
        self.resolved, self.evidence = resolved, evidence
        executor = resolved.executor
        declared = dict(executor.executor.each_evaluation()) if executor is not None else {}
        self.evaluations: dict[str, Evaluated] = declared
        self.accuracy = {
            name: AccuracyJudge(name, declared[name], scores, len(resolved.claim.assertions))
            for name, scores in evidence.scores.items()
            if name in declared
        }
        self.first = next(iter(declared.values()), Evaluated())
        self.performance = PerformanceJudge(
            evidence.timings,
            evidence.size,
            evidence.apart,
            refusal=self._refusal(),
            confidence=confidence_of(None, self.first),
        )

    def _refusal(self) -> tuple[Outcome, str] | None:
        if self.evidence.elsewhere is not None:
            return Outcome.NOT_MEASURED, self.evidence.elsewhere
        for side, census in self.evidence.census.items():
            if census.simulated:
                return (
                    Outcome.NOT_MEASURED,
                    f"the {side} model's format is emulated in a wider one here, so its speed is not the format's",
                )
        return None

    def verdicts(self) -> Verdicts:
        judged = [
            self._one(index, measurand(assertion.quantity))
            for index, assertion in enumerate(self.resolved.claim.assertions)
        ]
        results = [result for name, one in self.accuracy.items() for result in results_of(name, one.sample)]
        results += self.performance.results()
        hidden: dict[str, Hidden] = {}
        for name, judge_of in self.accuracy.items():
            about = [
                (one, subject)
                for one in judged
                if self._evaluation_of(one.assertion.on, subject := measurand(one.assertion.quantity)) == name
            ]
            hidden.update(hidden_in(name, judge_of.sample, about))
        drawn: dict[str, Drawn] = {}
        notes: list[str] = []
        for name, one in self.accuracy.items():
            found = draws_of(one.sample)
            drawn |= found
            notes += one.sample.notes(name)
            notes += [*of_which_samples(self.resolved, one.sample, found), *exploratory(one.sample)]
        outcome = self._whole(judged)
        refuted = any(one.outcome is Outcome.REFUTED and not one.as_expected for one in judged)
        if refuted and outcome is Outcome.INCONCLUSIVE:
            notes.append(
                f"what refutes an assertion alone does not refute the claim after Holm's adjustment for all {len(judged)}"
            )
        return Verdicts(judged, results, hidden, outcome, drawn, tuple(dict.fromkeys(notes)))

    def _one(self, index: int, subject: Measurand) -> Judged:
        assertion = self.resolved.claim.assertions[index]
        with located(self.resolved.origin.at("assertions", index)):
            refuse_unread(assertion, subject)
            missing = [side for side, census in self.evidence.census.items() if not census.realized]
            if missing:
                layers = ", ".join(name for side in missing for name in self.evidence.census[side].missing)
                return not_judged(
                    assertion,
                    Outcome.NOT_REALIZED,
                    f"what ran is not the declared precision; not realized: {layers}",
                )
            if not subject.kind.is_accuracy:
                return self.performance.judge(assertion, subject)
            meant = self._meant(assertion.on, subject)
            if len(meant) > 1:
                listed = spoken([f"`{one}`" for one in meant])
                return not_judged(
                    assertion,
                    Outcome.NOT_EXECUTABLE,
                    f"{assertion.quantity} may be on {listed}; the assertion must say which: `on {meant[0]}`",
                )
            name = self._evaluation_of(assertion.on, subject)
            if name is None or name not in self.accuracy:
                which = (
                    f"the evaluation `{assertion.on}`"
                    if assertion.on
                    else f"an evaluation with {assertion.quantity}"
                )
                if assertion.on is not None and assertion.on not in self.evaluations:
                    raise QSpecError(
                        f"No evaluation is called `{assertion.on}`.", hint="name one of the executor's"
                    )
                return not_judged(assertion, Outcome.NOT_EXECUTABLE, f"{which} was not run here")
            return self.accuracy[name].judge(assertion, subject)

    def _whole(self, judged: list[Judged]) -> Outcome:
        """The claim: an assertion that came out as it expects to counts as held, and Holm guards the rest.

        Assertions may differ in confidence, so each level is taken over the error that its own allows.
        """
        held = [
            (Outcome.CONFIRMED, 1.0)
            if one.as_expected
            else (one.outcome, one.level / (1 - self._confidence(one.assertion)))
            for one in judged
        ]
        return combine_claim(held, confidence=0.0) if held else Outcome.INCONCLUSIVE

    def _confidence(self, assertion: Assertion) -> float:
        name = self._evaluation_of(assertion.on, measurand(assertion.quantity))
        return confidence_of(assertion, self.evaluations.get(name or "", self.first))

    def _evaluation_of(self, on: str | None, subject: Measurand) -> str | None:
        meant = self._meant(on, subject)
        return meant[0] if len(meant) == 1 else None

    def _meant(self, on: str | None, subject: Measurand) -> list[str]:
        return [on] if on is not None else evaluations_meant(self.evaluations, subject)
