"""The rules, one a file; the file's docstring is the rule's documentation."""

from __future__ import annotations

from qspec.checks.rule import Rule
from qspec.registry import Registry

# The table says what each rule visits, so that a rule is imported only where there is something for it to visit.
registry: Registry[Rule] = Registry("rule", "qspec.checks.rules", title=lambda rule: rule.visits.value)
