"""Quantization-aware training of PyTorch models, and their export as ONNX files with integer weights.

    from qspec.quantize import qat

    prepared = qat.prepare(model, weights=8, activations=8)
    qat.train(prepared, batches, torch.nn.functional.cross_entropy, epochs=3, rate=1e-3)
    qat.export(prepared, example, Path("models/net-int8.onnx"))

The file is declared as one that arrives quantized: `model { …, quantized { file: "models/net-int8.onnx" } }` beside
`precision { method: qat, weights: int8 { granularity: per-channel }, activations: uint8 }`. PyTorch is imported when a
function is called, not before; it comes with the extra `torch`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx
from onnx import ModelProto

from qspec.data.table import listed
from qspec.errors import NotExecutableError, QSpecError
from qspec.quantize.patterns import select
from qspec.quantize.quiet import quiet
from qspec.quantize.workspace import publish, workspace

if TYPE_CHECKING:
    from torch import Tensor, nn

METHODS = ("lsq", "minmax")
WIDTHS = range(2, 9)
"""Bits that can be trained; what is exported takes eight bits a code."""

Batches = Callable[[], Iterable[tuple[Any, Any]]]
"""Starts a pass over the training data: pairs of what the model reads and what the loss compares with."""


def prepare(
    model: nn.Module,
    *,
    weights: int = 8,
    activations: int = 8,
    per_channel: bool = True,
    method: str = "lsq",
    exclude: Sequence[str] = (),
) -> nn.Module:
    """A copy of `model` whose Linear and convolution layers round weights and activations as they compute.

    `method` says how steps are found: `lsq` learns them (Esser et al., ICLR 2020), `minmax` follows ranges (Jacob et
    al., CVPR 2018). `exclude` holds patterns of module names that stay in floats. Raises `QSpecError` for widths other
    than 2 to 8, a pattern that matches nothing, and a model without such layers.
    """
    torch, modules = _torch()
    kinds = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)
    if weights not in WIDTHS or activations not in WIDTHS:
        raise QSpecError(
            f"Weights of {weights} and activations of {activations} bits: 2 to 8 can be trained."
        )
    if method not in METHODS:
        raise QSpecError(
            f"There is no way of finding steps called {method}.", hint=f"there are {', '.join(METHODS)}"
        )
    prepared = copy.deepcopy(model)
    names = [name for name, module in prepared.named_modules() if isinstance(module, kinds) and name]
    left = set(select(exclude, names, role="exclude"))
    chosen = [name for name in names if name not in left]
    if not chosen:
        raise QSpecError(
            "The model has no Linear or convolution layer that could be trained quantization-aware.",
            hint=f"its modules are {listed(name for name, _ in prepared.named_modules() if name)}",
        )
    for name in chosen:
        layer = modules.QuantizedLayer(
            prepared.get_submodule(name), weights, activations, method, per_channel=per_channel
        )
        prepared.set_submodule(name, layer)
    return prepared


def train(
    model: nn.Module,
    batches: Batches,
    loss: Callable[[Tensor, Tensor], Tensor],
    *,
    epochs: int,
    rate: float,
    seed: int = 0,
) -> list[float]:
    """Train a prepared model with Adam, in place; returns the mean loss of each epoch.

    A loop of one's own does as well: a prepared model is an ordinary module. Raises `QSpecError` when there are no
    batches, or the loss is no longer finite.
    """
    torch, _ = _torch()
    torch.manual_seed(seed)
    model.train()
    losses = []
    optimizer = None
    for epoch in range(epochs):
        total, count = 0.0, 0
        for inputs, targets in batches():
            value = loss(model(inputs), targets)
            if not bool(torch.isfinite(value)):
                raise QSpecError(
                    f"The loss of epoch {epoch + 1} is no longer finite.", hint="lower the learning rate"
                )
            if optimizer is None:  # steps take their shapes in the first pass
                optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=rate)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            total, count = total + float(value.detach()), count + 1
        if not count:
            raise QSpecError("There are no batches to train on.")
        losses.append(total / count)
    return losses


def export(
    model: nn.Module, example: Tensor, path: Path, *, input_name: str = "input", output_name: str = "output"
) -> tuple[str, ...]:
    """Write a trained model as QDQ ONNX with a free batch size; returns the names of its quantized layers.

    `example` is a batch of inputs, of two examples or more. Weights are int8 behind DequantizeLinear, activations uint8
    between QuantizeLinear and DequantizeLinear. Raises `QSpecError` for a model that was not prepared or has seen no
    data, or that PyTorch cannot export; then no file is left.
    """
    torch, modules = _torch()
    deployed = copy.deepcopy(model).eval()
    layers = {name: one for name, one in deployed.named_modules() if isinstance(one, modules.QuantizedLayer)}
    if not layers or not all(bool(one.inputs.seen) for one in layers.values()):
        raise QSpecError(
            "The model was not trained quantization-aware, so it has no scales to export.",
            hint="call `prepare`, and train what it returns",
        )
    for name, layer in layers.items():
        deployed.set_submodule(name, modules.DeployedLayer(layer))
    with workspace(path) as folder, quiet(), torch.no_grad():
        program = torch.onnx.export(
            deployed,
            (example,),
            dynamo=True,
            dynamic_shapes=({0: "batch"},),
            input_names=[input_name],
            output_names=[output_name],
            verbose=False,
        )
        proto: ModelProto = program.model_proto
        named = _named(proto)
        for node in proto.graph.node:
            del node.metadata_props[:]  # stack traces with paths of this machine
        onnx.save_model(proto, folder / "exported.onnx")
        _check_loads(folder / "exported.onnx")
        publish(folder / "exported.onnx", path)
    return named


def _check_loads(path: Path) -> None:
    """Raise `QSpecError` for a file that the runtime refuses, as it does where an output bears the name of a value."""
    import onnxruntime

    try:
        onnx.checker.check_model(path)
        onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's own exceptions share no narrower base
        raise QSpecError(
            "PyTorch exported a file that the runtime does not load.",
            hint="give inputs and outputs names that no operator or parameter of the model has",
        ) from error


def _named(proto: ModelProto) -> tuple[str, ...]:
    """Name each layer's node after its module; returns the names in graph order."""
    codes = {
        node.output[0]: node.input[0].removesuffix(".codes")
        for node in proto.graph.node
        if node.op_type == "DequantizeLinear" and node.input[0].endswith(".codes")
    }
    turned = {
        node.output[0]: codes[node.input[0]]
        for node in proto.graph.node
        if node.op_type == "Transpose" and node.input[0] in codes
    }
    names = []
    for node in proto.graph.node:
        module = next((found for name in node.input if (found := (codes | turned).get(name))), None)
        if module is not None and node.op_type != "Transpose":
            node.name = f"/{module.replace('.', '/')}/{node.op_type}"
            names.append(node.name)
    return tuple(names)


def _torch() -> tuple[Any, Any]:
    """PyTorch and the modules built on it."""
    try:
        import torch

        from qspec.quantize import _qat_modules
    except ImportError as error:
        raise NotExecutableError(
            "Quantization-aware training needs PyTorch, and it is not installed.",
            hint="pip install 'qspec[torch]'",
        ) from error
    return torch, _qat_modules
