"""Other executors whose scores a claim needs: those whose degradation it says is undone."""

from __future__ import annotations

from dataclasses import replace

from qspec.errors import QSpecError
from qspec.execute.located import located
from qspec.execute.plan import ModelPlan, Plan, make_plan
from qspec.lang.resolve import Resolver
from qspec.model.measurand import MeasurandKind, measurand


def other_models(plan: Plan) -> dict[str, ModelPlan]:
    """The quantized models of the executors that `recovered(METRIC, from: EXECUTOR)` names, by executor.

    Raises `QSpecError` where the executor is not declared or not named.
    """
    resolved = plan.resolved
    found: dict[str, ModelPlan] = {}
    for index, assertion in enumerate(resolved.claim.assertions):
        subject = measurand(assertion.quantity)
        if subject.kind is not MeasurandKind.RECOVERED or subject.source in found:
            continue
        where = resolved.origin.at("assertions", index)
        with located(where):
            other = Resolver(resolved.workspace).executor(subject.source, where) if subject.source else None
            if other is None or subject.source is None:
                raise QSpecError(
                    f"`{assertion.quantity}` names no executor whose degradation is undone.",
                    hint="write `recovered(METRIC, from: EXECUTOR)` with an executor of this spec",
                )
        found[subject.source] = make_plan(replace(resolved, executor=other), plan.options).quantized
    return found
