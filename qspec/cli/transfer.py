"""`qspec transfer`: whether a claim holds where a model would be used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qspec.cli import _inputs, command
from qspec.errors import worst_exit

if TYPE_CHECKING:
    from qspec.checks.transfer import Transfer
    from qspec.lang.load import Workspace

_LIKENESS = {"same": "is the same", "differs": "**differs**", "implicit": "is left implicit"}
_SIGNS = {"same": ("=", "green"), "differs": ("✘", "red"), "implicit": ("?", "yellow")}


@command("transfer", example="qspec transfer claims.qspec:reader-grade --to clinic.qspec:triage")
@click.argument("claim", metavar="CLAIM")
@click.option(
    "--to", "target", required=True, metavar="DEPLOYMENT", help="NAME in the same document, or PATH:NAME."
)
@_inputs.stdin_filename
@click.option(
    "--output-format",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    help="Lines, a table for a pull request, or data.",
)
def transfer(claim: str, target: str, stdin_filename: str, output_format: str) -> int:
    """Go through the axes of a claim and say which are the same where a model would be used.

    CLAIM is PATH, for every claim of the document, or PATH:NAME. An axis is the same, differs, or is left implicit:
    then the reader is asked to assume that it travels intact. Exit 0 when the claim travels, 1 when something
    differs, a loss that cannot be absorbed is not bounded or the grade is too low, 3 when something is left to assume.
    """
    from qspec.checks.transfer import transfer as hold
    from qspec.lang.claims import find_deployment, resolve_claims

    path, name = _split(claim)
    workspace = _inputs.readable_workspace(path, stdin_filename)
    other, wanted = _split(target) if ":" in target else (None, target)
    if other is not None:
        _join(workspace, _inputs.readable_workspace(other, stdin_filename))
    deployment = find_deployment(workspace, wanted or "", other or path)
    results = [
        hold(one, deployment, wanted or "") for one in resolve_claims(workspace, (name,) if name else ())
    ]
    if output_format == "json":
        click.echo(json.dumps({"transfers": [_data(one) for one in results]}, indent=2, ensure_ascii=False))
    else:
        show = _markdown if output_format == "markdown" else _text
        click.echo("\n\n".join("\n".join(show(one)) for one in results), color=_inputs.colour())
    return worst_exit({_status(one) for one in results})


def _split(text: str) -> tuple[Path, str | None]:
    """`PATH:NAME`, or a path alone."""
    path, colon, name = text.rpartition(":")
    return (Path(path), name) if colon and path and not Path(text).exists() else (Path(text), None)


def _join(workspace: Workspace, other: Workspace) -> None:
    """Let the claim's document see what the deployment's declares; its own names go first."""
    known = {Path(loaded.source.path).resolve() for loaded in workspace.files}
    workspace.files += [loaded for loaded in other.files if Path(loaded.source.path).resolve() not in known]


def _status(one: Transfer) -> int:
    if one.contradicted or one.profile_met is False:
        return 1
    return 0 if one.travels else 3


def _data(one: Transfer) -> dict[str, Any]:
    return {
        "claim": one.claim,
        "deployment": one.deployment,
        "travels": one.travels,
        "axes": {axis.axis: {"likeness": axis.likeness, "how": axis.how} for axis in one.axes},
        "unbounded": [{"assertion": str(loss.assertion), "why": loss.why} for loss in one.unbounded],
        "assumed": one.assumed,
        "profile_met": one.profile_met,
        "sentence": one.sentence,
    }


def _text(one: Transfer) -> Iterator[str]:
    yield click.style(f"claim {one.claim} to {one.deployment}", bold=True)
    width = max(len(axis.axis) for axis in one.axes)
    for axis in one.axes:
        sign, colour = _SIGNS[axis.likeness]
        yield f"  {click.style(sign, fg=colour)} {axis.axis:<{width}}  {axis.likeness:<8}  {axis.how}"
    if one.profile_met is False:
        yield "  the deployment asks for a decision-grade claim, and this one is not"
    yield one.sentence


def _markdown(one: Transfer) -> Iterator[str]:
    from qspec.report.formats.markdown import code, prose

    yield f"### {code(one.claim)} to {code(one.deployment)}\n"
    yield prose(one.sentence) + "\n"
    for axis in one.axes:
        yield f"- {code(axis.axis)} {_LIKENESS[axis.likeness]}: {prose(axis.how)}"
