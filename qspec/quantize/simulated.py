"""Simulated quantization to any format: accuracy can be had so, speed cannot."""

from __future__ import annotations

from qspec.quantize import registry
from qspec.quantize.arguments import calibrates
from qspec.quantize.emulate.ranges import USES
from qspec.quantize.emulated import emulate
from qspec.quantize.request import Realized, Request

SCHEME = "simulated"


@registry.register(SCHEME, aliases=("simulated/rtn",))
@calibrates(USES)
def quantize(request: Request) -> Realized:
    """Round weights and activations to the nearest values of their formats, inserted in the graph as float arithmetic.

    Integers of 1 to 8 bits, symmetric or not; binary, ternary; NF4 and FP4; floating formats of 4 to 16 bits; MX and
    NVFP4 blocks; the formats of GGUF files; per tensor, channel, group or block of weights, per tensor, token or group of
    activations. With `kv-cache` the keys and values of attention are rounded too, or alone.
    """
    return emulate(request, SCHEME, used=("recipe", "kv_cache"))
