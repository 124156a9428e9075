"""Errors met while files are opened, collected as findings of the rules they break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from qspec.checks.rules import registry
from qspec.errors import LimitError, NotExecutableError, QSpecError
from qspec.execute.options import Options
from qspec.execute.plan import Plan, make_plan
from qspec.lang.diagnostic import Diagnostic, Fix
from qspec.lang.resolve import Origin, ResolvedClaim
from qspec.lang.source import Source, Span

T = TypeVar("T")


@dataclass
class Collector:
    """What was found in one document; an error is told once, however many claims meet it."""

    findings: list[Diagnostic] = field(default_factory=list)
    unopened: list[str] = field(default_factory=list)
    """Sentences that say why the files of a claim were not opened."""
    claim: str | None = None
    """The claim that is looked at."""

    def plan(self, claim: ResolvedClaim, options: Options) -> Plan | None:
        """The plan of a claim; None, and a sentence, where it names no files to open."""
        self.claim = claim.name
        try:
            return make_plan(claim, options)
        except QSpecError as error:
            self.unopened.append(f"The files of claim `{claim.name}` were not opened: {error.message}")
            return None

    def attempt(self, rule: str, where: Origin, action: Callable[[], T]) -> T | None:
        """What `action` returns, or None when it raises: its error is then a finding, of `rule` unless it names one.

        The finding stands where the error says, or else at `where`. What cannot be done on this machine, or is over a cap,
        is none.
        """
        try:
            return action()
        except QSpecError as error:
            if isinstance(error, NotExecutableError) or (
                isinstance(error, LimitError) and error.rule is None
            ):
                self._leave(error.message)
                return None
            self._add(error.rule or rule, error.message, error.hint, where, error.spot)
        return None

    def add(
        self, rule: str, where: Origin, message: str, hint: str | None = None, fixes: tuple[Fix, ...] = ()
    ) -> None:
        """A finding at `where`."""
        self._add(rule, message, hint, where, None, fixes)

    def _add(
        self,
        code: str,
        message: str,
        hint: str | None,
        where: Origin,
        spot: tuple[Source, Span] | None,
        fixes: tuple[Fix, ...] = (),
    ) -> None:
        if any((one.code, one.message) == (code, message) for one in self.findings):
            return
        rule = registry.get(code)
        source, span = spot or (where.loaded.source, where.span)
        self.findings.append(
            Diagnostic(code, rule.name, rule.severity, message, span, source, self.claim, hint, fixes=fixes)
        )

    def _leave(self, message: str) -> None:
        about = f"Of claim `{self.claim}`, not everything was opened" if self.claim else "Not opened"
        sentence = f"{about}: {message}"
        if sentence not in self.unopened:
            self.unopened.append(sentence)
