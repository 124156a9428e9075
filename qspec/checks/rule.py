"""What a rule is, and how it is filed: code, name, what it visits, and one function that finds."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from qspec.lang.diagnostic import Fix, Related, Severity

if TYPE_CHECKING:
    from qspec.lang.resolve import Origin

HEADINGS = ("What it finds", "Why it matters", "Example", "Use instead", "References")
URL = "urn:qspec:rule:{code}"


class Visit(StrEnum):
    """What a rule is called for; the walk is done once, for all rules."""

    DOCUMENT = "document"
    CLAIM = "claim"
    EVALUATION = "evaluation"
    ASSERTION = "assertion"
    FIGURE = "figure"
    MEASURED = "measured"
    NOTHING = "nothing"
    """Found while reading, resolving or running rather than by a walk; the file documents it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule yields: a whole sentence, its place, and what to do; the runner adds the rule's own facts."""

    message: str
    origin: Origin
    help: str | None = None
    notes: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    fixes: tuple[Fix, ...] = ()
    severity: Severity | None = None
    at_key: bool = False
    """Point at the words that name the thing rather than at its value."""


Check = Callable[[Any], Iterable[Finding]]


@dataclass(frozen=True)
class Rule:
    """A rule of the checker."""

    code: str
    name: str
    severity: Severity
    visits: Visit
    check: Check
    axes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    fix: str | None = None
    """`safe`, `unsafe`, or None when there is no fix."""
    profiles: tuple[str, ...] = ()
    """Profiles that turn the rule on; empty for every profile but `draft`."""
    gap: bool = False
    """True for a missing axis: it is told in the claim's headline and not on its own."""
    deep: bool = False
    """True for a rule that must open a model or an array: it is called where files are opened, and not while reading."""
    module: str = field(default="", repr=False)

    @property
    def documentation(self) -> str:
        """The docstring of the rule's file, its only documentation."""
        return inspect.cleandoc(sys.modules[self.module].__doc__ or "")

    @property
    def title(self) -> str:
        """The first sentence of the documentation."""
        return self.documentation.partition("\n")[0].rstrip(".")

    @property
    def sections(self) -> dict[str, str]:
        """The documentation by heading."""
        parts = re.split(r"^(.+)\n-{3,}\n", self.documentation, flags=re.MULTILINE)
        return {
            heading.strip().rstrip(":"): text.strip("\n")
            for heading, text in zip(parts[1::2], parts[2::2], strict=True)
        }

    @property
    def url(self) -> str:
        """A name for the rule that is one everywhere; `qspec explain` and the code lead to its page."""
        return URL.format(code=self.code)


def rule(
    code: str,
    name: str,
    *,
    severity: Severity,
    visits: Visit = Visit.NOTHING,
    axes: tuple[str, ...] = (),
    aliases: tuple[str, ...] = (),
    fix: str | None = None,
    profiles: tuple[str, ...] = (),
    gap: bool = False,
    deep: bool = False,
) -> Callable[[Check], Rule]:
    """Decorator that files a check function as a rule, under its code, with its name as an alias."""

    def wrap(check: Check) -> Rule:
        from qspec.checks.rules import registry

        home = sys._getframe(1).f_globals["__name__"] if check is nothing else check.__module__
        made = Rule(code, name, severity, visits, check, axes, aliases, fix, profiles, gap, deep, home)
        return registry.register(code, aliases=(name, *aliases), module=home)(made)

    return wrap


def nothing(_: Any) -> Iterable[Finding]:
    """The check of a rule that is found elsewhere."""
    return ()
