"""Other models whose scores a claim needs: whose degradation it says is undone, and what other calibration samples make."""

from __future__ import annotations

from dataclasses import replace

from qspec.errors import QSpecError
from qspec.execute.judge.figures import count
from qspec.execute.located import located
from qspec.execute.plan import EvaluationPlan, ModelPlan, Plan, make_plan
from qspec.execute.realize import open_data, sample_seed, sample_size
from qspec.execute.scores import DRAW
from qspec.lang.resolve import Origin, Resolver
from qspec.model.measurand import MeasurandKind, measurand

MUCH = 0.8
"""Share of a split from which on samples of it are hardly different ones."""

MOST_SEEDS = 100
"""Calibration samples that are drawn at most: each is a model to make, to run and to keep."""


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


def drawn_models(plan: Plan) -> dict[str, ModelPlan]:
    """The quantized model as other calibration samples make it, under the seeds after the declared one.

    As many as the evaluations ask for (`statistics { seeds: 5 }`), less the declared sample itself; none where the
    model reads no calibration data or arrived quantized.
    """
    side, wanted = plan.quantized, seeds_of(plan)
    if wanted < 2 or side.calibration is None or side.data is None:
        return {}
    with located(side.data.origin):
        first = sample_seed(side)
    return {
        f"{DRAW}{seed}": replace(side, calibration=side.calibration.model_copy(update={"seed": count(seed)}))
        for seed in range(first + 1, first + wanted)
    }


def check_draws(plan: Plan, available: int) -> None:
    """Raise `QSpecError` where a split of `available` rows does not hold the samples that the quantized model is made from."""
    sample_seed(plan.quantized)
    wanted = sample_size(plan.quantized, available)
    if wanted == available and drawn_models(plan):
        data = plan.quantized.data
        raise QSpecError(
            f"{seeds_of(plan)} calibration samples are asked for, and each would be all {available:,} examples of "
            f"{data.label if data is not None else 'the split'}: it holds no other sample of that size.",
            hint="write a smaller `size` in `calibration`, name a larger split, or leave `seeds` out",
            rule="QS904",
        )


def overlap_note(plan: Plan) -> str | None:
    """What a reader must know of samples that are drawn from a split that is hardly larger than one of them."""
    data = plan.quantized.data
    if data is None or not drawn_models(plan):
        return None
    _, rows = open_data(plan, data)
    share = sample_size(plan.quantized, len(rows)) / len(rows)
    if share < MUCH:
        return None
    return (
        f"two calibration samples have {share:.0%} of their examples in common on average, as many of {data.label} as "
        "each of them takes: they differ less from each other than samples of new examples would"
    )


def seeds_of(plan: Plan) -> int:
    """How many calibration samples the evaluations ask for; raises `QSpecError` for what is no such number."""
    found = 1
    for one in plan.evaluations:
        stated = one.evaluation.statistics
        if stated is None or stated.seeds is None:
            continue
        value = stated.seeds.value
        with located(_where(plan, one)):
            if (
                stated.seeds.unit is not None
                or not 1 <= value <= MOST_SEEDS
                or value != value.to_integral_value()
            ):
                raise QSpecError(
                    f"`seeds: {stated.seeds}` is no number of calibration samples.",
                    hint=f"write a whole number from 1 to {MOST_SEEDS}; a verdict over samples takes at least five",
                )
        found = max(found, int(value))
    return found


def _where(plan: Plan, evaluation: EvaluationPlan) -> Origin:
    executor = plan.resolved.executor
    assert executor is not None
    return evaluation.origin.at("statistics") if evaluation.name else executor.where("statistics")
