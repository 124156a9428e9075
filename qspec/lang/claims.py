"""The claims of a spec that are to be worked on: resolved, by name, in a document without errors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qspec.errors import Place, QSpecError, SpecSyntaxError
from qspec.lang.diagnostic import Diagnostic
from qspec.lang.load import Workspace
from qspec.lang.resolve import ResolvedClaim, Resolver
from qspec.model.claim import Deployment


def refuse_errors(errors: Sequence[Diagnostic]) -> None:
    """Raise `SpecSyntaxError`, at the place of the first, where there are errors."""
    if errors:
        first = errors[0]
        raise SpecSyntaxError(list(errors), place=first.source.place(first.span.start))


def resolve_claims(
    workspace: Workspace, names: Sequence[str] = (), suites: Sequence[str] = ()
) -> list[ResolvedClaim]:
    """The claims of a workspace: all of them, or those named, or those of suites named; a name may be a suite's too.

    Raises `QSpecError` where the language is broken, or a claim or a suite is not there.
    """
    refuse_errors(workspace.errors)
    resolver = Resolver(workspace)
    resolved = resolver.claims()
    refuse_errors(resolver.errors)
    place = Place(workspace.main.source.path)
    wanted = _named(workspace, names, suites, {one.name for one in resolved})
    if not resolved:
        raise QSpecError(
            "This spec makes no claim, so there is nothing to execute.",
            place=place,
            hint="add `claim NAME on EXECUTOR { … }`",
        )
    return [one for one in resolved if not wanted or one.name in wanted]


def find_deployment(workspace: Workspace, name: str, path: Path) -> Deployment:
    """The deployment of that name; raises `QSpecError`, placed at `path`, where none is declared."""
    found = workspace.find("deployments", name)
    if found is not None:
        deployment: Deployment = found[0]
        return deployment
    names = ", ".join(workspace.names("deployments"))
    raise QSpecError(
        f"No deployment is called `{name}`.",
        place=Place(str(path)),
        hint=f"deployments here are {names}"
        if names
        else "declare it: `deployment NAME { task: …, hardware: … }`",
    )


def _named(workspace: Workspace, names: Sequence[str], suites: Sequence[str], claims: set[str]) -> set[str]:
    """The claims that are meant, suites resolved into theirs."""
    place, wanted = Place(workspace.main.source.path), {name for name in names if name in claims}
    for name in (*suites, *(name for name in names if name not in claims)):
        found = workspace.find("suites", name)
        if found is None:
            what = "suite" if name in suites else "claim"
            there = workspace.names("suites") if name in suites else sorted(claims)
            raise QSpecError(
                f"There is no {what} `{name}` in this spec.",
                place=place,
                hint=f"its {what}s are {', '.join(there) or 'none'}",
            )
        elsewhere = [claim for claim in found[0].claims if claim not in claims]
        if elsewhere:
            raise QSpecError(
                f"The claim `{elsewhere[0]}` of the suite `{name}` stands in another file, and what is measured is "
                "written into the file that is executed.",
                place=place,
                hint="execute the file that declares it, or move the suite beside its claims",
            )
        if not found[0].claims:
            raise QSpecError(f"The suite `{name}` names no claim.", place=place, hint="add `claims: […]`")
        wanted.update(found[0].claims)
    return wanted
