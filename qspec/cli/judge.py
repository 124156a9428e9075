"""`qspec judge`: verdicts again from stored scores, or from scores that were made elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from qspec.cli import _inputs, command
from qspec.errors import QSpecError, worst_exit


@command("judge", example="qspec judge specs/quickstart.qspec")
@_inputs.paths
@click.option(
    "--claim", "claims", multiple=True, metavar="NAME", help="Only this claim or suite; may be repeated."
)
@click.option(
    "--scores",
    multiple=True,
    metavar="[EVALUATION=]FILE",
    help="Scores made elsewhere, of both models; or first the baseline's, then the quantized model's, then references.",
)
@click.option(
    "--no-write", is_flag=True, help="Leave the measured blocks as they are; so it is with --scores."
)
@click.option("--write", is_flag=True, help="Fill in measured blocks from --scores.")
def judge(
    paths: tuple[str, ...], claims: tuple[str, ...], scores: tuple[str, ...], no_write: bool, write: bool
) -> int:
    """Judge measured claims again, with other bounds or another confidence, without running a model.

    The scores are those that `qspec execute` stored on this machine, or with --scores those in files: tables (csv,
    jsonl, parquet, npz) with columns such as top1.baseline and top1.quantized, or text.baseline, text.quantized and
    reference; two tables or text files, one a model; or two sample files of lm-evaluation-harness
    (FILE#FILTER chooses among filters). Exit codes are those of execute.
    """
    from qspec import api

    if scores and len(paths) > 1:
        raise QSpecError("Scores are those of one spec.", hint="judge the specs one by one")
    writes = write if scores else not no_write
    if (write and not scores) or (write and no_write):
        raise QSpecError("--write goes with --scores and without --no-write.", hint="leave one of them out")
    api.require_execution(models=not scores)
    from qspec.cli._verdicts import verdict_lines

    codes = []
    for path in paths:
        if scores:
            judged = api.judge_scores(Path(path), scores, claims=claims, write=writes)
        else:
            judged = api.judge(Path(path), claims=claims, write=writes)
        for one in judged:
            lines = verdict_lines(one.resolved, one.verdicts, one.measured)
            click.echo("\n".join([*lines, ""]), color=_inputs.colour())
            codes.append(one.verdicts.exit_code)
        if writes:
            click.echo(f"brought up to date: {path}")
    return worst_exit(codes)
