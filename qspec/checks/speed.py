"""What a claim says of speed, and on what kind of machine."""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.precisions import expanded
from qspec.checks.view import AssertionView, ClaimView, FigureView
from qspec.lang.resolve import ResolvedExecutor
from qspec.model.measurand import MeasurandKind
from qspec.model.unit import Dimension

SPEED = (MeasurandKind.THROUGHPUT, MeasurandKind.LATENCY)
_ACCELERATED = frozenset({"cuda", "tensorrt", "migraphx", "rocm", "cann"})


def said(claim: ClaimView, *kinds: MeasurandKind) -> Iterator[AssertionView | FigureView]:
    """The assertions and reported figures about quantities of these kinds."""
    yield from (view for view in claim.assertions if view.measurand.kind in kinds)
    yield from (view for view in claim.figures if view.measurand.kind in kinds)


def simulation(claim: ClaimView) -> str | None:
    """Why what was scored cannot be timed, as a clause: it was simulated. None where it ran."""
    precision = expanded(claim.executor.executor.precision) if claim.executor is not None else None
    if precision is not None and precision.emulated:
        return "the precision is simulated"
    evidence = claim.claim.evidence
    words = set(evidence) if isinstance(evidence, list) else set()
    alone = "simulated" in words and not words & {"device", "engine", "emulator"}
    return "the evidence is simulated" if alone else None


def is_ratio(view: AssertionView | FigureView) -> bool:
    """Whether a speed is told as a multiple of the baseline's."""
    if isinstance(view, AssertionView):
        units = {bound.quantity.dimension for bound in view.assertion.bounds}
        return bool(units & {Dimension.TIMES_BASELINE, Dimension.OF_BASELINE})
    figure = view.figure
    return figure.ratio is not None or (figure.baseline is not None and figure.quantized is not None)


def on_accelerator(executor: ResolvedExecutor) -> bool:
    """Whether the executor runs on a processor whose usual arithmetic is sixteen bits wide."""
    runtime, hardware = executor.runtime, executor.hardware
    provider = runtime.provider.lower() if runtime is not None and runtime.provider else ""
    if provider in _ACCELERATED:
        return True
    if provider == "cpu" or hardware is None:
        return False
    return hardware.accelerator is not None or (hardware.device or "").lower() == "gpu"
