"""Nine lenient yes–no answers about a claim, by the reading under which published claims were transcribed."""

from __future__ import annotations

from qspec.checks import words
from qspec.checks.axes import Axis
from qspec.checks.view import ClaimView, stated
from qspec.model.base import Silence
from qspec.model.evaluation import Calibration, TestSet
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
    """The nine flags. Names count as they stand; neither revisions nor digests are asked for."""
    executor = claim.executor
    declared = executor.executor if executor else None
    views = claim.evaluations
    model = executor.model if executor else None
    baseline = declared.baseline if declared else None
    calibration = declared.calibration if declared else None
    test_sets = [v.evaluation.test_set for v in views if isinstance(v.evaluation.test_set, TestSet)]
    return {
        "task": any(v.task is not None and not words.is_vague_task(v.task) for v in views),
        "model": model is not None
        and (stated(model.base) or bool(model.file) or isinstance(declared and declared.model, str))
        and (stated(model.quantized) or (declared is not None and stated(declared.precision))),
        "metric": all(v.metrics and not any(words.metric_gap(m, v.task) for m in v.metrics) for v in views),
        "baseline": isinstance(baseline, Baseline)
        and (baseline.kind != "precision" or words.is_number_format(baseline.name)),
        "calibration": _calibration(calibration),
        "strata": any(stated(v.evaluation.strata) for v in views) or len(views) > 1,
        "test_set": any(stated(t.composition) for t in test_sets),
        "sample_size": axes["sample_size"].is_stated or axes["sample_size"].state == "vague",
        "throughput": claim.says(MeasurandKind.THROUGHPUT, MeasurandKind.LATENCY),
    }


def _calibration(value: object) -> bool:
    """Data and a size or a procedure, or an explicit word that no data are needed."""
    if isinstance(value, Silence):
        return value.silence == "not-applicable"
    if not isinstance(value, Calibration):
        return False
    named = isinstance(value.data, Pinned) and not words.is_vague(value.data.name)
    return named and (stated(value.size) or stated(value.method))
