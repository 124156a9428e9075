"""DoReFa-Net: bounded weights and activations of few bits, for models that were trained so."""

from __future__ import annotations

import numpy as np

from qspec.errors import QSpecError
from qspec.quantize import registry
from qspec.quantize.emulate.activations import Span
from qspec.quantize.emulate.formats import Emulation
from qspec.quantize.emulate.grids import Floats
from qspec.quantize.emulated import Rounding, emulate
from qspec.quantize.request import Realized, Request
from qspec.quantize.weave import Weaver

SCHEME = "simulated/dorefa"


@registry.register(SCHEME)
def quantize(request: Request) -> Realized:
    """Round as in DoReFa-Net (Zhou et al., arXiv:1606.06160, sections 2.3 and 2.4).

    Weights of k bits are 2 q(tanh(w) / (2 max|tanh(w)|) + 1/2) - 1 over the whole tensor, one bit E|w| sign(w);
    activations q(clip(x, 0, 1)), with q(v) = round((2^k - 1) v) / (2^k - 1).
    """
    return emulate(request, SCHEME, _DoReFa(), used=("recipe",))


class _DoReFa(Rounding):
    def weights(self, matrix: Floats, how: Emulation) -> Floats:
        bits = _bits(how)
        if bits == 1:
            signed: Floats = np.where(matrix >= 0, np.float32(1), np.float32(-1)) * np.abs(matrix).mean()
            return signed
        bounded = np.tanh(matrix)
        most = float(np.abs(bounded).max()) or 1.0
        levels = (1 << bits) - 1
        shares = np.rint((bounded / (2 * most) + 0.5) * levels) / levels
        centred: Floats = (2 * shares - 1).astype(np.float32)
        return centred

    def activation(
        self, weave: Weaver, value: str, how: Emulation, span: Span | None, channels: int, op: str
    ) -> str:
        levels = float((1 << _bits(how)) - 1)
        bounded = weave("Clip", value, 0.0, 1.0)
        return weave("Div", weave("Round", weave("Mul", bounded, levels)), levels)

    def calibrated(self, how: Emulation) -> bool:
        return False


def _bits(how: Emulation) -> int:
    if how.format.kind != "integer" and how.rule != "binary":
        raise QSpecError(
            f"DoReFa has integers of 1 to 8 bits, and the precision says {how.format.name}.",
            hint="write `int4`, for example",
        )
    return how.format.bits
