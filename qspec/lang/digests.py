"""The three digests of a measured block: of the executor, of the assertions, and of the block itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from qspec import canonical
from qspec.lang.load import Workspace
from qspec.lang.resolve import ResolvedClaim
from qspec.model.evaluation import Calibration, Evaluated, Statistics, TestSet
from qspec.model.executor import Baseline, Executor
from qspec.model.expression import Pinned
from qspec.model.measured import Measured
from qspec.model.quantity import Quantity

_PROSE = {"license", "title"}


def document_digest(workspace: Workspace) -> str:
    """SHA-256 of the RFC 8785 JSON of what a spec and those it uses say, measured blocks left out."""
    found = []
    for loaded in workspace.files:
        data = _plain(loaded.document)
        for claim in data["claims"].values():
            claim.pop("measured", None)
        found.append(_trimmed(data))
    return canonical.digest(found)


def executor_digest(resolved: ResolvedClaim) -> str:
    """SHA-256 of the RFC 8785 JSON of the resolved executor.

    What it extends is merged in and what it names is looked up, so that an edit of an imported file is seen; comments,
    layout and how a number is spelled (`1.0` for `1`) are not.
    """
    return canonical.digest(_executor(resolved, set()))


def _executor(resolved: ResolvedClaim, seen: set[str]) -> dict[str, Any]:
    found = resolved.executor
    if found is None:
        return {}
    executor = found.executor
    data = {
        name: _plain(getattr(executor, name))
        for name in Executor.model_fields
        if name not in {"from_", "hardware", "runtime", "model"}
    }
    data |= {
        "hardware": _plain(found.hardware if found.hardware is not None else executor.hardware),
        "runtime": _plain(found.runtime if found.runtime is not None else executor.runtime),
        "model": _plain(found.model if found.model is not None else executor.model),
        "datasets": {name: _plain(value[0]) for name, value in _datasets(resolved, executor).items()},
    }
    data["statistics"] = _drawn(executor.statistics)
    for name, evaluation in (executor.evaluations or {}).items():
        data["evaluations"][name]["statistics"] = _drawn(evaluation.statistics)
    baseline = executor.baseline
    if isinstance(baseline, Baseline) and baseline.kind != "precision" and baseline.name not in seen:
        data["baseline-of"] = _other(resolved, baseline, seen | {baseline.name})
    trimmed: dict[str, Any] = _trimmed(data)
    return trimmed


def _drawn(statistics: Statistics | None) -> dict[str, Any]:
    """What the statistics have run; all else about them decides how scores are judged, and makes none stale."""
    return {} if statistics is None else {"seeds": _plain(statistics.seeds)}


def _other(resolved: ResolvedClaim, baseline: Baseline, seen: set[str]) -> Any:
    """What a baseline that is another executor or model comes down to."""
    from dataclasses import replace

    from qspec.lang.resolve import Resolver

    if baseline.kind == "model":
        found = resolved.workspace.find("models", baseline.name)
        return _plain(found[0]) if found else None
    other = Resolver(resolved.workspace).executor(baseline.name, resolved.origin)
    return _executor(replace(resolved, executor=other), seen) if other is not None else None


def _datasets(resolved: ResolvedClaim, executor: Executor) -> dict[str, Any]:
    """The declared data sets that the executor reads, by the name it reads them under."""
    names: list[Any] = []
    if isinstance(executor.calibration, Calibration):
        names.append(executor.calibration.data)
    for _, evaluation in executor.each_evaluation():
        names += _evaluation_data(evaluation)
    pinned = {str(one): one for one in names if isinstance(one, Pinned)}
    return {name: found for name, one in pinned.items() if (found := resolved.dataset(one)) is not None}


def _evaluation_data(evaluation: Evaluated) -> list[Any]:
    test_set, threshold = evaluation.test_set, evaluation.threshold
    return [
        test_set.data if isinstance(test_set, TestSet) else None,
        threshold.from_ if threshold is not None else None,
    ]


def assertions_digest(resolved: ResolvedClaim) -> str:
    """SHA-256 of what verdicts depend on beside the scores: bounds, confidence, population and unit."""
    statistics = {}
    if resolved.executor is not None:
        for name, evaluation in resolved.executor.executor.each_evaluation():
            statistics[name] = _plain(evaluation.statistics)
    assertions = [_plain(assertion) for assertion in resolved.claim.assertions]
    return canonical.digest(_trimmed({"assertions": assertions, "statistics": statistics}))


def content_digest(measured: Measured) -> str:
    """SHA-256 of a measured block without this digest: finds accidental edits, and is no seal."""
    data = _plain(measured)
    data.pop("content_digest", None)
    return canonical.digest(_trimmed(data))


def _plain(value: Any) -> Any:
    """Plain data in which a number is its value and not its spelling."""
    if isinstance(value, Quantity):
        return {"value": _number(value.value), "unit": value.unit}
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields if name not in _PROSE}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _number(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _trimmed(value: Any) -> Any:
    """The data without what was not said, so that a new field of the language changes no old digest."""
    if isinstance(value, dict):
        kept = {key: _trimmed(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in (None, {}, [])}
    if isinstance(value, list):
        return [_trimmed(item) for item in value]
    return value
