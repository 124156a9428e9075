"""Findings for people: code and sentence, the source underlined, related places, notes, help, and the grades."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qspec.checks.output import registry
from qspec.checks.output._text import Excerpt, Paint, allowed_line, closing, excerpt, visible
from qspec.checks.report import ClaimReport, Report
from qspec.checks.settings import Settings
from qspec.lang.diagnostic import Diagnostic, Related


@registry.register("full")
def render(reports: Sequence[Report], settings: Settings, *, colour: bool = False) -> str:
    """Every finding with its excerpt, then the grade of every claim, then the count."""
    paint = Paint(colour)
    parts: list[str] = []
    for report in reports:
        parts += ["\n".join(_finding(finding, paint)) + "\n" for finding in report.findings]
    grades = [_grade(claim, report, paint) for report in reports for claim in report.claims]
    allowed = [allowed_line(*pair) for report in reports for pair in report.suppressed]
    tail = "".join(f"{line}\n" for line in (*allowed, *grades, closing(reports)))
    return "\n".join([*parts, tail])


def _finding(finding: Diagnostic, paint: Paint) -> Iterator[str]:
    shown = excerpt(finding.source, finding.span)
    places = [
        (related.source or finding.source, related)
        for related in finding.related
        if related.message not in finding.notes
    ]
    others = [(source, related, excerpt(source, related.span)) for source, related in places]
    margin = " " * len(str(max([shown.number, *(other.number for _, _, other in others)])))
    role = finding.severity.value
    head = paint(role, f"{finding.severity}[{finding.code} {finding.rule}]")
    bar = paint("frame", f"{margin} |")
    yield f"{head}: {paint('strong', visible(finding.message))}"
    yield f"{paint('frame', f'{margin}-->')} {visible(finding.source.path)}:{finding.line}:{finding.column}"
    yield bar
    yield _line(shown, margin, paint)
    yield f"{bar} {' ' * shown.offset}{paint(role, '^' * shown.length)}"
    for source, related, other in others:
        place = source.place(min(related.span.start, len(source.text)))
        yield f"{paint('frame', f'{margin}:::')} {visible(str(place))}"
        yield _line(other, margin, paint)
        label = f"{'-' * other.length} {visible(related.message)}"
        yield f"{bar} {' ' * other.offset}{paint('frame', label)}"
    notes = [*_notes(finding), *([("help", finding.help)] if finding.help else [])]
    notes += [("fix", fix.title + ("" if fix.safe else " (unsafe)")) for fix in finding.fixes]
    if notes:
        yield bar
    for kind, text in notes:
        yield f"{paint('frame', f'{margin} =')} {paint('strong', kind)}: {visible(text)}"


def _line(shown: Excerpt, margin: str, paint: Paint) -> str:
    return f"{paint('frame', f'{shown.number:>{len(margin)}} |')} {shown.text}"


def _notes(finding: Diagnostic) -> Iterator[tuple[str, str]]:
    """The notes; one that a related place belongs to says where that is."""
    where: dict[str, Related] = {related.message: related for related in reversed(finding.related)}
    for note in finding.notes:
        place = where.get(note)
        if place is None:
            yield "note", note
            continue
        source = place.source or finding.source
        line, _ = source.position(place.span.start)
        file = "line " if source is finding.source else f"{source.path}:"
        yield "note", f"{note} ({file}{line})"


def _grade(claim: ClaimReport, report: Report, paint: Paint) -> str:
    graded = claim.graded
    role = "help" if graded.decision_grade else "warning"
    open_axes = f"; open: {', '.join(graded.gaps)}" if graded.gaps else ""
    return (
        f"{visible(report.path)}: claim `{visible(claim.name)}` is {paint(role, graded.grade)}, "
        f"{len(graded.stated)} of {len(graded.axes)} axes stated{open_axes}"
    )
