"""How an executor that serves as a baseline differs from the one that is compared with it."""

from __future__ import annotations

from typing import Any

from qspec.checks.view import ClaimView
from qspec.lang.resolve import ResolvedExecutor, Resolver
from qspec.model.artifact import Model
from qspec.model.evaluation import TestSet
from qspec.model.expression import Pinned
from qspec.model.hardware import Runtime


def compared(claim: ClaimView, name: str) -> ResolvedExecutor | None:
    """The executor that a claim's baseline names, or None when there is none."""
    assert claim.executor is not None
    return Resolver(claim.resolved.workspace).executor(name, claim.executor.where("baseline"))


def base_name(model: Model | None) -> str | None:
    """The name of a model's base, or its file, where it is known."""
    if model is None:
        return None
    return model.base.name if isinstance(model.base, Pinned) else model.file


def differences(claim: ClaimView, other: ResolvedExecutor) -> list[str]:
    """What both executors state and state differently, as clauses; a name left out on one side differs in nothing."""
    assert claim.executor is not None
    found = []
    mine, theirs = base_name(claim.executor.model), base_name(other.model)
    if _differ(mine, theirs):
        found.append(f"the model (`{theirs}`, not `{mine}`)")
    runtimes = [_runtime(executor.runtime) for executor in (claim.executor, other)]
    if _differ(*runtimes):
        found.append(f"the runtime (`{runtimes[1]}`, not `{runtimes[0]}`)")
    evaluations = dict(other.executor.each_evaluation())
    for view in claim.evaluations:
        evaluation = evaluations.get(view.name) or (
            next(iter(evaluations.values())) if len(evaluations) == 1 else None
        )
        if evaluation is None:
            continue
        sets = [_data(e.test_set) for e in (view.evaluation, evaluation)]
        if _differ(*sets):
            found.append(f"the test set (`{sets[1]}`, not `{sets[0]}`)")
        listed = evaluation.metrics if isinstance(evaluation.metrics, list) else []
        missing = [str(term) for term in view.metrics if term not in listed]
        if listed and missing:
            found.append(f"the metric (no `{'`, `'.join(missing)}`)")
    return found


def _differ(first: str | None, second: str | None) -> bool:
    return first is not None and second is not None and first != second


def _runtime(runtime: Runtime | None) -> str | None:
    return runtime.name if runtime is not None else None


def _data(test_set: Any) -> str | None:
    stated = isinstance(test_set, TestSet) and isinstance(test_set.data, Pinned)
    return str(test_set.data) if stated else None
