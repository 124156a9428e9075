"""Counts, in the graph as the runtime optimized it, which declared layers really ran at the declared precision."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnx
from onnx import ModelProto

from qspec.data.table import listed
from qspec.errors import QSpecError, runtime_message
from qspec.execute.emulations import not_emulated, not_pruned
from qspec.execute.evidence import Arrived
from qspec.execute.layers import FoundLayer, find_layers, own_layers
from qspec.execute.providers import find_provider, load_runtime
from qspec.execute.sessions import session_options
from qspec.model.number_format import NumberFormat, find_format
from qspec.model.precision import Precision, TensorFormat
from qspec.quantize.coverage import node_names
from qspec.quantize.graph import MOST_BYTES, Layer, nested_layers, open_model, weighted_layers
from qspec.quantize.patterns import select
from qspec.quantize.prepare import name_nodes, prepare
from qspec.quantize.rules import check_rules, layer_formats

DEFAULT_SETTINGS: dict[str, Any] = {
    "provider": "cpu",
    "threads": 1,
    "inter_threads": 1,
    "graph_optimization": "all",
    "options": {},
    "session_options": {},
}
"""Those of `open_session`, where no session is at hand."""


@dataclass(frozen=True, slots=True)
class LayerCensus:
    """One declared layer: the format its weights are stored in and the one it computes in."""

    name: str
    op: str
    """The operator that ran, or the declared one where none was found."""
    storage: str
    """Format of the stored weight, for example `int8`; `unknown` where the artifact has no such layer."""
    arithmetic: str
    """Format of the products, for example `int8` or `fp32`; `unknown` where the optimized graph has no such layer."""
    stored: bool
    """True when storage is what was declared."""
    computed: bool
    """True when arithmetic is what was declared; False where the precision promises storage only."""


@dataclass(frozen=True, slots=True)
class CensusReport:
    """What ran, layer by layer, and whether that is what was declared."""

    layers: tuple[LayerCensus, ...]
    declared: int
    stored: int
    computed: int
    realized: bool
    """True when every layer is stored, and computed where that was promised, as declared; or simulated as a whole."""
    simulated: bool
    """True when the format is emulated in a wider one: accuracy counts, speed does not."""
    missing: tuple[str, ...]
    """Declared layers that ran otherwise; of a simulated model, those whose values are not the declared ones."""

    def __str__(self) -> str:
        kind = "simulated" if self.simulated else "realized" if self.realized else "not realized"
        text = (
            f"{kind}: {self.stored} of {self.declared} layers stored and {self.computed} computed as declared"
        )
        return f"{text}; not {listed(self.missing)}" if self.missing else text


def census(
    artifact: Path,
    base: Path,
    declared: Sequence[str],
    precision: Precision,
    *,
    settings: Mapping[str, Any] | None = None,
    simulated: bool = False,
    work: Path | None = None,
) -> CensusReport:
    """Take the census of `artifact`, the quantized form of `base`, over the `declared` layer names of `base`.

    `precision` is in its full form. `settings` are those of the session that runs (`Session.settings`), so that the
    optimized graph is that session's; `work` is a folder for the dump, else a temporary one. Weight-only precisions
    promise storage only. Formats that the provider widens (fp16 on a processor without such kernels) are simulated.
    Of a simulated model the weights and inputs of every layer are looked at, of a pruned one the zeros.
    Raises `QSpecError` when a declared name is no weighted layer of the base, or the model does not load.
    """
    prepared = prepare(open_model(base).with_weights())
    known = {layer.name: layer for layer in (*weighted_layers(prepared), *nested_layers(prepared))}
    unknown = [name for name in declared if name not in known]
    if unknown:
        raise QSpecError(
            f"The census is to count {listed(unknown)}, and {base.name} has no such weighted layer."
        )
    layers = [known[name] for name in declared]
    optimized = optimized_graph(artifact, settings or DEFAULT_SETTINGS, work)
    made = open_model(artifact).with_weights()
    report = _take(made, optimized, layers, precision, simulated)
    if precision.pruning is not None:
        return _without(report, not_pruned(made, layers, precision))
    if simulated or precision.emulated:
        return _without(report, not_emulated(made, prepared, layers, precision))
    return report


def census_of_arrival(
    artifact: Path,
    precision: Precision,
    *,
    settings: Mapping[str, Any] | None = None,
    work: Path | None = None,
) -> CensusReport | None:
    """Take the census of a model that arrived quantized, over its own layers but for those the precision excludes.

    The file alone is looked at, since names and places of the base's layers may have changed on the way. Of a pruned one
    the zeros count; of a simulated one, whether weights lie on a grid of their format and inputs are rounded; of others
    the number of scales too, and whether they are constants. None where there is nothing to count: neither a format nor
    pruning is declared, or no layer has a stored weight. Raises `QSpecError` for an exclusion or a rule that matches no
    layer of the file.
    """
    declared = [
        (precision.weights, precision.activations),
        *((r.weights, r.activations) for r in precision.layers.values()),
    ]
    opened = open_model(artifact)
    graph = ModelProto()
    # Only what is emulated or pruned shows in the values of large weights.
    values = precision.emulated or precision.pruning is not None or opened.size <= MOST_BYTES
    graph.CopyFrom(opened.with_weights() if values else opened.proto)
    name_nodes(graph.graph)
    layers = own_layers(graph)
    silent = precision.pruning is None and not any(form is not None for pair in declared for form in pair)
    if silent or not layers:
        return None
    excluded = set(select(precision.exclude, node_names(graph), role="exclude"))
    layers = [
        layer
        for layer in layers
        if layer.name not in excluded and (not precision.operators or layer.op in precision.operators)
    ]
    check_rules(precision, layers, "census")
    optimized = optimized_graph(artifact, settings or DEFAULT_SETTINGS, work)
    report, arrived = _take(graph, optimized, layers, precision, simulated=False), Arrived(graph)
    found = [] if report.simulated else [*report.missing]
    if precision.emulated:
        found += arrived.not_emulated(layers, precision)
    else:
        found += arrived.otherwise_scaled(layers, precision)
    if precision.pruning is not None:
        found += arrived.not_pruned(layers, precision)
    lacking = set(found)
    return _without(report, tuple(layer.name for layer in layers if layer.name in lacking))


def _take(
    artifact: ModelProto,
    optimized: ModelProto,
    layers: Sequence[Layer],
    precision: Precision,
    simulated: bool,
) -> CensusReport:
    stored, ran = find_layers(artifact, layers), find_layers(optimized, layers)
    counted = tuple(_count(layer, precision, stored.get(layer.name), ran.get(layer.name)) for layer in layers)
    return _report(
        counted, [_promised(precision, layer) for layer in layers], simulated or precision.emulated
    )


def _without(report: CensusReport, missing: tuple[str, ...]) -> CensusReport:
    """The report of a model whose graph shows that the layers `missing` were not changed as declared."""
    if not missing:
        return replace(report, missing=()) if report.simulated else report
    layers = tuple(
        replace(layer, stored=False, computed=False) if layer.name in missing else layer
        for layer in report.layers
    )
    return replace(
        report,
        layers=layers,
        stored=sum(layer.stored for layer in layers),
        computed=sum(layer.computed for layer in layers),
        realized=False,
        missing=missing,
    )


def optimized_graph(model: Path, settings: Mapping[str, Any], work: Path | None = None) -> ModelProto:
    """The graph as the runtime would run it under `settings`: dumped by opening the model once."""
    runtime = load_runtime()
    provider = find_provider(settings["provider"])
    with tempfile.TemporaryDirectory(dir=work, prefix=".census-") as folder:
        target = Path(folder) / "optimized.onnx"
        options = session_options(runtime, settings)
        options.optimized_model_filepath = str(target)
        try:
            runtime.InferenceSession(str(model), options, providers=provider.requested(settings["options"]))
            # Weights that lie beside the model are not beside the dump, and only its graph is looked at.
            return onnx.load_model(target, load_external_data=False)
        except Exception as error:  # the runtime's own exceptions share no narrower base
            raise QSpecError(
                f"The model {model.name} does not load, so nothing can be said of what would run: "
                f"{runtime_message(error)}.",
                hint="if it loads elsewhere, see that the folder of temporary files (TMPDIR) has room for a copy of it",
            ) from error


def _format_of(form: TensorFormat | None) -> NumberFormat | None:
    return find_format(form.type) if form is not None else None


def _rule(precision: Precision, layer: Layer) -> tuple[NumberFormat | None, NumberFormat | None]:
    """Declared formats of the weights and activations of `layer`, rules for single layers first."""
    weights, activations = layer_formats(precision, layer)
    return _format_of(weights), _format_of(activations)


def _promised(precision: Precision, layer: Layer) -> NumberFormat | None:
    """The arithmetic that the precision promises for `layer`, or None where it promises storage only.

    Activations narrower than 16 bits promise arithmetic in their format. A cast promises the format it casts to.
    """
    weights, activations = _rule(precision, layer)
    if activations is not None and activations.bits < 16:
        return activations
    if activations is not None and activations.kind == "integer":
        return activations
    if precision.method == "cast" and weights is not None:
        return weights
    return None


def _same(name: str, declared: NumberFormat | None) -> bool:
    """Whether the format `name` is `declared`; signed and unsigned integers of one width are one format here."""
    found = find_format(name)
    if found is None or declared is None:
        return False
    if declared.kind == found.kind == "integer":
        return found.bits == declared.bits
    return found == declared


def _count(
    layer: Layer, precision: Precision, stored: FoundLayer | None, ran: FoundLayer | None
) -> LayerCensus:
    weights, _ = _rule(precision, layer)
    storage = stored.storage if stored else "unknown"
    arithmetic = ran.arithmetic if ran else "unknown"
    return LayerCensus(
        name=layer.name,
        op=ran.op if ran else layer.op,
        storage=storage,
        arithmetic=arithmetic,
        stored=weights is None or _same(storage, weights),
        computed=_same(arithmetic, _promised(precision, layer)),
    )


def _report(
    layers: tuple[LayerCensus, ...], promised: Sequence[NumberFormat | None], simulated: bool
) -> CensusReport:
    pairs = list(zip(layers, promised, strict=True))
    missing = tuple(
        layer.name
        for layer, promise in pairs
        if not layer.stored or (promise is not None and not layer.computed)
    )
    widened = any(
        layer.stored
        and not layer.computed
        and promise is not None
        and promise.kind == "float"
        and promise.bits < 32
        for layer, promise in pairs
    )
    emulated = simulated or (widened and all(layer.stored for layer in layers))
    return CensusReport(
        layers=layers,
        declared=len(layers),
        stored=sum(layer.stored for layer in layers),
        computed=sum(layer.computed for layer in layers),
        realized=bool(layers) and (emulated or not missing),
        simulated=emulated,
        missing=missing,
    )
