"""`qspec diff`: what a revision of a spec weakened, tightened and made clearer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qspec.cli import _inputs, command

if TYPE_CHECKING:
    from qspec.lang.compare import Change
    from qspec.lang.load import Workspace

_SIGNS = {True: ("-", "red"), False: ("+", "green")}


@command("diff", example="qspec diff HEAD~1:specs/claim.qspec specs/claim.qspec")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@_inputs.stdin_filename
@click.option(
    "--output-format",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    help="Lines, a list for a pull request, or data.",
)
def diff(old: str, new: str, stdin_filename: str, output_format: str) -> int:
    """Say what a revision changed in its claims, and which of it weakens them.

    OLD and NEW are files, `-`, or REVISION:PATH of a git repository. Weaker is what lets more results pass: an axis
    that is no longer stated, a wider bound, a smaller test set, another baseline or metric, a stratum or an assertion
    that is gone. Exit 0 when nothing is weaker, 1 when something is, 2 when a document cannot be read.
    """
    from qspec.lang.compare import compare

    changes = compare(_workspace(old, stdin_filename), _workspace(new, stdin_filename))
    if output_format == "json":
        click.echo(
            json.dumps({"changes": [_data(change) for change in changes]}, indent=2, ensure_ascii=False)
        )
    elif output_format == "markdown":
        click.echo("\n".join(_markdown(changes)))
    else:
        click.echo("\n".join(_text(changes)), color=_inputs.colour())
    return int(any(change.weakening for change in changes))


def _workspace(name: str, stdin_name: str) -> Workspace:
    from qspec.lang.claims import refuse_errors
    from qspec.lang.revision import is_revision, load_revision

    workspace = load_revision(name) if is_revision(name) else _inputs.read_workspace(Path(name), stdin_name)
    refuse_errors(workspace.errors)
    return workspace


def _data(change: Change) -> dict[str, Any]:
    place = change.source.place(change.span.start)
    return {
        "kind": change.kind,
        "claim": change.claim,
        "axis": change.axis,
        "message": change.message,
        "weakening": change.weakening,
        "location": {"path": place.path, "line": place.line, "column": place.column},
    }


def _counted(changes: Sequence[Change]) -> str:
    weaker = sum(change.weakening for change in changes)
    if not changes:
        return "The claims are the same."
    number = f"{len(changes)} change{'' if len(changes) == 1 else 's'}"
    return f"{number}, of which {weaker} weaken{'s' if weaker == 1 else ''} a claim."


def _text(changes: Sequence[Change]) -> Iterator[str]:
    claim = None
    for change in changes:
        if change.claim != claim:
            claim = change.claim
            yield click.style(f"claim {claim}", bold=True)
        sign, colour = _SIGNS[change.weakening]
        place = change.source.place(change.span.start)
        yield f"  {click.style(f'{sign} {change.kind}', fg=colour)} ({change.axis}): {change.message} [{place}]"
    yield _counted(changes)


def _markdown(changes: Sequence[Change]) -> Iterator[str]:
    from qspec.report.formats.markdown import code, escape, prose

    for weakening, title in ((True, "Weaker"), (False, "Not weaker")):
        chosen = [change for change in changes if change.weakening is weakening]
        if chosen:
            yield f"### {title}\n"
        for change in chosen:
            yield f"- {code(change.claim)}, {escape(change.axis)}: {prose(change.message)}"
        if chosen:
            yield ""
    yield escape(_counted(changes))
