"""Joins an encoder and a decoder that were exported to files of their own into the one graph that greedy decoding runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
from onnx import GraphProto, ModelProto, TensorProto, ValueInfoProto

from qspec.data.limits import DEFAULT_LIMITS
from qspec.errors import QSpecError
from qspec.lang.new_file import write_new
from qspec.quantize.graph import OnnxModel, check_rewritable, load_model, open_model
from qspec.quantize.structure import check_structure, subgraphs

_FLOATS = frozenset({TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE})
_AGAIN = "export both from one model with one call of the exporter"


def join_files(encoder: Path, decoder: Path, output: Path) -> OnnxModel:
    """Write the model joined of two ONNX files, external data taken in, and open it.

    Raises `QSpecError` where one is no model or the two do not fit, and `LimitError` for more than one file may hold.
    """
    halves = [load_model(path.name, path.parent) for path in (encoder, decoder)]
    check_rewritable(sum(half.size for half in halves))
    joined = join(*(half.with_weights() for half in halves))
    check_structure(
        joined, output, DEFAULT_LIMITS
    )  # before anything is written in place of what may be there
    write_new(output, joined.SerializeToString())
    return open_model(output)


def join(encoder: ModelProto, decoder: ModelProto) -> ModelProto:
    """One graph that reads what the encoder reads and writes what the decoder writes.

    Inputs of the decoder are fed by the encoder's output of the same name, or its only output of floats where the decoder
    calls it `encoder…`; a mask `encoder_NAME` is the encoder's input NAME; others are named `decoder_NAME`, but for a cache
    `past…` and switches, which keep their names. This is the form that Hugging Face's exporter gives encoder–decoder
    models (`encoder_model.onnx`, `decoder_model.onnx`, `decoder_model_merged.onnx`). Both are changed in the process.
    Raises `QSpecError` where the two do not fit.
    """
    read = {port.name: port for port in _fed(encoder.graph)}
    written = {port.name: port for port in encoder.graph.output}
    sources = {port.name: _source(port, read, written) for port in _fed(decoder.graph)}
    fed = [name for name, source in sources.items() if source in written]
    if not fed:
        raise QSpecError(
            f"No input of the decoder takes what the encoder writes: it takes {', '.join(sources) or 'nothing'}, and the "
            f"encoder writes {', '.join(written) or 'nothing'}.",
            hint=_AGAIN,
        )
    for port in _fed(decoder.graph):
        _same_type(port, written.get(sources[port.name]) or read.get(sources[port.name]))
    outputs = {port.name for port in decoder.graph.output}
    _rename(encoder.graph, lambda name: name if name in read else f"encoder/{name}", "encoder/")
    inner = {name: f"encoder/{source}" if source in written else source for name, source in sources.items()}
    _rename(
        decoder.graph,
        lambda name: inner.get(name, name if name in outputs else f"decoder/{name}"),
        "decoder/",
    )
    joined = ModelProto(ir_version=max(encoder.ir_version, decoder.ir_version), producer_name="qspec join")
    joined.opset_import.extend(_opsets(encoder, decoder))
    joined.functions.extend(_functions(encoder, decoder))
    graph = joined.graph
    graph.name = "encoder-decoder"
    graph.input.extend(encoder.graph.input)
    graph.input.extend(
        port for port in decoder.graph.input if port.name not in read and not port.name.startswith("encoder/")
    )
    graph.output.extend(decoder.graph.output)
    for half in (encoder.graph, decoder.graph):
        graph.node.extend(half.node)
        graph.initializer.extend(half.initializer)
        graph.sparse_initializer.extend(half.sparse_initializer)
        graph.value_info.extend(half.value_info)
    return joined


def _fed(graph: GraphProto) -> list[ValueInfoProto]:
    held = {tensor.name for tensor in graph.initializer}
    return [port for port in graph.input if port.name not in held]


def _source(port: ValueInfoProto, read: dict[str, ValueInfoProto], written: dict[str, ValueInfoProto]) -> str:
    """What the decoder's input is in the joined graph: an output of the encoder, an input of it, or one of its own."""
    name: str = port.name
    if name in written:
        return name
    if name.startswith("encoder"):
        floats: list[str] = [
            one.name for one in written.values() if one.type.tensor_type.elem_type in _FLOATS
        ]
        if port.type.tensor_type.elem_type in _FLOATS and len(floats) == 1:
            return floats[0]
        shared = name.removeprefix("encoder_")
        return shared if shared in read else name
    own = name.startswith(("decoder", "past")) or port.type.tensor_type.elem_type == TensorProto.BOOL
    return name if own else f"decoder_{name}"


def _same_type(port: ValueInfoProto, source: ValueInfoProto | None) -> None:
    """Raise `QSpecError` where what the decoder takes is of another type than what it is fed."""
    kinds = [one.type.tensor_type.elem_type for one in (port, source or port)]
    if kinds[0] != kinds[1]:
        names = [TensorProto.DataType.Name(kind) for kind in kinds]
        raise QSpecError(
            f"The decoder takes {names[0]} as {port.name}, and is given {names[1]} by the encoder.",
            hint=_AGAIN,
        )


def _rename(graph: GraphProto, named: Callable[[str], str], prefix: str) -> None:
    """Give every value of a graph and its subgraphs another name, and every node a prefix; the empty name stays."""

    def values(names: object) -> None:
        names[:] = [named(name) if name else name for name in names]  # type: ignore[index,attr-defined]

    for port in (*graph.input, *graph.output, *graph.value_info):
        port.name = named(port.name)
    for tensor in (*graph.initializer, *(one.values for one in graph.sparse_initializer)):
        tensor.name = named(tensor.name)
    for node in graph.node:
        node.name = f"{prefix}{node.name}" if node.name else ""
        values(node.input)
        values(node.output)
        for inner in subgraphs(node):
            _rename(inner, named, prefix)


def _opsets(encoder: ModelProto, decoder: ModelProto) -> list[onnx.OperatorSetIdProto]:
    found: dict[str, onnx.OperatorSetIdProto] = {}
    for one in (*encoder.opset_import, *decoder.opset_import):
        domain = "" if one.domain == "ai.onnx" else one.domain
        if found.setdefault(domain, one).version != one.version:
            raise QSpecError(
                f"The encoder is written in version {found[domain].version} of the operators {domain or 'ai.onnx'}, and the "
                f"decoder in version {one.version}.",
                hint=_AGAIN,
            )
    return list(found.values())


def _functions(encoder: ModelProto, decoder: ModelProto) -> list[onnx.FunctionProto]:
    found: dict[tuple[str, str], onnx.FunctionProto] = {}
    for one in (*encoder.functions, *decoder.functions):
        if found.setdefault((one.domain, one.name), one) != one:
            raise QSpecError(f"Encoder and decoder have different functions called {one.name}.", hint=_AGAIN)
    return list(found.values())
