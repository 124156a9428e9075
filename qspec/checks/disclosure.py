"""Nine lenient yes–no answers about a claim, by the reading under which published claims were transcribed."""

from __future__ import annotations

from qspec.checks import words
from qspec.checks.axis import Axis
from qspec.checks.view import ClaimView, stated
from qspec.model.artifact import Model, ModelFile
from qspec.model.base import Silence
from qspec.model.evaluation import Calibration
from qspec.model.executor import Baseline
from qspec.model.expression import Pinned
from qspec.model.measurand import MeasurandKind

FLAGS = (
    "task",
    "model",
    "metric",
    "baseline",
    "calibration",
    "strata",
    "test_set",
    "sample_size",
    "throughput",
)


def disclosed(claim: ClaimView, axes: dict[str, Axis]) -> dict[str, bool]:
    """The nine flags. Names count as they stand; neither revisions, digests nor metrics' parameters are asked for."""
    declared = claim.executor.executor if claim.executor else None
    views = claim.evaluations
    baseline = declared.baseline if declared else None
    test_sets = [v.test_set for v in views if v.test_set is not None]
    return {
        "task": any(v.task is not None and not words.is_vague_task(v.task) for v in views),
        "model": _quantized(claim),
        "metric": all(v.metrics and all(words.names_metric(m, v.task) for m in v.metrics) for v in views),
        "baseline": isinstance(baseline, Baseline)
        and (baseline.kind != "precision" or words.is_number_format(baseline.name)),
        "calibration": _calibration(declared.calibration if declared else None),
        "strata": _split(claim),
        "test_set": any(stated(t.composition) for t in test_sets),
        "sample_size": axes["sample_size"].is_stated or axes["sample_size"].state == "vague",
        "throughput": _model(claim) and claim.says(MeasurandKind.THROUGHPUT, MeasurandKind.LATENCY),
    }


def _model(claim: ClaimView) -> bool:
    """Whether some one model is named, base or variant, and not a class of them."""
    executor = claim.executor
    model = executor.model if executor else None
    if executor is None or model is None:
        return False
    if isinstance(model.base, Pinned):
        return words.names_model(model.base.name)
    return bool(model.file) or isinstance(executor.executor.model, str) or _arrives(model)


def _arrives(model: Model) -> bool:
    """Whether the quantized variant has a name, or a file, of its own."""
    return isinstance(model.quantized, Pinned | ModelFile)


def _quantized(claim: ClaimView) -> bool:
    """Whether the quantized variant can be told: by its own name, or by the base's name and a precision."""
    if not _model(claim):
        return False
    assert claim.executor is not None
    assert claim.executor.model is not None
    return _arrives(claim.executor.model) or stated(claim.executor.executor.precision)


def _split(claim: ClaimView) -> bool:
    """Whether the headline is split into parts: strata, or evaluations each with a score of the quantized model."""
    scored = {f.evaluation.name for f in claim.figures if f.evaluation and f.figure.quantized is not None}
    return len(scored) > 1 or any(stated(v.evaluation.strata) for v in claim.evaluations)


def _calibration(value: object) -> bool:
    """Data and a size or a procedure, or an explicit word that no data are needed."""
    if isinstance(value, Silence):
        return value.silence == "not-applicable"
    if not isinstance(value, Calibration):
        return False
    named = isinstance(value.data, Pinned) and not words.is_vague(value.data.name)
    return named and (stated(value.size) or stated(value.method))
