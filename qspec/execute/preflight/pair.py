"""The graphs of one plan: layers that patterns name, inputs that columns feed, and classes that labels number."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from qspec.checks.rules.metric_of_another_task import scores_other_answers
from qspec.data import examples
from qspec.execute.opening import Opening
from qspec.execute.plan import Plan
from qspec.execute.preflight.collector import Collector
from qspec.execute.preflight.readers import Read, Shelf
from qspec.execute.realize import open_base
from qspec.execute.sessions import Port, Session, open_session
from qspec.execute.tasks.classification import Classification
from qspec.execute.tasks.retrieval import Retrieval
from qspec.execute.tasks.runner import Gatherer, TaskRunner
from qspec.execute.tasks.tokens import TokenClassification
from qspec.lang.resolve import Origin
from qspec.metrics.bind import bind
from qspec.metrics.tasks import TASKS
from qspec.model.precision import Precision
from qspec.quantize.coverage import node_names
from qspec.quantize.graph import OnnxModel, check_finite_weights, nested_layers, weighted_layers
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
    select(precision.exclude, node_names(prepared), role="exclude")
    check_rules(precision, [*weighted_layers(prepared), *nested_layers(prepared)], str(precision.method))


def _evaluation(opening: Opening, shelf: Shelf, found: Collector) -> None:
    evaluation, executor = opening.evaluation, opening.plan.resolved.executor
    tested = shelf.read(evaluation.data)
    if tested is None:
        return
    declared = evaluation.data.declared
    found.attempt("QS902", declared.at("inputs"), partial(_inputs, opening, tested))
    found.attempt(
        "QS905",
        declared.at("label" if tested.plan.dataset.label else "tables"),
        partial(_labels, opening, tested),
    )
    if executor is None:
        return
    _metrics(opening, tested, evaluation.origin if evaluation.name else executor.where("metrics"), found)
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
    """Raise `QSpecError` where a label is none of the classes that both graphs tell apart, or relevance is of nothing."""
    task = _task(opening, tested, tested.rows)
    if isinstance(task, Retrieval):
        _ = task.judgements
    if not isinstance(task, Classification):
        return
    labels = task.labels
    for session in opening.sessions:
        named = [port for port in session.outputs if port.name in task.data.outputs[:1]] or session.outputs
        *_, classes = named[0].shape or (None,)
        if len(named[0].shape) > 1 and isinstance(classes, int) and classes > 1:
            examples.check_classes(labels, classes, tested.table, tested.rows)


def _metrics(opening: Opening, tested: Read, where: Origin, found: Collector) -> None:
    """Tell of metrics that the task's answers do not give, or the classes of the graph; the others run without them."""
    evaluation = opening.evaluation
    if opening.evaluation.name:
        where = where.at("metrics")
    task = found.attempt("QS902", where, partial(_task, opening, tested, tested.rows[:PROBE]))
    known = TASKS.get(evaluation.task)
    if task is None or known is None:
        return
    port, place = _answering(opening, task.data.outputs)
    *_, width = port.shape or (None,)
    classes = width if len(port.shape) > 1 and isinstance(width, int) else None
    nature = task.data.steps.leaves(opening.ends(port.name, place)).over(classes or 1)
    given = task.gives(nature)
    if not given:
        return
    counted = classes if isinstance(task, Classification | TokenClassification) else None
    for index, term in enumerate(evaluation.metrics):
        metric = bind(term, task=evaluation.task)
        reason = metric.unfit(given, counted, f"{evaluation.task} gives")
        if reason is None or metric.unavailable is not None or scores_other_answers(metric.metric, known):
            continue
        usual = ", ".join(f"`{name}`" for name in known.default_metrics)
        found.add("QS314", where.at(index), reason, f"{known.name} is usually scored by {usual}")


def _answering(opening: Opening, named: tuple[str, ...]) -> tuple[Port, int]:
    """The output of the baseline's graph that is scored, and its place: the one named, else the first of floats."""
    ports = opening.sessions[0].outputs
    places = range(len(ports))
    chosen = [at for at in places if ports[at].name in named[:1]]
    floats = [at for at in places if ports[at].dtype.startswith("float")]
    at = [*chosen, *floats, 0][0]
    return ports[at], at
