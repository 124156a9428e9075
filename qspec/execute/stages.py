"""The stages between a plan and its verdicts: sessions, scores, timings; each kept under what determines it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec import canonical
from qspec.data.strata import stratify
from qspec.errors import NotExecutableError, QSpecError
from qspec.execute.apart import Needs, first_batch, measure_apart, needs
from qspec.execute.arrays import save_arrays
from qspec.execute.energy import open_meter
from qspec.execute.evaluate import Column
from qspec.execute.index import APART, APART_FACTS, TIMINGS, TIMINGS_FACTS, read_apart, read_timings
from qspec.execute.located import located
from qspec.execute.machine import inspect_machine
from qspec.execute.measure import PROFILES, Profile, measure
from qspec.execute.opening import Opening
from qspec.execute.placement import nodes_elsewhere
from qspec.execute.plan import EvaluationPlan, Plan
from qspec.execute.probes import batch_matters, probe, suspicion
from qspec.execute.questions import seed_of
from qspec.execute.realize import Side, open_data
from qspec.execute.reference import open_reference
from qspec.execute.refusals import Refusals
from qspec.execute.rounds import Apart
from qspec.execute.scores import REFERENCE, Scores
from qspec.execute.scoring import Runner, placed, score
from qspec.execute.sessions import Session, open_session
from qspec.execute.store import Store
from qspec.execute.tasks.runner import Gatherer, TaskRunner
from qspec.execute.thresholds import chosen, paired
from qspec.execute.timings import Timings
from qspec.execute.units import BATCH, EXAMPLE, batches, declared_unit, shuffled, unit_numbers
from qspec.metrics.bind import BoundMetric
from qspec.model.base import Silence
from qspec.model.evaluation import Evaluated, Load, Strata
from qspec.model.quantity import Quantity

SCORING = 2
"""Raised when the same outputs of the same models are scored otherwise, so that scores kept before are not taken for these."""
_LONGEST = 24 * 3600
Progress = Callable[[str, int, int], None]
"""Told the stage, what is done of it, and how much there is."""


@dataclass
class Opened:
    """One evaluation with its data open and checked."""

    plan: EvaluationPlan
    runner: Runner
    inputs: Mapping[str, Column]
    metrics: list[BoundMetric]
    rows: NDArray[np.int64]
    strata: list[Any]
    units: NDArray[np.int64] | None
    digest: str
    opening: Opening


@dataclass
class Stages:
    """Runs the stages of one plan, taking from the store what is there."""

    plan: Plan
    store: Store
    baseline: Side
    quantized: Side
    progress: Progress
    others: dict[str, Side] = field(default_factory=dict)
    """The models of other executors that the claim compares with."""
    reference: Side | None = None
    """The exported program that the baseline was made from, where the spec names one."""
    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    """Where the store keeps each stage's result, by kind and name."""

    @cached_property
    def sessions(self) -> tuple[Session, Session]:
        """Both models open under the same settings."""
        executor = self.plan.resolved.executor
        assert executor is not None
        with located(executor.where("runtime")):
            return self._session(self.baseline), self._session(self.quantized)

    def _session(self, side: Side) -> Session:
        return open_session(
            side.path,
            provider=self.plan.provider,
            threads=self.plan.threads,
            inter_threads=self.plan.inter_threads,
            graph_optimization=self.plan.graph_optimization,
            options=self.plan.provider_options,
        )

    # Preflight -------------------------------------------------------------------------------

    def open(self, evaluation: EvaluationPlan, *, by_batch: bool = False) -> Opened:
        """Open an evaluation's data and hold it against both models, before anything is computed.

        Where the batch is the unit, declared or by what a probe saw (`by_batch`), the rows are shuffled.
        """
        opened = Opening(self.plan, self.sessions, evaluation)
        with located(evaluation.origin):
            opener = opened.opener()
            metrics = opened.metrics()
        table, rows = open_data(self.plan, evaluation.data)
        by_batch = by_batch or declared_unit(evaluation.evaluation) == BATCH
        if by_batch:
            rows = shuffled(rows, seed_of(evaluation.evaluation))
        with located(evaluation.data.declared):
            runner = opener(opened.task_data(evaluation.data, table, rows, metrics))
            inputs = runner.inputs()
            opened.check(inputs)
        declared = evaluation.evaluation.strata
        executor = self.plan.resolved.executor
        assert executor is not None
        with located(executor.where("strata")):
            strata = stratify(declared, table, rows) if isinstance(declared, Strata) else []
        units = unit_numbers(evaluation.evaluation, table, rows, self.plan.batch)
        if by_batch:
            if isinstance(runner, Gatherer):
                with located(evaluation.origin):
                    raise NotExecutableError(
                        f"In {evaluation.task} an example is several items, so that no batch holds whole examples.",
                        hint="declare the unit by a column, or run batches of 1",
                    )
            units = batches(len(rows), self.plan.batch)
        digest = canonical.digest(opened.data_digest())
        return Opened(evaluation, runner, inputs, metrics, rows, strata, units, digest, opened)

    # Keys ------------------------------------------------------------------------------------

    def _ingredients(self, kind: str, **more: Any) -> dict[str, Any]:
        machine = inspect_machine()
        return {
            "kind": kind,
            "models": [self.baseline.content, self.quantized.content],
            "settings": {k: str(v) for k, v in self.sessions[0].settings.items()},
            "machine": machine.identity(self.plan.provider),
            **more,
        }

    # Scores ----------------------------------------------------------------------------------

    def scores(self, opened: Opened) -> Scores:
        """The scores of one evaluation, of both models over the same batches."""
        evaluation = opened.plan
        decided = {name: str(how) for name, how in opened.opening.decisions.items()}
        key = canonical.digest(
            self._ingredients(
                "scores",
                version=SCORING,
                data=opened.digest,
                task=evaluation.task,
                metrics=[str(m) for m in opened.metrics],
                evaluation=_scored(evaluation.evaluation),
                outputs=list(self.plan.resolved.executor.model.outputs)
                if self.plan.resolved.executor and self.plan.resolved.executor.model
                else [],
                batch=self.plan.batch,
                others={name: side.content for name, side in self.others.items()},
                **({"decisions": decided} if decided else {}),
                **({"reference": self.reference.sha256} if self.reference else {}),
            )
        )
        self.keys["scores", evaluation.name] = key
        entry = None if self.plan.options.fresh else self.store.get(key)
        if entry is None:
            self.store.remove(key)
            entry = self.store.put(key, self._evaluate(opened).save)  # let go of before it is read again
        else:
            self.progress(f"scores {evaluation.name}".strip(), len(opened.rows), len(opened.rows))
        return Scores.load(entry.folder)

    def _probed(self, opened: Opened) -> tuple[Opened, dict[str, Any]]:
        """A look at a few examples before all are run; by batches, where an answer depends on those beside it."""
        evaluation = opened.plan.evaluation
        with located(opened.plan.data.declared):
            facts = probe(opened.runner, self.sessions, self.plan.batch)
        if (seen := suspicion(facts)) is not None:
            self.progress(f"warning: {seen}", 0, 1)
        unit = declared_unit(evaluation) or EXAMPLE
        free = declared_unit(evaluation) is None and isinstance(opened.runner, TaskRunner)
        if batch_matters(facts) and free and self.plan.batch > 1:
            opened, unit = self.open(opened.plan, by_batch=True), BATCH
        order = {"order": f"shuffled under seed {seed_of(evaluation)}"} if unit == BATCH else {}
        return opened, {**facts, "unit": unit, **order}

    def _evaluate(self, opened: Opened) -> Scores:
        opened, probed = self._probed(opened)
        evaluation, executor = opened.plan, self.plan.resolved.executor
        assert executor is not None
        name, refusals = f"scores {evaluation.name}".strip(), Refusals()
        with located(executor.where("threshold")):
            metrics = paired(
                opened.metrics,
                opened.opening.decisions,
                refusals,
                lambda: opened.opening.tuning(opened.metrics, opened.rows, self.plan.batch),
            )
            refusals.check(len(opened.metrics))
        with located(evaluation.data.declared):
            scores = score(
                opened.runner,
                self.sessions,
                metrics,
                self.plan.batch,
                lambda done, total: self.progress(name, done, total),
                refusals,
            )
            scores.facts.update(probed | opened.opening.facts())
            scores.facts.update(chosen(metrics, opened.opening.decisions))
            if notes := opened.runner.notes():
                scores.facts["notes"] = list(notes)
            for other, session in self._other_sessions():

                def told(done: int, total: int, other: str = other) -> None:
                    self.progress(f"scores of {other.removeprefix('.')}", done, total)

                pair = self.sessions[0], session
                made = score(opened.runner, pair, metrics, self.plan.batch, told, refusals)
                scores.others[other] = made.quantized
            refusals.check(len(opened.metrics))
            scores = scores.without(refusals)
            return placed(scores, opened.runner, opened.strata, opened.units, len(opened.rows))

    def _other_sessions(self) -> Iterator[tuple[str, Session]]:
        """The models beside the pair, by the name their scores are kept under, each open while it is scored."""
        for name, side in self.others.items():
            yield name, self._session(side)
        if self.reference is not None:
            assert self.plan.reference is not None
            with located(self.plan.reference.origin):
                session = open_reference(self.reference.path, self.sessions[0])
            yield REFERENCE, session

    def elsewhere(self, opened: Opened) -> dict[str, tuple[str, ...]]:
        """The nodes of either model that do not run on the provider asked for, where there are any."""
        feeds = first_batch(self.sessions, opened.inputs, self.plan.batch)
        found = {}
        for name, session, feed in zip(("baseline", "quantized"), self.sessions, feeds, strict=True):
            if nodes := nodes_elsewhere(session.path, session.settings, feed):
                found[name] = nodes
        return found

    # Timings ---------------------------------------------------------------------------------

    def timings(self, name: str, load: Load, opened: Opened) -> Timings:
        """The interleaved timings of one load."""
        batch = _whole(load.batch) or self.plan.batch
        executor = self.plan.resolved.executor
        assert executor is not None
        where = executor.where("loads" if name else "load")
        with located(where):
            profile = self._profile(load)
        key = canonical.digest(
            self._ingredients(
                "timings",
                data=opened.digest,
                load=load.to_json(),
                batch=batch,
                profile=profile.name,
                affinity=self.plan.affinity,
                energy=self.needs.energy,
            )
        )
        self.keys["timings", name] = key
        entry = None if self.plan.options.fresh else self.store.get(key)
        if entry is None:
            self.store.remove(key)
            self.progress(f"timing {name}".strip(), 0, 1)
            with located(where):
                made = self._measure(load, batch, profile, opened)

            def write(folder: Path) -> None:
                save_arrays(folder / TIMINGS, made.arrays())
                (folder / TIMINGS_FACTS).write_text(json.dumps(made.facts(), indent=1), encoding="utf-8")

            entry = self.store.put(key, write)
        self.progress(f"timing {name}".strip(), 1, 1)
        return read_timings(entry.folder)

    def _measure(self, load: Load, batch: int, profile: Any, opened: Opened) -> Timings:
        warm_up = load.warm_up
        by_time = warm_up is not None and warm_up.unit is not None and warm_up.dimension.value == "time"
        return measure(
            *self.sessions,
            opened.inputs,
            batch=batch,
            scenario=load.scenario or "offline",
            profile=profile,
            rate=float(load.rate.base) if load.rate is not None else None,
            latency_bound=float(load.latency_bound.base) if load.latency_bound is not None else None,
            warm_up_calls=(_whole(warm_up) or 0) if warm_up is not None and not by_time else 0,
            warm_up_seconds=float(warm_up.base) if warm_up is not None and by_time else None,
            meter=open_meter(self.plan.provider, self.sessions[0].device_id) if self.needs.energy else None,
        )

    def _profile(self, load: Load) -> Profile:
        """The profile asked for on the command line, in the load, or `quick`; for as long as the load says."""
        profile = PROFILES.get(self.plan.options.profile or load.profile or "quick")
        if profile is None:
            raise QSpecError("There is no such timing profile.", hint=f"profiles are {', '.join(PROFILES)}")
        if load.concurrency is not None and _whole(load.concurrency) != 1:
            raise NotExecutableError(
                f"{load.concurrency} calls in flight are declared, and calls are timed one at a time here.",
                hint="leave `concurrency` out, or set it to 1",
            )
        if load.duration is None or self.plan.options.profile is not None:
            return profile
        seconds = float(load.duration.base)
        if not 0 < seconds <= _LONGEST:
            raise QSpecError(
                f"A load that is timed for {load.duration} is not run.", hint="declare between 1 ms and a day"
            )
        return replace(profile, seconds=seconds)

    # Processes of their own -------------------------------------------------------------------

    @cached_property
    def needs(self) -> Needs:
        """What the assertions need beside interleaved timings."""
        return needs(self.plan.resolved.claim.assertions, [name for name, _ in self.plan.loads])

    def apart(self, opened: Opened) -> Apart:
        """Peaks of memory and rounds of call times, each model in processes of its own, where they are asserted."""
        if not self.needs.memory and not self.needs.calls:
            return Apart()
        loads = {
            name: (
                _whole(load.batch) or self.plan.batch,
                self._profile(load).calls,
                float(load.rate.base) if load.rate is not None else None,
            )
            for name, load in self.plan.loads
        }
        key = canonical.digest(
            self._ingredients(
                "apart",
                data=opened.digest,
                loads={name: [batch, calls, str(rate)] for name, (batch, calls, rate) in loads.items()},
                needs=asdict(self.needs),
                batch=self.plan.batch,
                affinity=self.plan.affinity,
            )
        )
        self.keys["apart", ""] = key
        entry = None if self.plan.options.fresh else self.store.get(key)
        if entry is None:
            self.store.remove(key)
            self.progress("processes of their own", 0, 1)
            with located(self.plan.resolved.origin):
                made = measure_apart(self.sessions, opened.inputs, self.needs, loads, self.plan.batch)

            def write(folder: Path) -> None:
                save_arrays(folder / APART, made.arrays())
                (folder / APART_FACTS).write_text(json.dumps(made.facts()), encoding="utf-8")

            entry = self.store.put(key, write)
        self.progress("processes of their own", 1, 1)
        return read_apart(entry.folder)


def _scored(evaluation: Evaluated) -> dict[str, Any]:
    """What an evaluation says that scores depend on; of its statistics that is the unit."""
    said = evaluation.to_json()
    said.pop("statistics", None)
    unit = declared_unit(evaluation)
    # Where nothing is declared a probe may find that the batch is the unit, and the seed shuffles then too.
    return {**said, "unit": unit, **({"seed": seed_of(evaluation)} if unit in (None, BATCH) else {})}


def _whole(value: Quantity | Silence | None) -> int | None:
    return int(value.value) if isinstance(value, Quantity) else None
