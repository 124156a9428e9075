"""The whole way of one spec: plan, realize, evaluate, measure, judge, fill, record."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from qspec.checks.compare import compare, elsewhere
from qspec.errors import NotExecutableError, QSpecError
from qspec.execute.affinity import bound
from qspec.execute.census import CensusReport, census, census_of_arrival
from qspec.execute.fill import TOOL, Facts, Rejudged, measured_block
from qspec.execute.index import recall, remember, run_key
from qspec.execute.inputs import files_read
from qspec.execute.judge.figures import count
from qspec.execute.judge.judge import Evidence, Verdicts, judge
from qspec.execute.judge.performance import Pair
from qspec.execute.located import located
from qspec.execute.machine import capture, found
from qspec.execute.options import Options
from qspec.execute.others import drawn_models, other_models, overlap_note
from qspec.execute.overflow import overflow_note
from qspec.execute.placement import fall_back_note
from qspec.execute.plan import Plan, make_plan
from qspec.execute.preflight import refuse
from qspec.execute.probes import told
from qspec.execute.realize import Side, make_side
from qspec.execute.reference import reference_model
from qspec.execute.rounds import Apart
from qspec.execute.scores import Scores
from qspec.execute.sessions import Session
from qspec.execute.stages import Opened, Progress, Stages
from qspec.execute.store import Store
from qspec.execute.timings import Timings
from qspec.execute.units import check_unit
from qspec.lang.digests import document_digest, executor_digest
from qspec.lang.load import Workspace
from qspec.lang.resolve import ResolvedClaim
from qspec.model.measured import Census, Measured
from qspec.model.record import ClaimRecord, FieldRecord, LayerRecord, ModelRecord, Record, RefusalRecord


@dataclass(frozen=True)
class Executed:
    """One claim, executed."""

    resolved: ResolvedClaim
    plan: Plan
    verdicts: Verdicts
    measured: Measured
    record: ClaimRecord


def execute_claim(
    resolved: ResolvedClaim, options: Options, progress: Progress, now: str | None = None
) -> Executed:
    """Execute one claim; raises `QSpecError` for bad input and `NotExecutableError` for what cannot run here."""
    plan = make_plan(resolved, options)
    assert resolved.executor is not None
    progress("preflight", 0, 1)
    refuse(plan)
    with ExitStack() as stack:
        with located(resolved.executor.where("runtime")):
            stack.enter_context(bound(plan.affinity))
        return _execute(plan, progress, now)


def _execute(plan: Plan, progress: Progress, now: str | None) -> Executed:
    resolved, options = plan.resolved, plan.options
    store = Store(options.store)
    reference = reference_model(plan)
    progress("realize", 0, 2)
    baseline = make_side(plan, plan.baseline, store)
    progress("realize", 1, 2)
    quantized = make_side(plan, plan.quantized, store)
    progress("realize", 2, 2)
    beside = {**other_models(plan), **drawn_models(plan)}
    others = {name: make_side(plan, model, store) for name, model in beside.items()}
    stages = Stages(plan, store, baseline, quantized, progress, others, reference)
    opened = [stages.open(evaluation) for evaluation in plan.evaluations]
    censuses = {
        name: (report, _census(report))
        for name, side in (("baseline", baseline), ("quantized", quantized))
        if (report := _take_census(side, stages)) is not None
    }
    scores = {one.plan.name: stages.scores(one) for one in opened}
    here = found(plan.provider, int(stages.sessions[0].settings["threads"]), plan.batch)
    assert resolved.executor is not None
    rows = compare(resolved.executor, here)
    away = elsewhere(rows)
    timings = {} if away else {name: stages.timings(name, load, opened[0]) for name, load in plan.loads}
    strayed = stages.elsewhere(opened[0])
    evidence = Evidence(
        scores,
        timings,
        Pair(baseline.size, quantized.size),
        _with_strays({n: noun for n, (_, noun) in censuses.items()}, strayed),
        Apart() if away else stages.apart(opened[0]),
        elsewhere=away,
    )
    verdicts = judge(resolved, evidence)
    overflow = overflow_note(
        censuses.get("quantized", (None, None))[0], quantized.precision or quantized.arrived, here
    )
    facts = Facts(
        at=now or datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds"),
        found=here,
        quantizer=quantized.quantizer,
        census=evidence.census,
        artifacts=_artifacts(baseline, quantized, opened, reference),
        plan=plan.digest,
        notes=(
            *_notes(quantized, scores, timings),
            *([overflow] if overflow else []),
            *([alike] if (alike := overlap_note(plan)) else []),
            *(fall_back_note(side, plan.provider, nodes) for side, nodes in strayed.items()),
        ),
    )
    measured = measured_block(resolved, verdicts, facts)
    kept = {
        kind: {n: key for (k, n), key in stages.keys.items() if k == kind} for kind in ("scores", "timings")
    }
    key = run_key(plan.digest, measured.executor_digest, here)
    remember(store, key, kept["scores"], kept["timings"], stages.keys.get(("apart", "")), evidence, facts)
    record = ClaimRecord(
        claim=resolved.name,
        exit=verdicts.exit_code,
        plan=plan.to_json(),
        baseline=_model_record(baseline, censuses.get("baseline", (None, None))[0]),
        quantized=_model_record(quantized, censuses.get("quantized", (None, None))[0]),
        comparison=[
            FieldRecord(field=row.field, declared=row.declared, found=row.found, match=row.match.value)
            for row in rows
            if row.declared is not None
        ],
        evaluations={name or "evaluation": one.facts for name, one in scores.items()},
        timings={name or "load": one.facts() for name, one in timings.items()},
        files=files_read(
            plan,
            (baseline, quantized, *others.values(), *((reference,) if reference else ())),
            [one.opening for one in opened],
        ),
        measured=measured,
    )
    return Executed(resolved, plan, verdicts, measured, record)


def judge_again(resolved: ResolvedClaim, options: Options) -> list[Rejudged]:
    """The verdicts of a claim from what its measured blocks left in the store; no model is opened.

    Raises `QSpecError` when there is no block, the executor has changed since, or the store has lost the scores.
    """
    store = Store(options.store)
    with located(resolved.origin):
        if not resolved.claim.measured:
            raise QSpecError(
                f"The claim `{resolved.name}` has no measured block to judge.",
                hint="`qspec execute` measures it first",
            )
    found = []
    for index, block in enumerate(resolved.claim.measured):
        with located(resolved.origin.at("measured", index)):
            if block.executor_digest != executor_digest(resolved):
                raise QSpecError(
                    "The executor has changed since this block was measured, so its scores are stale.",
                    hint="`qspec execute` measures it again",
                )
            remembered = recall(store, block)
            evaluations = dict(resolved.executor.executor.each_evaluation()) if resolved.executor else {}
            for name, one in remembered.evidence.scores.items():
                check_unit(evaluations[name], one.facts.get("unit"))
        verdicts = judge(resolved, remembered.evidence)
        found.append(Rejudged(resolved, verdicts, measured_block(resolved, verdicts, remembered.facts)))
    return found


def make_record(
    workspace: Workspace, executed: Sequence[Executed], refused: Mapping[str, NotExecutableError]
) -> Record:
    """The record of a run: the claims that were executed, and those that cannot be here."""
    source = workspace.main.source
    return Record(
        tool=TOOL,
        at=executed[-1].measured.at,
        spec=Path(source.path).name,
        spec_digest=document_digest(workspace),
        spec_sha256=hashlib.sha256(source.text.encode("utf-8")).hexdigest(),
        machine=capture(providers=True),
        claims=[one.record for one in executed],
        not_executed=[
            RefusalRecord(claim=name, because=error.message, help=error.hint)
            for name, error in refused.items()
        ],
    )


def _take_census(side: Side, stages: Stages) -> CensusReport | None:
    """What really ran of a side that was brought to a precision or arrived in one; None for a plain model."""
    session = stages.sessions[0 if side is stages.baseline else 1]
    if side.arrived is not None:
        return _census_of_arrival(side, stages, session)
    if side.precision is None or not side.declared:
        return None
    return census(
        side.path,
        side.base,
        side.declared,
        side.precision,
        settings=session.settings,
        simulated=side.simulated,
    )


def _census_of_arrival(side: Side, stages: Stages, session: Session) -> CensusReport | None:
    assert side.arrived is not None
    plan = stages.plan.baseline if side is stages.baseline else stages.plan.quantized
    with located(plan.precision_origin):
        return census_of_arrival(side.path, side.arrived, settings=session.settings)


def _census(report: CensusReport) -> Census:
    return Census(
        declared=count(report.declared),
        stored=count(report.stored),
        computed=count(report.computed),
        realized=report.realized,
        simulated=report.simulated,
        missing=list(report.missing),
    )


def _with_strays(censuses: dict[str, Census], strayed: dict[str, tuple[str, ...]]) -> dict[str, Census]:
    """The censuses with the nodes that ran elsewhere; a model that has none of its own gets one for them."""
    none = Census(declared=count(0), stored=count(0), computed=count(0), realized=True)
    return censuses | {
        side: censuses.get(side, none).model_copy(update={"elsewhere": list(nodes)})
        for side, nodes in strayed.items()
    }


def _artifacts(
    baseline: Side, quantized: Side, opened: Sequence[Opened], reference: Side | None
) -> dict[str, str]:
    found = {"baseline": baseline.sha256, "quantized": quantized.sha256}
    if reference is not None:
        found["reference"] = reference.sha256
    for one in opened:
        if one.plan.data.dataset.sha256:
            found[one.plan.data.name] = one.plan.data.dataset.sha256.lower().removeprefix("sha256:")
    return found


def _notes(quantized: Side, scores: dict[str, Scores], timings: dict[str, Timings]) -> tuple[str, ...]:
    """What a reader must know beside the figures."""
    notes = list(quantized.notes)
    for name, one in scores.items():
        where = f"in {name}: " if name else ""
        notes += [f"{where}{sentence}" for sentence in (*one.facts.get("notes", ()), *told(one.facts))]
    for name, timing in timings.items():
        notes.extend(timing.remarks(name))
    return tuple(notes)


def _model_record(side: Side, report: CensusReport | None) -> ModelRecord:
    layers = report.layers if report is not None else ()
    return ModelRecord(
        label=side.label,
        sha256=side.sha256,
        size=side.size,
        coded_size=side.coded_size,
        quantizer=side.quantizer,
        arguments=side.arguments,
        layers=[
            LayerRecord(name=one.name, op=one.op, storage=one.storage, arithmetic=one.arithmetic)
            for one in layers
        ],
        notes=list(side.notes),
    )
