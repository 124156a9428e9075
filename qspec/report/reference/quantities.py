"""Pages of what a claim can bound beside metrics: speed, space, energy, and what a recovery undoes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qspec.report.reference import Kind, Page, facts, kind

_QUANTITIES: dict[str, tuple[str, str, str, str]] = {
    "throughput": (
        "Examples, or tokens, that are answered in a second.",
        "`/s`, `tok/s`, `images/s`, or `x baseline`",
        "Taken from interleaved rounds of both models under the declared load; the interval is that of the paired log ratio.",
        "throughput >= 1.2 x baseline",
    ),
    "latency": (
        "The time a call takes: `latency(p50)`, `latency(p99)`, `latency(mean)`.",
        "a time, `per token` or another noun where it is shared out, or `x baseline`",
        "A percentile needs calls: 64 for p90, 130 for p95, 662 for p99, after which the second slowest call is an upper "
        "limit for it at 99 % confidence.",
        "latency(p99) <= 25 ms",
    ),
    "size": (
        "Bytes of the model file, with the tensors that lie beside it.",
        "bytes in any of their units, or `x baseline`",
        "Exact: it has no interval. It is not the memory that a running model takes.",
        "size <= 0.35 x baseline",
    ),
    "memory": (
        "The most memory that a process running the model took.",
        "bytes in any of their units, or `x baseline`",
        "Measured in a process of its own for each model.",
        "memory <= 0.6 x baseline",
    ),
    "energy": (
        "The energy of a call, or of a token.",
        "joules in any of their units, or `x baseline`",
        "Needs a machine whose counters can be read.",
        "energy <= 0.5 x baseline",
    ),
    "power": (
        "The power drawn while the load runs.",
        "watts in any of their units, or `x baseline`",
        "Needs a machine whose counters can be read.",
        "power <= 15 W",
    ),
    "recovered": (
        "The share of another executor's degradation that this one undoes.",
        "`%`, or a fraction",
        "`recovered(top1, from: naive) >= 50 %` says that at least half of what the executor `naive` loses against the "
        "baseline is not lost here.",
        "recovered(top1, from: naive) >= 50 %",
    ),
}


def _names() -> Iterable[str]:
    return _QUANTITIES


def _aliases() -> Mapping[str, str]:
    return {"speed": "throughput", "speed-up": "throughput", "speedup": "throughput"}


def _page(name: str) -> Page:
    title, units, more, bound = _QUANTITIES[name]
    naive = "executor naive { precision: int4 }\n" if name == "recovered" else ""
    return Page(
        "quantity",
        name,
        title,
        f"{more}\n\n{facts([('units', units)])}",
        f"qspec 1\n\n{naive}executor pair {{ precision: int8 }}\nclaim bounded on pair {{\n  {bound}\n}}\n",
    )


kind(Kind("quantity", "Quantities beside metrics", _names, _page, _aliases), __name__)
