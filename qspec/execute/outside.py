"""Claims judged on scores that were made elsewhere: no model is here, and nothing is run."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from qspec import canonical
from qspec.errors import QSpecError
from qspec.execute.fill import Facts, Rejudged, measured_block
from qspec.execute.judge.judge import Evidence, judge
from qspec.execute.located import located
from qspec.execute.outputs import Reading
from qspec.execute.sheets import PairedSheet
from qspec.lang.resolve import ResolvedClaim
from qspec.metrics.parameters import spoken
from qspec.model.hardware import Hardware, Runtime
from qspec.model.measured import ELSEWHERE, Found

NO_CLOCK = "the scores were made elsewhere, and no clock, meter or file comes with them"


def evaluations_of(resolved: ResolvedClaim) -> list[str]:
    """The names of a claim's evaluations; one that stands in the executor itself has the empty name."""
    return [name for name, _ in resolved.executor.executor.each_evaluation()] if resolved.executor else []


def judge_outside(
    resolved: ResolvedClaim, given: Mapping[str, PairedSheet], now: str | None = None
) -> Rejudged:
    """The verdicts of a claim from scores made elsewhere, by evaluation (the only one has the empty name).

    Raises `QSpecError` where the claim names no executor or an evaluation is not one of its own, where the columns
    hold none of its metrics, or hold what cannot be.
    """
    with located(resolved.origin):
        if resolved.executor is None:
            raise QSpecError(
                f"The claim `{resolved.name}` names no executor, so it is not known what the scores are of.",
                hint="write `claim NAME on EXECUTOR { … }`",
            )
        evaluations = dict(resolved.executor.executor.each_evaluation())
        unknown = [name for name in given if name not in evaluations]
        if unknown:
            raise QSpecError(
                f"No evaluation of `{resolved.name}` is called `{unknown[0]}`."
                if unknown[0]
                else f"`{resolved.name}` has several evaluations, and it is not said which the scores are of.",
                hint=f"write --scores NAME=FILE; its evaluations are {', '.join(evaluations) or 'none'}",
            )
        read = {name: Reading(resolved, name, evaluations[name], sheet) for name, sheet in given.items()}
        scores = {name: one.scores() for name, one in read.items()}
    evidence = Evidence(scores, {}, None, elsewhere=NO_CLOCK)
    verdicts = judge(resolved, evidence)
    files = {
        "-".join(filter(None, ("scores" if part != "scores" else "", part, name))): sheet.sha256
        for name, paired_sheet in given.items()
        for part, sheet in paired_sheet.files.items()
    }
    names = [sheet.name for one in given.values() for sheet in one.files.values()]
    facts = Facts(
        at=now or datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds"),
        found=_declared(resolved),
        quantizer=None,
        census={},
        artifacts=files,
        plan=canonical.digest({"kind": "scores", "files": files}),
        notes=(
            f"the scores were made elsewhere and read from {spoken(names)}; the executor is as declared, and "
            "was not seen",
            *(note for one in read.values() for note in one.notes),
        ),
    )
    return Rejudged(resolved, verdicts, measured_block(resolved, verdicts, facts))


def _declared(resolved: ResolvedClaim) -> Found:
    """The executor as declared, under the name of no machine."""
    assert resolved.executor is not None
    hardware = resolved.executor.hardware or Hardware()
    runtime = resolved.executor.runtime or Runtime()
    engine = " ".join(str(part) for part in (runtime.name, runtime.version) if part is not None)
    return Found(
        machine=ELSEWHERE,
        cpu=hardware.cpu,
        cores=hardware.cores,
        instruction_sets=hardware.instruction_sets,
        memory=hardware.memory,
        accelerator=hardware.accelerator,
        driver=hardware.driver,
        os=hardware.os,
        kernel=hardware.kernel,
        runtime=engine or None,
        provider=runtime.provider,
        threads=runtime.threads,
    )
