"""PyTorch modules of quantization-aware training: quantizers that learn, and layers that compute through them."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.onnx import ops

Method = Literal["lsq", "minmax"]

MOMENTUM = 0.1
"""Share of a new batch in the running range of an activation."""

_TINY = 1e-8


class Quantizer(nn.Module):  # type: ignore[misc]
    """Rounds to `bits` bits and lets gradients through.

    With `lsq` the step is learned (Esser et al., Learned Step Size Quantization, ICLR 2020, equations 1 to 3); with
    `minmax` it follows the range of the weight, or a running range of the activation (Jacob et al., CVPR 2018, section
    3.1). Weights are symmetric, one step a channel along axis `channels` or one for all; activations have one step, and
    a zero point where they are negative.
    """

    def __init__(self, bits: int, method: Method, *, weight: bool, channels: int | None = None) -> None:
        super().__init__()
        self.bits, self.method, self.weight, self.channels = bits, method, weight, channels
        self.low = -(1 << (bits - 1)) + 1 if weight else 0
        self.high = (1 << (bits - 1)) - 1 if weight else (1 << bits) - 1
        self.step = nn.Parameter(torch.ones(()), requires_grad=method == "lsq")
        self.register_buffer("zero", torch.zeros(()))
        self.register_buffer("seen", torch.zeros((), dtype=torch.bool))
        self.register_buffer("least", torch.zeros(()))
        self.register_buffer("most", torch.zeros(()))

    def forward(self, values: Tensor) -> Tensor:
        """`values` rounded to the codes and back."""
        if not bool(self.seen):
            self._begin(values.detach())
        elif self.method == "minmax" and (self.weight or self.training):
            self._follow(values.detach())
        step = self._scaled_gradient(values) if self.method == "lsq" else self.step
        step = step.abs().clamp_min(_TINY)
        codes = (values / step + self.zero).clamp(self.low, self.high)
        rounded = codes + (codes.round() - codes).detach()
        return (rounded - self.zero) * step

    def codes(self, values: Tensor) -> Tensor:
        """The integers that stand for `values`, as floats."""
        return (values / self.scale + self.zero).clamp(self.low, self.high).round()

    @property
    def scale(self) -> Tensor:
        """The step, positive, without its gradient."""
        return self.step.detach().abs().clamp_min(_TINY)

    def _begin(self, values: Tensor) -> None:
        """Choose the first step and zero point from the first values seen."""
        self.seen.fill_(True)
        self.least, self.most = values.min().clamp_max(0), values.max().clamp_min(0)
        if self.method == "minmax":
            self._follow(values)
            return
        if not self.weight and float(self.least) < 0:
            self.zero.fill_(float(1 << (self.bits - 1)))
        top = self.high - float(self.zero)
        self.step.data = 2 * self._mean(values.abs()) / max(top, 1.0) ** 0.5

    def _follow(self, values: Tensor) -> None:
        if self.weight:
            self.step.data = self._most(values.abs()) / self.high
            return
        self.least = self.least + MOMENTUM * (values.min().clamp_max(0) - self.least)
        self.most = self.most + MOMENTUM * (values.max().clamp_min(0) - self.most)
        self.step.data = ((self.most - self.least) / self.high).clamp_min(_TINY)
        self.zero = (-self.least / self.step.data).round().clamp(self.low, self.high)

    def _scaled_gradient(self, values: Tensor) -> Tensor:
        share = 1 / max(values.numel() / self.step.numel() * self.high, 1) ** 0.5
        scaled = self.step * share
        return scaled + (self.step - scaled).detach()

    def _others(self, values: Tensor) -> list[int]:
        return [axis for axis in range(values.dim()) if axis != self.channels]

    def _mean(self, values: Tensor) -> Tensor:
        return values.mean() if self.channels is None else values.mean(self._others(values), keepdim=True)

    def _most(self, values: Tensor) -> Tensor:
        return values.max() if self.channels is None else values.amax(self._others(values), keepdim=True)


class QuantizedLayer(nn.Module):  # type: ignore[misc]
    """A Linear or convolution that computes with rounded weights and inputs; convolutions round their outputs too.

    Runtimes run a convolution in integers only where its output is quantized.
    """

    def __init__(
        self, layer: nn.Module, weights: int, activations: int, method: Method, *, per_channel: bool
    ) -> None:
        super().__init__()
        self.layer = layer
        self.weights = Quantizer(weights, method, weight=True, channels=0 if per_channel else None)
        self.inputs = Quantizer(activations, method, weight=False)
        self.outputs = None if isinstance(layer, nn.Linear) else Quantizer(activations, method, weight=False)

    def forward(self, values: Tensor) -> Tensor:
        """The layer's output."""
        made = compute(self.layer, self.inputs(values), self.weights(self.layer.weight), self.layer.bias)
        return made if self.outputs is None else self.outputs(made)


class DeployedLayer(nn.Module):  # type: ignore[misc]
    """A trained layer as it is exported: integer weights behind DequantizeLinear, QDQ around what it reads.

    The bias is an int32 whose step is that of inputs times weights (Jacob et al., CVPR 2018, section 2.4).
    """

    def __init__(self, trained: QuantizedLayer) -> None:
        super().__init__()
        self.layer = trained.layer
        weight = trained.layer.weight.detach()
        self.register_buffer("codes", trained.weights.codes(weight).to(torch.int8))
        self.register_buffer(
            "scale", trained.weights.scale.reshape(-1 if trained.weights.scale.dim() else ())
        )
        self.register_buffer("zero", torch.zeros_like(self.scale, dtype=torch.int8))
        self.inputs = _Pair(trained.inputs)
        bias = trained.layer.bias
        if bias is not None:
            steps = (self.inputs.scale * self.scale).expand(len(bias)).clone()
            self.register_buffer("bias_codes", (bias.detach() / steps).round().to(torch.int32))
            self.register_buffer("bias_scale", steps)
        self.biased = bias is not None
        self.outputs = None if trained.outputs is None else _Pair(trained.outputs)

    def forward(self, values: Tensor) -> Tensor:
        """The layer's output, as the exporter traces it."""
        weight = _symbolic("DequantizeLinear", self.codes, self.scale, self.zero, dtype=torch.float32, axis=0)
        bias = None
        if self.biased:
            bias = _symbolic(
                "DequantizeLinear", self.bias_codes, self.bias_scale, dtype=torch.float32, axis=0
            )
        made = compute(self.layer, self.inputs(values), weight, bias)
        return made if self.outputs is None else self.outputs(made)


class _Pair(nn.Module):  # type: ignore[misc]
    """QuantizeLinear and DequantizeLinear with a learned scale."""

    def __init__(self, trained: Quantizer) -> None:
        super().__init__()
        self.register_buffer("scale", trained.scale.reshape(()))
        self.register_buffer("zero", trained.zero.to(torch.uint8))

    def forward(self, values: Tensor) -> Tensor:
        codes = _symbolic("QuantizeLinear", values, self.scale, self.zero, dtype=torch.uint8)
        return _symbolic("DequantizeLinear", codes, self.scale, self.zero, dtype=torch.float32)


def compute(layer: nn.Module, values: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """What `layer` computes of `values` with this weight and bias."""
    if isinstance(layer, nn.Linear):
        return functional.linear(values, weight, bias)
    return layer._conv_forward(values, weight, bias)


def _symbolic(operator: str, *inputs: Tensor, dtype: torch.dtype, **attributes: Any) -> Tensor:
    return ops.symbolic(operator, inputs, attributes, dtype=dtype, shape=inputs[0].shape)
