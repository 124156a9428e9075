"""What is checked and how strictly: profile, selection, severities."""

from __future__ import annotations

from dataclasses import dataclass, field

from qspec.checks.rule import Rule
from qspec.lang.diagnostic import Severity

PROFILES = {
    "draft": "only contradictions and the language itself",
    "default": "gaps and vagueness warn, contradictions are errors",
    "paper": "as default, and statistics that a reviewer would ask for",
    "vendor": "somebody else's claim, read for what it leaves out",
    "decision-grade": "every axis that a decision needs is an error when it is not stated",
    "safety-critical": "decision-grade, with bounds for every stratum and confidence stated",
}
_DRAFT_FAMILIES = ("QS0", "QS3", "QS9")


@dataclass(frozen=True)
class Settings:
    """Settings of a check; codes may be given in full, by family (`QS3`) or by name."""

    profile: str = "default"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: dict[str, Severity] = field(default_factory=dict)
    fail_on: Severity | None = Severity.WARNING
    """Least severity that makes a check fail; None for never."""

    def is_on(self, rule: Rule, profile: str) -> bool:
        """Whether a rule is called under a profile."""
        if any(_matches(rule, pattern) for pattern in self.ignore):
            return False
        if self.select:
            return any(_matches(rule, pattern) for pattern in self.select)
        if profile == "draft":
            return rule.code.startswith(_DRAFT_FAMILIES)
        return not rule.profiles or profile in rule.profiles

    def severity_of(self, rule: Rule, given: Severity, profile: str) -> Severity:
        """The severity a finding of the rule has under a profile and these settings."""
        for key in (rule.code, rule.name, rule.code[:3]):
            if key in self.severity:
                return self.severity[key]
        strict = profile in {"decision-grade", "safety-critical"}
        if strict and rule.gap and given is Severity.WARNING:
            return Severity.ERROR
        return given


def _matches(rule: Rule, pattern: str) -> bool:
    return pattern == "ALL" or rule.code.startswith(pattern) or pattern in (rule.name, *rule.aliases)
