"""`qspec judge`: verdicts again, from stored scores."""

from __future__ import annotations

from pathlib import Path

import click

from qspec.cli import _inputs, command


@command("judge", example="qspec judge specs/quickstart.qspec")
@_inputs.paths
@click.option("--claim", "claims", multiple=True, metavar="NAME", help="Only this claim; may be repeated.")
@click.option("--no-write", is_flag=True, help="Leave the measured blocks as they are.")
def judge(paths: tuple[str, ...], claims: tuple[str, ...], no_write: bool) -> int:
    """Judge measured claims again, with other bounds or another confidence, without running a model.

    The scores are those that `qspec execute` stored on this machine. Exit codes are those of execute.
    """
    from qspec import api

    api.require_execution()
    from qspec.cli._verdicts import verdict_lines

    codes = []
    for path in paths:
        for one in api.judge(Path(path), claims=claims, write=not no_write):
            lines = verdict_lines(one.resolved.name, one.resolved.claim.on, one.verdicts, one.measured)
            click.echo("\n".join([*lines, ""]), color=_inputs.colour())
            codes.append(one.verdicts.exit_code)
        if not no_write:
            click.echo(f"brought up to date: {path}")
    return 1 if 1 in codes else max(codes)
