"""What a collection of claims states, axis by axis and claim by claim, as a page in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from qspec.checks.axis import AXES, DECISION_GRADE, State
from qspec.checks.disclosure import FLAGS
from qspec.checks.report import ClaimReport, Report
from qspec.lang.diagnostic import Severity

SIGNS: dict[State, str] = {
    "stated": "●",
    "not-applicable": "●",
    "vague": "◐",
    "unstated": "○",
    "missing": "·",
}
_LEGEND = "● stated, ◐ vague, ○ unstated by its source, · not mentioned"


def field_page(reports: Sequence[Report]) -> str:
    """The page: how many claims state each axis, how many axes claims state, what contradicts itself, and every claim.

    Names the documents by their file names, so that it can lie beside them.
    """
    claims = [claim for report in reports for claim in report.claims]
    if not claims:
        return "# What the claims state\n\nThere is no claim.\n"
    parts = [
        ["# What the claims state", "", _headline(claims, len(reports))],
        ["## Axes", "", *_axes(claims)],
        ["## By a lenient reading", "", *_lenient(claims)],
        ["## Claims that contradict themselves", "", *_contradictions(reports)],
        ["## Claims", "", f"{_LEGEND}.", "", *_matrix(reports)],
    ]
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def _headline(claims: Sequence[ClaimReport], documents: int) -> str:
    graded = [claim.graded for claim in claims]
    decision, interpretable = sum(g.decision_grade for g in graded), sum(g.interpretable for g in graded)
    return (
        f"{_count(len(claims), 'claim')} in {_count(documents, 'document')}: {decision or 'none'} decision-grade,"
        f" {interpretable or 'none'} interpretable."
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _axes(claims: Sequence[ClaimReport]) -> list[str]:
    rows = []
    for axis in AXES:
        states = [claim.graded.axes[axis].state for claim in claims]
        stated = sum(state in {"stated", "not-applicable"} for state in states)
        others: list[State] = ["vague", "unstated", "missing"]
        rows.append(
            [f"`{axis}`", _share(stated, len(claims)), *(str(states.count(state)) for state in others)]
        )
    return _table(["axis", "stated", "vague", "unstated", "not mentioned"], rows, "-rrrr")


def _lenient(claims: Sequence[ClaimReport]) -> list[str]:
    """The nine flags, and how many claims have how many of the six that a decision needs."""
    counts = [(flag, sum(claim.disclosed[flag] for claim in claims)) for flag in FLAGS]
    rows = [[f"`{flag}`", _share(count, len(claims))] for flag, count in counts]
    met = [sum(claim.disclosed[axis] for axis in DECISION_GRADE) for claim in claims]
    numbers = range(len(DECISION_GRADE) + 1)
    return [
        "Names count as they stand here: no revision and no parameter of a metric is asked for.",
        "",
        *_table(["axis", "disclosed"], rows, "-r"),
        "",
        f"Of the {len(DECISION_GRADE)} axes that a decision needs, so many claims disclose so many:",
        "",
        *_table(
            ["axes", *map(str, numbers)],
            [["claims", *(str(met.count(number)) for number in numbers)]],
            "-rrrrrrr",
        ),
    ]


def _contradictions(reports: Sequence[Report]) -> list[str]:
    """The findings of error severity, which no profile forgives."""
    rows = [
        [f"`{finding.claim}`", finding.code, _cell(finding.message)]
        for report in reports
        for finding in report.findings
        if finding.severity is Severity.ERROR and finding.claim is not None
    ]
    return _table(["claim", "rule", "finding"], rows, "---") if rows else ["None."]


def _matrix(reports: Sequence[Report]) -> list[str]:
    rows = [
        [f"`{claim.name}`", _link(report.path), *_signs(claim)]
        for report in reports
        for claim in report.claims
    ]
    headers = ["claim", "document", *(axis.replace("_", " ") for axis in AXES)]
    return _table(headers, rows, "--" + "c" * len(AXES))


def _signs(claim: ClaimReport) -> Iterator[str]:
    return (SIGNS[claim.graded.axes[axis].state] for axis in AXES)


def _link(path: str) -> str:
    file = PurePath(path)
    return f"[{_cell(file.stem)}]({file.name.replace(' ', '%20')})"


def _share(count: int, whole: int) -> str:
    return f"{count} ({100 * count / whole:.0f} %)"


def _cell(text: str) -> str:
    """Text that cannot leave its cell."""
    return " ".join(text.split()).replace("|", "\\|")


_RULES = {"-": "---", "r": "--:", "c": ":-:"}


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]], align: str) -> list[str]:
    lines = [headers, [_RULES[side] for side in align], *rows]
    return [f"| {' | '.join(line)} |" for line in lines]
