"""Pages of the metrics, made of their declarations and of the documentation of their computation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from qspec.metrics import registry as metrics
from qspec.metrics.definition import Availability, Direction, Metric
from qspec.metrics.parameters import Kind as Holds
from qspec.metrics.parameters import Parameter
from qspec.metrics.tasks import TASKS
from qspec.report.reference import Kind, Page, codes, facts, kind, table

_AVAILABILITY = {
    Availability.EXECUTABLE: "from a model and its data",
    Availability.SCORES: "only from outputs or scores that were made elsewhere",
    Availability.REFUSED: "not at all: it can be claimed and checked, and is refused at execution",
}
_SAMPLE = {
    Holds.COUNT: "10",
    Holds.NUMBER: "1",
    Holds.FLAG: "true",
    Holds.THRESHOLD: "0.5",
    Holds.SPAN: "0.5..0.95",
    Holds.PARTS: "0.5",
}


def _names() -> Iterable[str]:
    return metrics.names()


def _aliases() -> Mapping[str, str]:
    bare = {name.removesuffix("@k"): name for name in metrics.names() if name.endswith("@k")}
    return {**metrics.aliases(), **{short: name for short, name in bare.items() if short not in metrics}}


def task_for(metric: Metric) -> str:
    """A task that the metric makes sense for, in the order in which tasks are listed."""
    return next((name for name in TASKS if name in metric.tasks), "image-classification")


def term_for(metric: Metric) -> str:
    """The metric as an evaluation of `task_for` writes it, with the parameters it needs."""
    if any(parameter.kind is Holds.PARTS for parameter in metric.parameters):
        return f"{metric.name}(top1: 0.7, top5: 0.3)"
    task = task_for(metric)
    given = [
        f"{parameter.name}: {_sample(parameter)}"
        for parameter in metric.parameters
        if parameter.required_for(task) and parameter.name != "k"
    ]
    name = metric.name.replace("@k", "@10")
    return f"{name}({', '.join(given)})" if given else name


def _sample(parameter: Parameter) -> str:
    if parameter.kind is Holds.OPERATING_POINT:
        return f"{parameter.choices[0]} >= 95 %"
    return parameter.choices[0] if parameter.choices else _SAMPLE[parameter.kind]


def _page(name: str) -> Page:
    metric = metrics.get(name)
    parts = [metric.doc.replace("\n\n", "\0").replace("\n", " ").replace("\0", "\n\n"), facts(_facts(metric))]
    if metric.parameters:
        rows = ((f"`{p.name}`", _takes(p), _need(p), p.doc) for p in metric.parameters)
        parts.append("## Parameters\n\n" + table(("name", "takes", "needed", "meaning"), rows))
    example = (
        f"qspec 1\n\nclaim small-loss {{\n  executor {{\n    task:     {task_for(metric)}\n"
        f"    metrics:  [{term_for(metric)}]\n    baseline: fp32\n  }}\n  {_assertion(metric)}\n}}\n"
    )
    return Page("metric", name, metric.title, "\n\n".join(parts), example, metric.aliases)


def _facts(metric: Metric) -> Iterator[tuple[str, str]]:
    yield "better", metric.direction.value
    yield "range", f"{_end(metric.low)} to {_end(metric.high)}"
    yield "unit", "proportion, written as a fraction or in %" if metric.unit == "proportion" else metric.unit
    yield "tasks", codes(sorted(metric.tasks)) or "any"
    yield "adds up over examples", "yes" if metric.additive else "no"
    yield "can be had", _AVAILABILITY[metric.availability]
    yield "needs", codes(metric.needs)
    yield "package", f"`{metric.package}`" if metric.package else ""
    yield "also written", codes(metric.aliases)


def _end(value: float) -> str:
    return f"{value:g}" if math.isfinite(value) else ("without end" if value > 0 else "minus infinity")


def _takes(parameter: Parameter) -> str:
    if parameter.kind is Holds.OPERATING_POINT:
        return codes(f"{choice} >= 95 %" for choice in parameter.choices)
    return codes(parameter.choices) or parameter.kind.value.replace("-", " ")


def _need(parameter: Parameter) -> str:
    if parameter.required:
        return "always"
    if parameter.tasks:
        return f"for {codes(sorted(parameter.tasks))}"
    return f"no; `{parameter.default}`" if parameter.default is not None else "no"


def _assertion(metric: Metric) -> str:
    term = term_for(metric)
    if metric.family.value == "distance":
        relation = ">=" if metric.direction is Direction.HIGHER else "<="
        return f"{term} {relation} {'99 %' if relation == '>=' else '0.01'}"
    return f"loss({term}) <= {'1 pp' if metric.unit == 'proportion' else '1 % of baseline'}"


kind(Kind("metric", "Metrics", _names, _page, _aliases), __name__)
