"""What a claim says on each axis, in a few words, for the card that shows how well it says it."""

from __future__ import annotations

from collections.abc import Iterable

from qspec.checks.view import ClaimView
from qspec.model.base import Silence
from qspec.model.evaluation import Calibration
from qspec.model.executor import Baseline
from qspec.model.measurand import MeasurandKind
from qspec.model.precision import Precision, TensorFormat
from qspec.report import figures

QUESTIONS = {
    "task": "What downstream task?",
    "model": "Which base, which quantized variant?",
    "metric": "Which scoring rule?",
    "baseline": "Loss relative to what?",
    "calibration": "Which data, which procedure, how many samples?",
    "strata": "Where does degradation concentrate?",
    "test_set": "Clean, shifted, stratified or domain-matched data?",
    "sample_size": "Is the interval narrower than the effect?",
    "executor": "Which hardware, runtime, threads, batch?",
    "pair": "Speed and accuracy on one workload?",
    "evidence": "Measured how, and by whom?",
}


def says(claim: ClaimView) -> dict[str, str]:
    """For every axis what was said, or an empty string."""
    executor = claim.executor
    declared = executor.executor if executor else None
    test_sets = [view.test_set for view in claim.evaluations if view.test_set is not None]
    hardware, runtime = (executor.hardware, executor.runtime) if executor else (None, None)
    evidence = claim.claim.evidence
    return {
        "task": _join(view.task for view in claim.evaluations),
        "model": _join([_model(claim), _precision(declared.precision if declared else None)]),
        "metric": _join(str(metric) for view in claim.evaluations for metric in view.metrics),
        "baseline": _baseline(declared.baseline if declared else None),
        "calibration": _calibration(declared.calibration if declared else None),
        "strata": _join(f"{name} ({how})" for view in claim.evaluations for name, how in view.strata.items()),
        "test_set": _join(_word(part) for t in test_sets for part in (t.data, t.split, t.composition)),
        "sample_size": _join(_word(t.size) for t in test_sets) or _reported_sizes(claim),
        "executor": _join(
            [
                "local"
                if hardware and hardware.local
                else hardware and (hardware.accelerator or hardware.cpu),
                _join([runtime.name, _word(runtime.version), runtime.provider], " ") if runtime else None,
            ]
        ),
        "pair": _pair(claim),
        "evidence": _join(
            [
                _join(evidence) if isinstance(evidence, list) else _word(evidence),
                "measured here by execution" if claim.measured else None,
            ]
        ),
    }


def _reported_sizes(claim: ClaimView) -> str:
    """The numbers of examples behind the figures of a source that states no test set."""
    sizes = _join(figures.count(view.figure.n) for view in claim.figures if view.figure.n is not None)
    return f"{sizes}, as reported" if sizes else ""


def _join(parts: Iterable[object], between: str = ", ") -> str:
    return between.join(dict.fromkeys(str(part) for part in parts if part))


def _word(value: object) -> str | None:
    if value is None or (isinstance(value, Silence) and value.silence == "unstated"):
        return None
    return f"not applicable: {value.reason}" if isinstance(value, Silence) else str(value)


def _model(claim: ClaimView) -> str:
    executor = claim.executor
    if executor is None or executor.model is None:
        return ""
    model, value = executor.model, executor.executor.model
    name = value if isinstance(value, str) else _word(model.base) or model.file
    return _join([name, model.version], " ")


def _format(form: TensorFormat | None) -> str | None:
    return _join([form.type, form.granularity], " ") if form else None


def _precision(precision: Precision | Silence | None) -> str:
    if not isinstance(precision, Precision):
        return ""
    weights, activations = _format(precision.weights), _format(precision.activations)
    return _join(
        [
            precision.shorthand,
            precision.method,
            precision.recipe,
            f"weights {weights}" if weights else None,
            f"activations {activations}" if activations else None,
        ]
    )


def _baseline(baseline: Baseline | Silence | None) -> str:
    if not isinstance(baseline, Baseline):
        return _word(baseline) or ""
    return baseline.name if baseline.kind == "precision" else f"{baseline.kind} {baseline.name}"


def _calibration(calibration: Calibration | Silence | None) -> str:
    if not isinstance(calibration, Calibration):
        return _word(calibration) or ""
    size = _word(calibration.size)
    return _join([_word(calibration.data), _word(calibration.method), size and f"{size} samples"])


def _pair(claim: ClaimView) -> str:
    accuracy = any(m.kind.is_accuracy for m in claim.measurands())
    speed = claim.says(MeasurandKind.THROUGHPUT, MeasurandKind.LATENCY)
    return _join(["accuracy" if accuracy else None, "speed" if speed else None], " and ")
