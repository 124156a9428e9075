"""What the command line does, as functions: load, check, plan, run, judge, render, compare and explain.

The rooms `qspec.execute` and `qspec.report` have the names their functions would have, so those are called `run` and
`render`. Each function imports what it needs when it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from qspec.errors import NotExecutableError, QSpecError, worst_exit

if TYPE_CHECKING:
    from qspec.checks.runner import DocumentReport
    from qspec.checks.sampling import Assumptions, Need, Unplanned
    from qspec.checks.settings import Settings
    from qspec.checks.transfer import Transfer
    from qspec.execute.adopt import Adopted
    from qspec.execute.fill import Rejudged
    from qspec.execute.options import Options
    from qspec.execute.plan import Plan
    from qspec.execute.run import Executed
    from qspec.interop import Exported, Imported
    from qspec.lang.compare import Change
    from qspec.lang.load import Workspace
    from qspec.lang.rename import Renamed
    from qspec.model.record import Record
    from qspec.report.reference import Page

Progress = Callable[[str, int, int], None]


def load(path: str | Path) -> Workspace:
    """Read a spec and what it uses; raises `QSpecError` when it cannot be read at all."""
    from qspec.lang.load import load as read

    return read(Path(path))


def check(path: str | Path, settings: Settings | None = None, *, deep: bool = False) -> DocumentReport:
    """The findings and the grade of every claim of a spec; `deep` opens the models and data that it names, too."""
    from qspec.checks.runner import check_workspace

    workspace = load(path)
    if not deep:
        return check_workspace(workspace, settings)
    require_execution()
    from qspec.execute.preflight import preflight

    return check_workspace(workspace, settings, preflight(workspace).findings)


def plan(
    path: str | Path,
    *,
    claims: Sequence[str] = (),
    suites: Sequence[str] = (),
    options: Options | None = None,
) -> list[Plan]:
    """What would be run for the claims of a spec, without running it."""
    from qspec.execute.options import Options as Choices
    from qspec.execute.plan import make_plan
    from qspec.lang.claims import resolve_claims

    return [make_plan(one, options or Choices()) for one in resolve_claims(load(path), claims, suites)]


def needs(
    path: str | Path, *, claims: Sequence[str] = (), given: Assumptions | None = None
) -> list[Need | Unplanned]:
    """How many examples each assertion of a spec needs, from what the document says alone."""
    from qspec.checks.sampling import Assumptions as Suppositions
    from qspec.checks.sampling import needs as sizes
    from qspec.checks.view import ClaimView
    from qspec.lang.claims import resolve_claims

    supposed = given or Suppositions()
    return [row for one in resolve_claims(load(path), claims) for row in sizes(ClaimView(one), supposed)]


def render(
    path: str | Path | Sequence[str | Path], format: str = "html", settings: Settings | None = None
) -> str:
    """The claims of one spec or several, with what was measured, as `html`, `markdown`, `latex` or `badge`."""
    from qspec.report import render as written

    paths = [path] if isinstance(path, str | Path) else path
    return written([check(one, settings) for one in paths], format)


def diff(old: str | Path, new: str | Path) -> list[Change]:
    """What a revision of a spec weakened, tightened and made clearer; either may be `REVISION:PATH` of git."""
    from qspec.lang.claims import refuse_errors
    from qspec.lang.compare import compare
    from qspec.lang.revision import is_revision, load_revision

    before, after = (load_revision(str(one)) if is_revision(str(one)) else load(one) for one in (old, new))
    refuse_errors([*before.errors, *after.errors])
    return compare(before, after)


def rename(path: str | Path, name: str, new: str, *, write: bool = True) -> list[Renamed]:
    """Give what a spec declares another name, there and in the files it uses; `name` may be `OWNER/KIND/NAME`."""
    from qspec.lang.edit import rewrite
    from qspec.lang.rename import rename as renamed

    changed = renamed(load(path), name, new)
    for one in changed if write else ():
        rewrite(Path(one.before.path), one.before, one.after)
    return changed


def transfer(path: str | Path, deployment: str, *, claims: Sequence[str] = ()) -> list[Transfer]:
    """Whether the claims of a spec hold for a deployment that it declares or uses, axis by axis."""
    from qspec.checks.transfer import transfer as hold
    from qspec.lang.claims import find_deployment, resolve_claims

    workspace = load(path)
    found = find_deployment(workspace, deployment, Path(path))
    return [hold(one, found, deployment) for one in resolve_claims(workspace, claims)]


def explain(name: str) -> list[Page]:
    """The reference pages of a rule, an axis, a metric, a unit, a key or any other word of the language."""
    from qspec.report.reference import explain as pages

    return pages(name)


@dataclass(frozen=True)
class Run:
    """What a run did: the claims with their verdicts, the record, and the files that were written."""

    executed: list[Executed]
    record: Record
    spec: Path | None = None
    record_path: Path | None = None
    refused: dict[str, NotExecutableError] = field(default_factory=dict)
    """Claims that cannot be run here while others were, by name, and why."""

    @property
    def exit_code(self) -> int:
        """0 as expected, 1 when an assertion was refuted, 3 when one could not be decided or a claim not be run."""
        refusals = [error.exit_code for error in self.refused.values()]
        return worst_exit([*(one.verdicts.exit_code for one in self.executed), *refusals])


def run(
    path: str | Path,
    *,
    claims: Sequence[str] = (),
    suites: Sequence[str] = (),
    options: Options | None = None,
    write: bool = True,
    output: Path | None = None,
    record: Path | None = None,
    progress: Progress | None = None,
) -> Run:
    """Execute the claims of a spec, fill in what was measured, and write the record beside it.

    Claims that share a model, its realization or its scores share them here: each is made once. A claim that cannot
    be run here does not keep others from it; where none can, the first `NotExecutableError` is raised.
    `write=False` writes nothing; `output` and `record` say where else to write.
    """
    from qspec.execute.fill import fill
    from qspec.execute.options import Options as Choices
    from qspec.execute.run import execute_claim, make_record
    from qspec.lang.claims import resolve_claims
    from qspec.lang.new_file import write_new

    path = Path(path)
    workspace = load(path)
    told = progress or (lambda stage, done, total: None)
    resolved = resolve_claims(workspace, claims, suites)
    executed: list[Executed] = []
    refused: dict[str, NotExecutableError] = {}
    for one in resolved:
        try:
            executed.append(execute_claim(one, options or Choices(), told))
        except NotExecutableError as error:
            refused[one.name] = error
    if refused and not executed:
        raise next(iter(refused.values()))
    made = make_record(workspace, executed, refused)
    if not write and output is None and record is None:
        return Run(executed, made, refused=refused)
    blocks = {one.resolved.name: one.measured for one in executed}
    told("write", 0, 1)
    spec = None
    if write or output is not None:
        fill(path, blocks, output=output)
        spec = output or path
    target = record or (output or path).with_suffix(".record.json") if write or record is not None else None
    if target is not None:
        write_new(target, made.model_dump_json(by_alias=True, exclude_none=True, indent=2) + "\n")
    return Run(executed, made, spec, target, refused)


def adopt(
    path: str | Path,
    *,
    claims: Sequence[str] = (),
    suites: Sequence[str] = (),
    options: Options | None = None,
) -> Adopted:
    """Append, for every claim that declares hardware other than this machine, the claim on an executor that declares it."""
    from qspec.execute.adopt import adopt_hardware
    from qspec.execute.options import Options as Choices

    return adopt_hardware(Path(path), options or Choices(), claims, suites)


def judge(
    path: str | Path, *, claims: Sequence[str] = (), options: Options | None = None, write: bool = True
) -> list[Rejudged]:
    """Verdicts again, from stored scores, after bounds or confidence have changed; no model is run.

    `write` brings the measured blocks in the spec up to date.
    """
    from qspec.execute.fill import fill
    from qspec.execute.options import Options as Choices
    from qspec.execute.run import judge_again
    from qspec.lang.claims import resolve_claims

    path = Path(path)
    resolved = resolve_claims(load(path), claims)
    found = [one for claim in resolved for one in judge_again(claim, options or Choices())]
    if write:
        for one in found:
            fill(path, {one.resolved.name: one.measured})
    return found


def judge_scores(
    path: str | Path, scores: Sequence[str | Path], *, claims: Sequence[str] = (), write: bool = False
) -> list[Rejudged]:
    """Verdicts from scores or outputs that were made elsewhere, in files `[EVALUATION=]FILE[#FILTER]`; nothing is run.

    One file holds both models (columns `top1.baseline` and `top1.quantized`), or there is one of the baseline, one of
    the quantized model and, if need be, one of references. `write` fills in measured blocks that say where the
    scores came from.
    """
    from qspec.execute.fill import fill
    from qspec.execute.outside import evaluations_of, judge_outside
    from qspec.interop.scores import read_scores
    from qspec.lang.claims import resolve_claims

    found = []
    for claim in resolve_claims(load(path), claims):
        given = read_scores([str(one) for one in scores], evaluations_of(claim))
        found.append(judge_outside(claim, given))
    if write:
        for one in found:
            fill(Path(path), {one.resolved.name: one.measured})
    return found


def import_from(path: str | Path, form: str) -> Imported:
    """The document that a file of an outside format amounts to, with notes on what has no word here."""
    from qspec.interop import find_format
    from qspec.lang.source import read_source

    made = find_format(form)
    source = read_source(Path(path))
    return made.read(source.text, Path(source.path).name)


def export_as(path: str | Path, form: str, name: str | None = None) -> Exported:
    """What a spec declares under `name`, or the only such thing, as a text in an outside format."""
    from qspec.interop import find_format
    from qspec.lang.claims import refuse_errors

    made = find_format(form)
    workspace = load(path)
    refuse_errors(workspace.errors)
    return made.write(workspace, name)


def missing_packages(*, models: bool = True) -> list[str]:
    """The packages that judging needs, and with `models` those that run them, that are not installed."""
    import importlib.util

    needed = ("numpy", "scipy", "onnx", "onnxruntime") if models else ("numpy", "scipy")
    return [name for name in needed if importlib.util.find_spec(name) is None]


def require_execution(*, models: bool = True) -> None:
    """Raise `QSpecError` with what to install when packages are missing that judge, and that run `models`."""
    missing = missing_packages(models=models)
    if missing:
        raise QSpecError(
            f"Running a spec needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed.",
            hint='pip install "qspec[execute]", or qspec[gpu] where there is one',
        )
