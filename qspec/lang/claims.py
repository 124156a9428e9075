"""The claims of a spec that are to be worked on: resolved, by name, in a document without errors."""

from __future__ import annotations

from collections.abc import Sequence

from qspec.errors import Place, QSpecError, SpecSyntaxError
from qspec.lang.diagnostic import Diagnostic
from qspec.lang.load import Workspace
from qspec.lang.resolve import ResolvedClaim, Resolver


def refuse_errors(errors: Sequence[Diagnostic]) -> None:
    """Raise `SpecSyntaxError`, at the place of the first, where there are errors."""
    if errors:
        first = errors[0]
        raise SpecSyntaxError(list(errors), place=first.source.place(first.span.start))


def resolve_claims(workspace: Workspace, names: Sequence[str] = ()) -> list[ResolvedClaim]:
    """The claims of a workspace; raises `QSpecError` where the language is broken or a claim is not there."""
    refuse_errors(workspace.errors)
    resolver = Resolver(workspace)
    resolved = resolver.claims()
    refuse_errors(resolver.errors)
    place = Place(workspace.main.source.path)
    unknown = [name for name in names if name not in {one.name for one in resolved}]
    if unknown:
        raise QSpecError(
            f"There is no claim `{unknown[0]}` in this spec.",
            place=place,
            hint=f"its claims are {', '.join(one.name for one in resolved) or 'none'}",
        )
    if not resolved:
        raise QSpecError(
            "This spec makes no claim, so there is nothing to execute.",
            place=place,
            hint="add `claim NAME on EXECUTOR { … }`",
        )
    return [one for one in resolved if not names or one.name in names]
