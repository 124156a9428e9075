"""The rules, one a file; the file's docstring is the rule's documentation."""

from __future__ import annotations

from qspec.checks.rule import Rule
from qspec.registry import Registry

registry: Registry[Rule] = Registry("rule", "qspec.checks.rules")
