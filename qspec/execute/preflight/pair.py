"""The graphs of one plan: layers that patterns name, inputs that columns feed, and classes that labels number."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from qspec.data import examples
from qspec.execute.opening import Opening
from qspec.execute.plan import Plan
from qspec.execute.preflight.collector import Collector
from qspec.execute.preflight.readers import Read, Shelf
from qspec.execute.realize import open_base
from qspec.execute.sessions import Session, open_session
from qspec.execute.tasks.classification import Classification
from qspec.execute.tasks.runner import Gatherer, TaskRunner
from qspec.metrics.bind import bind
from qspec.model.precision import Precision
from qspec.quantize.graph import OnnxModel, check_finite_weights, weighted_layers
from qspec.quantize.patterns import select
from qspec.quantize.prepare import prepare
from qspec.quantize.realize import check_arguments, has_scheme
from qspec.quantize.rules import check_rules

PROBE = 64
"""Examples whose inputs are made to see that a graph takes them."""


def check_pair(plan: Plan, shelf: Shelf, found: Collector) -> None:
    """Hold both models, as they are before they are quantized, against the precision, the data and the labels."""
    sessions = []
    for side in (plan.baseline, plan.quantized):
        if side.precision is not None and has_scheme(side.precision):
            found.attempt(
                "QS708", side.precision_origin, partial(check_arguments, side.precision, side.calibration)
            )
        base = found.attempt("QS900", side.origin, partial(open_base, plan, side))
        if base is None:
            continue
        if side.precision is not None:
            found.attempt("QS707", side.precision_origin, partial(_layers, base, side.precision))
            found.attempt("QS900", side.origin.at("file"), partial(check_finite_weights, base))
        session = found.attempt("QS900", side.origin, partial(_session, base))
        sessions += [session] if session is not None else []
    if len(sessions) == 2:
        for evaluation in plan.evaluations:
            _evaluation(Opening(plan, (sessions[0], sessions[1]), evaluation), shelf, found)


def _session(base: OnnxModel) -> Session:
    """The graph, open for its inputs and outputs; on the processor, which every runtime has."""
    return open_session(base.path, threads=1, graph_optimization="none")


def _layers(base: OnnxModel, precision: Precision) -> None:
    """Raise `QSpecError` for a pattern that selects no layer."""
    if not precision.exclude and not precision.layers:
        return
    prepared = prepare(base.proto)
    select(precision.exclude, [node.name for node in prepared.graph.node], role="exclude")
    check_rules(precision, weighted_layers(prepared), str(precision.method))


def _evaluation(opening: Opening, shelf: Shelf, found: Collector) -> None:
    evaluation, executor = opening.evaluation, opening.plan.resolved.executor
    tested = shelf.read(evaluation.data)
    if tested is None:
        return
    declared = evaluation.data.declared
    found.attempt("QS902", declared.at("inputs"), partial(_inputs, opening, tested))
    found.attempt("QS905", declared.at("label"), partial(_labels, opening, tested))
    if executor is None:
        return
    where = executor.where("threshold")
    tuning = found.attempt("QS906", where, opening.tuning_plan)
    tuned = shelf.read(tuning) if tuning is not None else None
    if tuned is not None and (shared := tuned.shares(tested)):
        found.add(
            "QS906",
            where,
            f"Thresholds are chosen on {tuned.label}, which shares {shared:,} rows with the test split {tested.label}.",
            "choose thresholds on a split of its own",
        )


def _task(opening: Opening, tested: Read, rows: NDArray[np.int64]) -> TaskRunner | Gatherer:
    evaluation = opening.evaluation
    metrics = [bind(term, task=evaluation.task) for term in evaluation.metrics]
    return opening.opener()(opening.task_data(evaluation.data, tested.table, rows, metrics))


def _inputs(opening: Opening, tested: Read) -> None:
    """Raise `QSpecError` where the first examples do not fit one of the graphs."""
    opening.check(_task(opening, tested, tested.rows[:PROBE]).inputs())


def _labels(opening: Opening, tested: Read) -> None:
    """Raise `QSpecError` where a label is none of the classes that both graphs tell apart."""
    task = _task(opening, tested, tested.rows)
    if not isinstance(task, Classification):
        return
    labels = task.labels
    for session in opening.sessions:
        named = [port for port in session.outputs if port.name in task.data.outputs[:1]] or session.outputs
        *_, classes = named[0].shape or (None,)
        if len(named[0].shape) > 1 and isinstance(classes, int) and classes > 1:
            examples.check_classes(labels, classes, tested.table, tested.rows)
