"""One walk over a workspace, every rule called where it asks to be, and the report that comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from qspec.checks.allowing import Allowing
from qspec.checks.axes import axes_of
from qspec.checks.disclosure import disclosed
from qspec.checks.grade import grade
from qspec.checks.headline import headline
from qspec.checks.report import ClaimReport, Report
from qspec.checks.rule import Finding, Rule, Visit
from qspec.checks.rules import registry
from qspec.checks.settings import Settings
from qspec.checks.suppress import Suppression, apply_suppressions, read_suppressions
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Diagnostic
from qspec.lang.load import Workspace
from qspec.lang.resolve import Resolver


@dataclass
class DocumentReport(Report):
    """What was found in one document, with what was read for it."""

    workspace: Workspace = field(kw_only=True)


@cache
def rules_for(visit: Visit) -> list[Rule]:
    """The rules that visit such a thing, imported now."""
    return [registry.get(code) for code, visited in registry.titles().items() if visited == visit.value]


def check_workspace(
    workspace: Workspace, settings: Settings | None = None, opened: Sequence[Diagnostic] | None = None
) -> DocumentReport:
    """Check the document that a workspace was loaded for; runs no code of it and opens none of its data.

    `opened` is what was found by opening its files, where somebody did: it is selected, allowed and told like the rest.
    """
    return _Run(workspace, settings or Settings(), opened).report()


class _Run:
    def __init__(self, workspace: Workspace, settings: Settings, opened: Sequence[Diagnostic] | None) -> None:
        self.workspace, self.settings, self.opened = workspace, settings, opened
        self.found: list[Diagnostic] = []
        self.suppressions, self.problems = read_suppressions(workspace.main)
        self.allowing = Allowing(self.suppressions, workspace.main.source)
        self.allowed: list[tuple[Diagnostic, Suppression]] = []

    def report(self) -> DocumentReport:
        main = self.workspace.main
        broken = any(loaded.syntax_errors for loaded in self.workspace.files)
        result = DocumentReport(main.source.path, has_syntax_errors=broken, workspace=self.workspace)
        resolver = Resolver(self.workspace)
        resolved = resolver.claims()
        self.found += [*self.workspace.errors, *resolver.errors, *self._wanted(self.opened or ())]
        self._visit(Visit.DOCUMENT, self.workspace, None, self.settings.profile)
        for one in resolved:
            profile = one.claim.profile or self._suite_profile(one.name) or self.settings.profile
            view = ClaimView(one, profile)
            view.axes = axes_of(view)
            result.claims.append(ClaimReport(view.name, grade(view.axes), disclosed(view, view.axes)))
            self._claim(view)
        kept, result.suppressed, unused = apply_suppressions(
            main, self._unique(), self.suppressions, self.allowing.first, self.allowed
        )
        idle = {found.span for found in unused}
        judged = {s.span for s in self.suppressions if s.span in idle and self._is_checked(s)}
        unused = [found for found in unused if found.span in judged]
        everything = [*kept, *self._wanted([*self.problems, *unused])]
        result.findings = sorted(everything, key=lambda f: (f.source.path, f.span, f.code))
        return result

    def _suite_profile(self, claim: str) -> str | None:
        """The profile that a suite of this document asks for its claims."""
        suites = self.workspace.main.document.suites.values()
        return next((suite.profile for suite in suites if suite.profile and claim in suite.claims), None)

    def _is_checked(self, suppression: Suppression) -> bool:
        """Whether a rule that a suppression names was called at all; one that was not could find nothing."""
        codes = {
            code
            for word in suppression.codes
            for code in (*registry.names(), registry.canonical(word))
            if code is not None and (code.startswith(word) or code == registry.canonical(word))
        }
        profiles = {self.settings.profile, *(c.profile for c in self.workspace.main.document.claims.values())}
        called = (
            rule
            for code in codes
            for rule in [registry.get(code)]
            if self.opened is not None or not rule.deep
        )
        return not codes or any(
            self.settings.is_on(rule, profile or self.settings.profile)
            for rule in called
            for profile in profiles
        )

    def _wanted(self, found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
        """Findings that no walk made, as the settings want them."""
        for one in found:
            rule, profile = registry.get(one.code), self.settings.profile
            if self.settings.is_on(rule, profile):
                yield replace(one, severity=self.settings.severity_of(rule, one.severity, profile))

    def _claim(self, view: ClaimView) -> None:
        profile = view.profile
        gaps: list[tuple[Rule, Finding]] = []
        for rule in self._rules(Visit.CLAIM, profile):
            for finding in rule.check(view):
                if rule.gap:
                    if not self._allow_gap(rule, finding, view):
                        gaps.append((rule, finding))
                else:
                    self._add(rule, finding, view.name, profile)
        self.found += headline(view, gaps, self.settings.severity_of)
        for visit, nodes in (
            (Visit.EVALUATION, view.evaluations if view.executor else []),
            (Visit.ASSERTION, view.assertions),
            (Visit.FIGURE, view.figures),
            (Visit.MEASURED, view.measured),
        ):
            for node in nodes:
                self._visit(visit, node, view.name, profile)

    def _rules(self, visit: Visit, profile: str) -> Iterator[Rule]:
        return (rule for rule in rules_for(visit) if self.settings.is_on(rule, profile))

    def _visit(self, visit: Visit, node: Any, claim: str | None, profile: str) -> None:
        for rule in self._rules(visit, profile):
            for finding in rule.check(node):
                self._add(rule, finding, claim, profile)

    def _add(self, rule: Rule, finding: Finding, claim: str | None, profile: str) -> None:
        self.found.append(self._diagnostic(rule, finding, claim, profile))

    def _diagnostic(self, rule: Rule, finding: Finding, claim: str | None, profile: str) -> Diagnostic:
        severity = self.settings.severity_of(rule, finding.severity or rule.severity, profile)
        origin = finding.origin
        span = origin.key if finding.at_key else origin.span
        return Diagnostic(
            rule.code,
            rule.name,
            severity,
            finding.message,
            span,
            origin.loaded.source,
            claim,
            finding.help,
            finding.notes,
            finding.related,
            finding.fixes,
        )

    def _allow_gap(self, rule: Rule, finding: Finding, view: ClaimView) -> bool:
        """Whether a comment, at the gap's place or at the claim, allows it: then the headline leaves it out."""
        here = self._diagnostic(rule, finding, view.name, view.profile)
        claimed = replace(here, span=view.origin.key, source=view.origin.loaded.source)
        for place in (here, claimed):
            if place.source is self.workspace.main.source and (by := self.allowing.first(place)):
                self.allowed.append((here, by))
                return True
        return False

    def _unique(self) -> list[Diagnostic]:
        """Findings without repeats: two claims on one executor find its faults twice."""
        seen: set[tuple[Any, ...]] = set()
        kept = []
        for finding in self.found:
            key = (finding.code, finding.source.path, finding.span, finding.message)
            if key not in seen:
                seen.add(key)
                kept.append(finding)
        return kept
