"""The axes of a claim: for each, whether it is stated, vague, unstated or missing, part by part, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from qspec.checks import words
from qspec.checks.axis import Axis, State
from qspec.checks.speed import simulation
from qspec.checks.view import ClaimView, EvaluationView
from qspec.lang.resolve import Origin, test_split
from qspec.model.artifact import Model
from qspec.model.base import Silence
from qspec.model.evaluation import Calibration, Strata, TestSet
from qspec.model.executor import Baseline
from qspec.model.expression import ByColumn, Pinned
from qspec.model.measurand import MeasurandKind
from qspec.model.quantity import Quantity, Spread

_ORDER: dict[State, int] = {"missing": 0, "unstated": 1, "vague": 2, "stated": 3, "not-applicable": 4}

_SUITES = frozenset({"benchmark", "task", "dataset"})
"""Columns that tell benchmarks apart rather than examples of one."""


def worst(states: Iterable[State]) -> State:
    """The worst of several states, in the order missing, unstated, vague, stated."""
    return min(states, key=_ORDER.__getitem__)


def _silence(value: Any) -> State | None:
    """The state of a value that says nothing, or None when it says something."""
    if value is None:
        return "missing"
    return value.silence if isinstance(value, Silence) else None


def _compound(parts: dict[str, State], why: dict[str, str], origin: Origin) -> Axis:
    state = worst(parts.values())
    reasons = [text for part, text in why.items() if parts[part] == "vague"]
    return Axis(state, parts, "; ".join(reasons) or None, origin)


def _task(view: EvaluationView) -> Axis:
    origin, value = view.where("task"), view.evaluation.task
    silent = _silence(value)
    if silent:
        return Axis(silent, origin=origin)
    if words.is_vague_task(str(value)):
        return Axis("vague", why=f"`{value}` names no task", origin=origin)
    if view.test_data is None:
        return Axis("vague", why="the task is named and its data are not", origin=origin)
    return Axis("stated", origin=origin)


def _model(view: EvaluationView) -> Axis:
    executor = view.claim.executor
    if executor is None:
        return Axis("missing", {"base": "missing", "quantized": "missing"}, origin=view.claim.origin)
    origin = executor.where("model")
    value, model = executor.executor.model, executor.model
    silent = _silence(value)
    if silent or model is None:
        state: State = silent or "vague"
        parts: dict[str, State] = {"base": state, "quantized": state}
        return Axis(state, parts, None if silent else f"no model `{value}` is declared", origin)
    base, base_why = _base_state(model, value if isinstance(value, str) else None)
    quantized, quantized_why = _quantized_state(model, executor.executor.precision, base)
    return _compound(
        {"base": base, "quantized": quantized}, {"base": base_why, "quantized": quantized_why}, origin
    )


def _base_state(model: Model, name: str | None) -> tuple[State, str]:
    if isinstance(model.base, Silence):
        return model.base.silence, ""
    label = model.base.name if model.base else name
    if model.sha256 or (model.base and model.base.pin) or (label and model.version is not None):
        return "stated", ""
    if label is None and model.file is None:
        return "missing", ""
    if label and words.names_version(label):
        return "stated", ""
    return "vague", f"`{label or model.file}` has no version, revision or digest"


def _quantized_state(model: Model, precision: Any, base: State) -> tuple[State, str]:
    quantized = model.quantized
    if isinstance(quantized, Silence):
        return quantized.silence, ""
    if isinstance(quantized, Pinned):
        return ("stated", "") if quantized.pin else ("vague", f"`{quantized.name}` has no revision")
    if quantized is not None:
        if quantized.sha256 or quantized.version is not None:
            return "stated", ""
        return "vague", "the quantized file has no digest"
    silent = _silence(precision)
    if silent:
        return silent, ""
    complete = precision.method is not None and (
        precision.weights is not None or precision.shorthand is not None
    )
    if complete and model.file is not None and base == "stated":
        return "stated", ""  # derived here: the base digest, the precision and our quantizer fix it
    if complete:
        return "vague", "how it was quantized is said, and not with which program and version"
    return "vague", "a number format is named, and neither the method nor the resulting model"


def _metric(view: EvaluationView) -> Axis:
    origin, value = view.where("metrics"), view.evaluation.metrics
    silent = _silence(value)
    if silent:
        return Axis(silent, origin=origin)
    if not view.metrics:
        return Axis("missing", origin=origin)
    published = view.claim.claim.source is not None
    gaps = (words.metric_gap(term, view.task, published=published) for term in view.metrics)
    reasons = [reason for reason in gaps if reason]
    return Axis("vague" if reasons else "stated", why="; ".join(reasons) or None, origin=origin)


def _baseline(view: EvaluationView) -> Axis:
    executor = view.claim.executor
    value = executor.executor.baseline if executor else None
    origin = view.claim.where("baseline")
    silent = _silence(value)
    if silent:
        return Axis(silent, origin=origin)
    assert isinstance(value, Baseline)
    if value.kind == "precision" and not words.is_number_format(value.name):
        return Axis("vague", why=f"`{value.name}` names no number format", origin=origin)
    return Axis("stated", origin=origin)


def _calibration(view: EvaluationView) -> Axis:
    executor = view.claim.executor
    value = executor.executor.calibration if executor else None
    origin = view.claim.where("calibration")
    silent = _silence(value)
    if silent:
        return Axis(silent, {"data": silent, "method": silent, "size": silent}, origin=origin)
    assert isinstance(value, Calibration)
    data: State = _silence(value.data) or "stated"
    why = {}
    if isinstance(value.data, Pinned) and words.is_vague(value.data.name):
        data, why["data"] = "vague", f"`{value.data.name}` names no data set"
    parts: dict[str, State] = {
        "data": data,
        "method": _silence(value.method) or "stated",
        "size": _silence(value.size) or "stated",
    }
    return _compound(parts, why, origin)


def _strata(view: EvaluationView) -> Axis:
    origin, value = view.where("strata"), view.evaluation.strata
    silent = _silence(value)
    if silent:
        return Axis(silent, origin=origin)
    assert isinstance(value, Strata)
    if all(isinstance(how, ByColumn) and how.by in _SUITES for how in value.members.values()):
        return Axis("vague", why="several benchmarks under one headline decompose no test set", origin=origin)
    bounded = any(a.is_stratified for a in view.claim.assertions) or any(
        f.figure.for_ is not None for f in view.claim.figures
    )
    measured = any(result.for_ is not None for block in view.claim.claim.measured for result in block.results)
    if not (bounded or measured):
        return Axis("vague", why="strata are named, and no stratum has a value or a bound", origin=origin)
    return Axis("stated", origin=origin)


def _test_set(view: EvaluationView) -> Axis:
    origin, value = view.where("test-set"), view.evaluation.test_set
    silent = _silence(value)
    if silent:
        return Axis(silent, {"data": silent, "split": silent, "composition": silent}, origin=origin)
    assert isinstance(value, TestSet)
    data: State = _silence(value.data) or "stated"
    why = {}
    if isinstance(value.data, Pinned):
        declared = view.claim.resolved.dataset(value.data)
        pinned = value.data.pin or value.version or (declared and (declared[0].version or declared[0].sha256))
        if words.is_vague(value.data.name):
            data, why["data"] = "vague", f"`{value.data.name}` names no data set"
        elif not pinned and not words.names_version(value.data.name):
            data, why["data"] = "vague", f"`{value.data.name}` has no version"
    split = test_split(value, view.claim.resolved)
    parts: dict[str, State] = {
        "data": data,
        "split": "stated" if split else (_silence(value.split) or "missing"),
        "composition": _silence(value.composition) or "stated",
    }
    return _compound(parts, why, origin)


def _sample_size(view: EvaluationView) -> Axis:
    origin = view.where("test-set")
    size = view.test_set.size if view.test_set is not None else None
    figures = [f.figure for f in view.claim.figures if f.evaluation in (view, None)]
    reported = [f for f in figures if f.n is not None or f.interval or isinstance(f.quantized, Spread)]
    if isinstance(size, Quantity) or reported:
        missing = [f for f in figures if f.for_ is not None and f.n is None and not f.interval]
        if missing and not any(f.for_ is not None and f.n is not None for f in reported):
            return Axis("vague", why="strata have figures without their number of examples", origin=origin)
        return Axis("stated", origin=origin)
    if isinstance(size, Silence):
        return Axis(size.silence, origin=origin)
    return Axis("missing", origin=origin)


def _executor(view: EvaluationView) -> Axis:
    executor = view.claim.executor
    if executor is None:
        return Axis("missing", origin=view.claim.origin)
    declared, origin = executor.executor, executor.origin
    silences = [_silence(v) for v in (declared.hardware, declared.runtime)]
    if silences == ["missing", "missing"]:
        return Axis("missing", origin=origin)
    if "unstated" in silences:
        return Axis("unstated", origin=origin)
    if executor.hardware is not None and executor.hardware.local:
        if view.claim.claim.measured:
            return Axis("stated", origin=origin)
        return Axis("vague", why="`local` is whatever machine executes, and none has yet", origin=origin)
    gaps = []
    if executor.hardware is None:
        gaps.append("the hardware is not described")
    elif not (executor.hardware.cpu or executor.hardware.accelerator or executor.hardware.device):
        gaps.append("the hardware block names no processor")
    if executor.runtime is None or not executor.runtime.name:
        gaps.append("the runtime is not named")
    elif executor.runtime.version is None:
        gaps.append("the runtime has no version")
    if not any(load.batch is not None or load.concurrency is not None for _, load in declared.each_load()):
        gaps.append("no load says batch or concurrency")
    return Axis("vague", why=", ".join(gaps), origin=origin) if gaps else Axis("stated", origin=origin)


def _pair(view: EvaluationView) -> Axis:
    claim = view.claim
    accuracy = claim.says(
        MeasurandKind.LOSS, MeasurandKind.METRIC, MeasurandKind.DISTANCE, MeasurandKind.RECOVERED
    )
    speed = claim.says(MeasurandKind.THROUGHPUT, MeasurandKind.LATENCY)
    if accuracy and speed:
        return Axis("stated", origin=claim.origin)
    if accuracy and simulation(claim) is not None:
        return Axis("not-applicable", why="what is simulated has no speed", origin=claim.origin)
    return Axis(
        "missing",
        why="there is accuracy and no speed" if accuracy else "there is no accuracy",
        origin=claim.origin,
    )


def _evidence(view: EvaluationView) -> Axis:
    claim = view.claim.claim
    origin = view.claim.origin.at("evidence")
    if claim.measured:
        return Axis("stated", origin=origin)
    silent = _silence(claim.evidence or None)
    return Axis(silent or "stated", origin=origin)


_READERS: dict[str, Callable[[EvaluationView], Axis]] = {
    "task": _task,
    "model": _model,
    "metric": _metric,
    "baseline": _baseline,
    "calibration": _calibration,
    "strata": _strata,
    "test_set": _test_set,
    "sample_size": _sample_size,
    "executor": _executor,
    "pair": _pair,
    "evidence": _evidence,
}


def axes_of(claim: ClaimView) -> dict[str, Axis]:
    """The state of every axis: of several evaluations, the worst, part by part."""
    found: dict[str, Axis] = {}
    for name, read in _READERS.items():
        states = [read(view) for view in claim.evaluations]
        chosen = min(states, key=lambda axis: _ORDER[axis.state])
        parts = {p: worst(a.parts[p] for a in states) for p in chosen.parts}
        found[name] = Axis(chosen.state, parts, chosen.why, chosen.origin)
    return found
