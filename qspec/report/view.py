"""The view models of a report: everything a format shows, as plain words and numbers without markup."""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass

from qspec._version import __version__
from qspec.checks.axis import AXES, DECISION_GRADE, INTERPRETABLE, State
from qspec.checks.report import ClaimReport
from qspec.checks.runner import DocumentReport
from qspec.checks.suppress import Suppression
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Diagnostic
from qspec.lang.resolve import Resolver
from qspec.model.claim import Reported, Source, Suite
from qspec.report import figures
from qspec.report.execution import Execution, execution
from qspec.report.measure import title_of
from qspec.report.outcome import NOT_EXECUTED, Outcome, grade_sentence, worst
from qspec.report.says import QUESTIONS, says
from qspec.report.verdicts import VerdictRow, unjudged


@dataclass(frozen=True, slots=True)
class AxisRow:
    """One axis of a claim: what it asks, what was said, how well, and for which verdict it is needed."""

    name: str
    question: str
    says: str
    state: State
    parts: tuple[tuple[str, State], ...]
    why: str
    for_decision: bool
    for_interpretation: bool

    @property
    def is_stated(self) -> bool:
        """Whether the axis counts as stated."""
        return self.state in {"stated", "not-applicable"}


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding of the checker; `allowed` says why where a comment allows it."""

    code: str
    rule: str
    severity: str
    message: str
    place: str
    claim: str
    help: str
    notes: tuple[str, ...] = ()
    allowed: str = ""


@dataclass(frozen=True, slots=True)
class ReportedRow:
    """A figure as its source printed it."""

    quantity: str
    stratum: str
    figure: str
    baseline: str
    quantized: str
    n: str
    words: str


@dataclass(frozen=True, slots=True)
class SourceCard:
    """Where somebody else's statement stands."""

    vendor: str
    title: str
    url: str
    archive: str
    date: str
    locator: str


@dataclass(frozen=True, slots=True)
class ClaimCard:
    """One claim with its grade, its axes, what was measured and what was reported."""

    name: str
    title: str
    executor: str
    place: str
    profile: str
    grade: str
    grade_sentence: str
    outcome: Outcome
    axes: tuple[AxisRow, ...]
    executions: tuple[Execution, ...]
    unjudged: tuple[VerdictRow, ...]
    source: SourceCard | None
    reported: tuple[ReportedRow, ...]
    reported_words: str

    @property
    def stated(self) -> int:
        """How many axes count as stated."""
        return sum(axis.is_stated for axis in self.axes)


@dataclass(frozen=True, slots=True)
class SuiteCard:
    """Claims that stand or fall together; those of other documents are named and count as not executed."""

    name: str
    title: str
    outcome: Outcome
    claims: tuple[tuple[str, Outcome], ...]


@dataclass(frozen=True, slots=True)
class DocumentCard:
    """One document: its claims, its suites, what the checker found, and how to repeat its execution."""

    path: str
    repeat: str
    claims: tuple[ClaimCard, ...]
    suites: tuple[SuiteCard, ...]
    findings: tuple[FindingRow, ...]
    suppressed: tuple[FindingRow, ...]

    @property
    def can_run(self) -> bool:
        """Whether some claim has been executed, or is its author's own: another's statement names no files."""
        return any(claim.executions or claim.source is None for claim in self.claims)


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report."""

    documents: tuple[DocumentCard, ...]
    tool: str

    @property
    def claims(self) -> list[ClaimCard]:
        """The claims of every document."""
        return [claim for document in self.documents for claim in document.claims]

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of any claim."""
        return worst(claim.outcome for claim in self.claims)

    @property
    def summary(self) -> str:
        """How many claims came out how, in one sentence."""
        claims = self.claims
        if not claims:
            return "No claims."
        counted = Counter(claim.outcome.word.lower() for claim in claims)
        listed = ", ".join(f"{number} {word}" for word, number in counted.most_common())
        return f"{len(claims)} claim{'s' if len(claims) > 1 else ''}: {listed}."


def make_page(reports: list[DocumentReport]) -> Page:
    """The view of checked documents, with or without measured blocks."""
    return Page(tuple(_document(report) for report in reports), f"qspec {__version__}")


def _document(report: DocumentReport) -> DocumentCard:
    graded = {claim.name: claim for claim in report.claims}
    resolved = Resolver(report.workspace).claims()
    path = report.path
    claims = tuple(
        _claim(ClaimView(one, axes=graded[one.name].graded.axes), graded[one.name]) for one in resolved
    )
    return DocumentCard(
        path=path,
        repeat=f"qspec execute {shlex.quote(path)}" if path != "-" else "qspec execute -",
        claims=claims,
        suites=tuple(
            _suite(name, suite, claims) for name, suite in report.workspace.main.document.suites.items()
        ),
        findings=tuple(_finding(finding) for finding in report.findings),
        suppressed=tuple(_finding(finding, by) for finding, by in report.suppressed),
    )


def _suite(name: str, suite: Suite, claims: tuple[ClaimCard, ...]) -> SuiteCard:
    outcomes = {claim.name: claim.outcome for claim in claims}
    listed = tuple((claim, outcomes.get(claim, NOT_EXECUTED)) for claim in suite.claims)
    return SuiteCard(name, suite.title or "", worst(outcome for _, outcome in listed), listed)


def _claim(view: ClaimView, report: ClaimReport) -> ClaimCard:
    claim = view.claim
    executions = tuple(execution(view, one.measured, one.origin) for one in view.measured)
    reported = claim.reported
    said = says(view)
    return ClaimCard(
        name=view.name,
        title=claim.title or "",
        executor=claim.on or "",
        place=str(view.origin.loaded.source.place(view.origin.key.start)),
        profile=claim.profile or "",
        grade=report.graded.grade,
        grade_sentence=grade_sentence(report.graded),
        outcome=worst(one.outcome for one in executions),
        axes=tuple(_axis(name, report, said.get(name, "")) for name in AXES),
        executions=executions,
        unjudged=() if executions else tuple(unjudged(view)),
        source=_source(claim.source) if claim.source else None,
        reported=tuple(_reported(figure) for figure in reported.figures) if reported else (),
        reported_words=(reported.as_printed or "") if reported else "",
    )


def _source(source: Source) -> SourceCard:
    said = (source.vendor, source.title, source.url, source.archive, source.date, source.locator)
    return SourceCard(*(part or "" for part in said))


def _axis(name: str, report: ClaimReport, said: str) -> AxisRow:
    axis = report.graded.axes[name]
    return AxisRow(
        name=name.replace("_", " "),
        question=QUESTIONS[name],
        says=said,
        state=axis.state,
        parts=tuple(axis.parts.items()),
        why=axis.why or "",
        for_decision=name in DECISION_GRADE,
        for_interpretation=name in INTERPRETABLE,
    )


def _finding(finding: Diagnostic, by: Suppression | None = None) -> FindingRow:
    allowed = ""
    if by is not None:
        until = f" (until {by.until})" if by.until else ""
        owner = f" Owner: {by.owner}." if by.owner else ""
        allowed = f"{by.reason or 'No reason is given.'}{until}{owner}"
    return FindingRow(
        code=finding.code,
        rule=finding.rule,
        severity=finding.severity.value,
        message=finding.message,
        place=f"{finding.source.path}:{finding.line}:{finding.column}",
        claim=finding.claim or "",
        help=finding.help or "",
        notes=finding.notes,
        allowed=allowed,
    )


def _reported(figure: Reported) -> ReportedRow:
    alone = [
        ("", figure.value),
        ("loss ", figure.loss),
        ("recovery ", figure.recovery),
        ("ratio ", figure.ratio),
        ("interval ", figure.interval),
    ]
    shown = [f"{name}{figures.printed(value)}" for name, value in alone if value is not None]
    if figure.bound is not None:
        shown.append(f"{figure.bound.relation} {figures.printed(figure.bound.quantity)}")
    return ReportedRow(
        quantity=title_of(figure.quantity) + (f" on {figure.on}" if figure.on else ""),
        stratum=str(figure.for_) if figure.for_ is not None else "",
        figure=", ".join(shown) or "\u2013",
        baseline=figures.printed(figure.baseline),
        quantized=figures.printed(figure.quantized),
        n=figures.count(figure.n),
        words=figure.as_printed or "",
    )
