"""`qspec execute`: realize, measure, judge, and fill in what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from qspec.cli import _inputs, command
from qspec.cli._again import arguments_again
from qspec.errors import Place, QSpecError, worst_exit

_FILE = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True)
class Choices:
    """How results leave the command."""

    claims: tuple[str, ...]
    suites: tuple[str, ...]
    dry_run: bool
    no_write: bool
    output: Path | None
    record: Path | None
    output_format: str
    quiet: bool
    adopt_hardware: bool


@command("execute", example="qspec execute specs/quickstart.qspec --fresh")
@_inputs.paths
@click.option(
    "--claim", "claims", multiple=True, metavar="NAME", help="Only this claim or suite; may be repeated."
)
@click.option(
    "--suite", "suites", multiple=True, metavar="NAME", help="The claims of this suite; may be repeated."
)
@click.option("--provider", metavar="NAME", help="cpu, cuda or tensorrt, in place of the spec's.")
@click.option(
    "--threads", type=click.IntRange(1, 4096), help="Threads within operators, in place of the spec's."
)
@click.option(
    "--timing", "profile", type=click.Choice(["quick", "standard", "mlperf"]), help="How long to time."
)
@click.option(
    "--allow-network", is_flag=True, help="Fetch what the spec names as hf://…, once, into the cache."
)
@click.option("--fresh", is_flag=True, help="Compute everything anew, whatever is stored.")
@click.option("--dry-run", is_flag=True, help="Say what would be run, and stop.")
@click.option("--no-write", is_flag=True, help="Write neither the spec nor a record.")
@click.option("--output", type=_FILE, help="Write the filled spec here, and leave the original as it is.")
@click.option("--record", type=_FILE, help="Write the record here rather than beside the spec.")
@click.option(
    "--output-format", type=click.Choice(["text", "json"]), default="text", help="Verdicts, or the record."
)
@click.option(
    "--adopt-hardware",
    is_flag=True,
    help="Where a claim declares hardware that is not this machine, append `executor NAME-here from NAME` with this "
    "machine's hardware and runtime, and the claim again as `CLAIM-here` on it, and run that one.",
)
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
@click.option(
    "--sandbox", is_flag=True, help="Run in a process with limits, for models and data that are not trusted."
)
@click.option(
    "--sandbox-memory",
    type=click.FloatRange(min=0.1),
    metavar="GIB",
    help="Memory it may use; three quarters of the machine's unless given.",
)
@click.option(
    "--sandbox-seconds",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processor time it may use; an hour unless given.",
)
@click.option(
    "--sandbox-file",
    type=click.FloatRange(min=0.001),
    metavar="GIB",
    help="Size of one file it may write; 16 unless given.",
)
@click.pass_context
def execute(
    context: click.Context,
    /,
    paths: tuple[str, ...],
    provider: str | None,
    threads: int | None,
    profile: str | None,
    fresh: bool,
    allow_network: bool,
    sandbox: bool,
    sandbox_memory: float | None,
    sandbox_seconds: int | None,
    sandbox_file: float | None,
    **how: Any,
) -> int:
    """Run claims on this machine, and write what was measured into them.

    Both models see the same examples in the same batches; every assertion comes out confirmed, refuted or
    inconclusive. What was computed is kept, so that a second run costs little. Exit 0 when every assertion comes out
    confirmed or as it expects, 1 when one is refuted, 2 for bad input, 3 when one could not be decided.
    """
    from qspec.api import require_execution

    choices = Choices(**how)
    if len(paths) > 1 and (choices.output or choices.record):
        raise QSpecError(
            "One --output or --record cannot hold several specs.", hint="execute them one by one"
        )
    require_execution()
    if sandbox or sandbox_memory or sandbox_seconds or sandbox_file:
        from qspec.execute.sandbox import Sandbox, run_sandboxed

        own = ("sandbox", "sandbox_memory", "sandbox_seconds", "sandbox_file")
        limits = Sandbox.of(sandbox_memory, sandbox_seconds, sandbox_file)
        return run_sandboxed(arguments_again(context, without=own), limits, " and ".join(paths))
    from qspec.execute.options import Options

    options = Options(
        provider=provider, threads=threads, profile=profile, fresh=fresh, allow_network=allow_network
    )
    return worst_exit([_one(Path(path), options, choices) for path in paths])


def _one(path: Path, options: Any, choices: Choices) -> int:
    from qspec import api
    from qspec.cli import _verdicts

    if str(path) == "-":
        raise QSpecError(
            "A spec on standard input cannot be filled in.", place=Place("-"), hint="name a file"
        )
    if choices.dry_run:
        for plan in api.plan(path, claims=choices.claims, suites=choices.suites, options=options):
            click.echo("\n".join(_verdicts.plan_lines(plan)))
        return 0
    claims, suites = choices.claims, choices.suites
    if choices.adopt_hardware:
        if choices.no_write or choices.output:
            raise QSpecError(
                "--adopt-hardware writes into the spec, and --no-write and --output leave it as it is.",
                hint="copy the spec first, and adopt in the copy",
            )
        adopted = api.adopt(path, claims=claims, suites=suites, options=options)
        claims, suites = tuple(adopted.claims), ()
        for name in adopted.written:
            click.echo(f"adopted: claim {name}")
    with _verdicts.progress_on_stderr(path.name, quiet=choices.quiet) as progress:
        done = api.run(
            path,
            claims=claims,
            suites=suites,
            options=options,
            write=not choices.no_write,
            output=choices.output,
            record=choices.record,
            progress=progress,
        )
    for name, error in done.refused.items():
        click.echo(f"claim {name} is not executable here\nerror: {error}\n", err=True)
    if choices.output_format == "json":
        click.echo(done.record.model_dump_json(by_alias=True, exclude_none=True, indent=2))
        return done.exit_code
    for one in done.executed:
        lines = _verdicts.verdict_lines(one.resolved, one.verdicts, one.measured)
        click.echo("\n".join([*lines, ""]), color=_inputs.colour())
    for what, where in (("filled in", done.spec), ("record", done.record_path)):
        if where is not None:
            click.echo(f"{what}: {where}")
    return done.exit_code
