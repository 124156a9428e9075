"""Pages of the checker's rules, made of the documentation in their files."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from qspec.checks.rule import HEADINGS, Rule, Visit
from qspec.checks.rules import registry as rules
from qspec.report.reference import Kind, Page, codes, facts, fenced, kind

FAMILIES = {
    "QS0": "the language",
    "QS1": "missing axes",
    "QS2": "vague axes",
    "QS3": "contradictions",
    "QS4": "statistics",
    "QS5": "calibration",
    "QS6": "the pair of speed and accuracy",
    "QS7": "the executor",
    "QS8": "scope",
    "QS9": "files, measurements and suppressions",
}
"""What the rules of a family are about, by the first digit of their codes."""


def _names() -> Iterable[str]:
    return rules.names()


def _aliases() -> Mapping[str, str]:
    return rules.aliases()


def spec_in(text: str) -> str | None:
    """The spec that a section of a rule's documentation holds, or None when it is prose."""
    plain = inspect.cleandoc("\n" + text)
    return plain + "\n" if plain.startswith("qspec ") else None


def _page(name: str) -> Page:
    rule = rules.get(name)
    sections = rule.sections
    example = spec_in(sections.get("Example", ""))
    parts = [facts(_facts(rule))]
    for heading in HEADINGS:
        text = sections.get(heading, "")
        if not text.strip() or (heading == "Example" and example is not None):
            continue
        spec = spec_in(text)
        parts.append(f"## {heading}\n\n{fenced(spec) if spec else inspect.cleandoc(text)}")
    return Page("rule", rule.code, rule.title, "\n\n".join(parts), example or "", (rule.name, *rule.aliases))


def _facts(rule: Rule) -> Iterator[tuple[str, str]]:
    yield "name", f"`{rule.name}`"
    yield "family", f"{rule.code[:3]}, {FAMILIES.get(rule.code[:3], 'others')}"
    yield "severity", rule.severity.value
    yield "axes", codes(rule.axes)
    yield "profiles", codes(rule.profiles)
    yield (
        "fix",
        {"safe": "applied by `--fix`", "unsafe": "offered; applied by `--unsafe-fixes`"}.get(
            rule.fix or "", ""
        ),
    )
    if rule.gap:
        yield "told", "in the claim's headline, QS100"
    elif rule.visits is Visit.NOTHING:
        yield "found", "while a spec is read or run, not by a walk over it"


kind(Kind("rule", "Rules of the checker", cache(_names), _page, _aliases), __name__)
