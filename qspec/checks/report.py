"""What a check of one document says, apart from how it was found: all that the output formats are made from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from qspec.checks.grade import Graded
from qspec.checks.suppress import Suppression
from qspec.lang.diagnostic import Diagnostic, Severity


@dataclass
class ClaimReport:
    """A claim's grade, axes and disclosure flags."""

    name: str
    graded: Graded
    disclosed: dict[str, bool]


@dataclass
class Report:
    """What was found in one document."""

    path: str
    claims: list[ClaimReport] = field(default_factory=list)
    findings: list[Diagnostic] = field(default_factory=list)
    suppressed: list[tuple[Diagnostic, Suppression]] = field(default_factory=list)
    has_syntax_errors: bool = False
    """Whether some of the text could not be read at all."""

    def worst(self) -> Severity | None:
        """The severity of the worst finding."""
        return max((f.severity for f in self.findings), key=lambda s: s.order, default=None)


def count_by_severity(findings: Iterable[Diagnostic]) -> dict[str, int]:
    """How many findings there are of each severity."""
    counts = {severity.value: 0 for severity in Severity}
    for finding in findings:
        counts[finding.severity.value] += 1
    return counts
