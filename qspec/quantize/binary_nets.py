"""Networks of signs: BinaryConnect and BNN, without scales, for models that were trained so."""

from __future__ import annotations

import numpy as np

from qspec.errors import QSpecError
from qspec.quantize import registry
from qspec.quantize.emulate.activations import Span, signs
from qspec.quantize.emulate.formats import Emulation
from qspec.quantize.emulate.grids import Floats
from qspec.quantize.emulated import Rounding, emulate
from qspec.quantize.request import Realized, Request
from qspec.quantize.weave import Weaver

CONNECT, BNN = "simulated/binary-connect", "simulated/bnn"


@registry.register(CONNECT, aliases=("simulated/binaryconnect",))
def quantize_weights(request: Request) -> Realized:
    """Weights become their signs, as in BinaryConnect (Courbariaux et al., NeurIPS 2015, equation 1)."""
    if request.precision.activations is not None:
        raise QSpecError(
            "BinaryConnect makes signs of weights alone, and the precision gives activations a format.",
            hint="leave `activations` out, or use the recipe bnn",
        )
    return emulate(request, CONNECT, _Signs(), used=("recipe",))


@registry.register(BNN)
def quantize_both(request: Request) -> Realized:
    """Weights and activations become their signs, as in BNN (Hubara et al., NeurIPS 2016, equation 1)."""
    return emulate(request, BNN, _Signs(), used=("recipe",))


class _Signs(Rounding):
    def weights(self, matrix: Floats, how: Emulation) -> Floats:
        _check(how)
        return np.where(matrix >= 0, np.float32(1), np.float32(-1))

    def activation(
        self, weave: Weaver, value: str, how: Emulation, span: Span | None, channels: int, op: str
    ) -> str:
        _check(how)
        return signs(weave, value)


def _check(how: Emulation) -> None:
    if how.rule != "binary":
        raise QSpecError(
            f"A network of signs has binary numbers, and the precision says {how.format.name}.",
            hint="write `binary`",
        )
