"""`qspec plan`: how many examples each assertion needs, and what would run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from qspec.cli import EXIT_ERROR, _inputs, command
from qspec.errors import QSpecError

if TYPE_CHECKING:
    from qspec.checks.sampling import Need, Unplanned
    from qspec.lang.diagnostic import Diagnostic
    from qspec.lang.load import Workspace

_HEAD = ("assertion", "stratum", "bound", "n", "needed", "n shows", "chance")


@command("plan", example="qspec plan specs/quickstart.qspec --discordance 2%")
@_inputs.paths
@_inputs.stdin_filename
@click.option("--claim", "claims", multiple=True, metavar="NAME", help="Only this claim; may be repeated.")
@click.option(
    "--discordance",
    metavar="SHARE",
    help="Share of examples on which the two models differ, for example 2%; else as measured, else 3%.",
)
@click.option(
    "--loss", default="0%", metavar="SHARE", help="The true loss that is supposed, for example 0.2%."
)
@click.option("--power", default="80%", metavar="SHARE", help="The chance of confirming that is wanted.")
@click.option("--sizes-only", is_flag=True, help="Say nothing about what would run.")
@click.option(
    "--output-format", type=click.Choice(["text", "json"]), default="text", help="A table, or data."
)
def plan(
    paths: tuple[str, ...],
    stdin_filename: str,
    claims: tuple[str, ...],
    discordance: str | None,
    loss: str,
    power: str,
    sizes_only: bool,
    output_format: str,
) -> int:
    """Say how many examples each assertion needs, what those there are can show, and what would run.

    For shares of right answers the need follows from the share of examples on which the two models differ. Models and
    data are opened to see whether they fit, unless --sizes-only is given, and nothing is run. Exit 2 when they do not.
    """
    from qspec.checks.sampling import Assumptions

    given = Assumptions(
        _share("--discordance", discordance) if discordance is not None else None,
        _share("--loss", loss),
        _share("--power", power),
    )
    if not 0 < given.power < 1:
        raise QSpecError(
            f"A power of {power} cannot be planned for.", hint="give a share between 0 % and 100 %"
        )
    data: list[dict[str, Any]] = []
    for path in _inputs.find_specs(paths):
        workspace = _inputs.readable_workspace(path, stdin_filename)
        data += _document(workspace, claims, given, sizes_only, output_format)
    if output_format == "json":
        click.echo(json.dumps({"claims": data}, indent=2, ensure_ascii=False))
    return EXIT_ERROR if any(claim["preflight"] for claim in data) else 0


def _document(
    workspace: Workspace, names: Sequence[str], given: Any, sizes_only: bool, output_format: str
) -> Iterator[dict[str, Any]]:
    from qspec.checks.concealed import concealed
    from qspec.checks.output._data import finding_data
    from qspec.checks.resolution import points
    from qspec.checks.sampling import Need, Unplanned, needs
    from qspec.checks.view import ClaimView
    from qspec.lang.claims import resolve_claims

    for resolved in resolve_claims(workspace, names):
        view = ClaimView(resolved)
        found = list(needs(view, given))
        hidden = [(str(said.assertion), part) for said in view.assertions for part in concealed(said)]
        rows = [one for one in found if isinstance(one, Need)]
        others = [one for one in found if isinstance(one, Unplanned)]
        run, why, unfit, warnings = (None, None, [], []) if sizes_only else _would_run(resolved)
        if output_format == "text":
            click.echo("\n".join(_text(resolved.name, rows, others, given.power)))
            for assertion, part in hidden:
                click.echo(f"  while `{assertion}` holds, {part.stratum} may lose {points(part.loss)}")
            if not sizes_only:
                click.echo("\n".join(_running(run, why, unfit, warnings)))
            click.echo()
        yield {
            "claim": resolved.name,
            "needs": [{**asdict(row), "suffices": row.suffices} for row in rows],
            "hidden": [{"assertion": assertion, **asdict(part)} for assertion, part in hidden],
            "others": [{"assertion": one.assertion, "because": one.because} for one in others],
            "run": run.to_json() if run is not None else None,
            "cannot_run": why,
            "preflight": [finding_data(one) for one in unfit],
            "warnings": [finding_data(one) for one in warnings],
        }


def _would_run(resolved: Any) -> tuple[Any, str | None, list[Diagnostic], list[Diagnostic]]:
    """The plan of a run, or the sentence that says why there can be none here; what its files do not fit, and warnings."""
    from qspec.api import require_execution

    try:
        require_execution()
        from qspec.execute.options import Options
        from qspec.execute.plan import make_plan
        from qspec.execute.preflight import unfit

        made = make_plan(resolved, Options())
        return made, None, *unfit(made)
    except QSpecError as error:
        return None, error.message, [], []


def _running(
    run: Any, why: str | None, unfit: Sequence[Diagnostic], warnings: Sequence[Diagnostic]
) -> Iterator[str]:
    if unfit:
        yield "  would not run here:"
        yield from _told(unfit)
    elif run is None:
        yield f"  would not run here: {why}"
    else:
        from qspec.cli._verdicts import plan_lines

        yield "  would run:"
        yield from (f"  {line}" for line in list(plan_lines(run))[1:])
        if warnings:
            yield "  would be left out of it:"
            yield from _told(warnings)


def _told(findings: Sequence[Diagnostic]) -> Iterator[str]:
    for one in findings:
        place = one.source.place(one.span.start)
        told = str(QSpecError(one.message, place=place, hint=one.help, rule=one.code))
        yield from (f"    {line}" for line in told.splitlines())


def _text(name: str, rows: list[Need], others: list[Unplanned], power: float) -> Iterator[str]:
    from qspec.checks.resolution import points

    yield click.style(f"claim {name}", bold=True) if _inputs.colour() else f"claim {name}"
    cells = [
        (
            row.assertion,
            row.stratum or "all",
            points(row.bound),
            f"{row.n:,}" if row.n is not None else "?",
            f"{row.needed:,}" if row.needed is not None else "none would do",
            points(row.detectable) if row.detectable is not None else "",
            f"{row.chance:.0%}" if row.chance is not None else "",
        )
        for row in rows
    ]
    if cells:
        yield from (f"  {line}" for line in _columns([_HEAD, *cells]))
        for share, supposed in dict.fromkeys((row.discordance, row.supposed) for row in rows):
            yield f"  the two models differ on {share:.2%} of the examples ({supposed}); chance of confirming {power:.0%}"
    elif not others:
        yield "  it asserts nothing"
    for row in rows:
        if row.decided_under is not None:
            yield f"  the printed scores decide `{row.assertion}` if fewer than {row.decided_under:.1%} of the answers changed"
    for one in others:
        yield f"  {one.assertion}: {one.because}"


def _columns(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Rows in columns: the first two to the left, numbers to the right."""
    sizes = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = zip(row, sizes, strict=True)
        yield "  ".join(f"{c:<{s}}" if i < 2 else f"{c:>{s}}" for i, (c, s) in enumerate(cells)).rstrip()


def _share(option: str, text: str) -> float:
    """A share given as `3%`, `3 pp` or `0.03`; raises `QSpecError` for anything else."""
    number = text.strip().removesuffix("pp").strip().removesuffix("%").strip()
    try:
        value = float(number) / (1 if number == text.strip() else 100)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise QSpecError(f"{option} takes a share, and {text} is none.", hint="write 3% or 0.03")
    return value
