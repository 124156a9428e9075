"""Weight-only quantization by rounding to nearest."""

from __future__ import annotations

from qspec.errors import QSpecError
from qspec.quantize import registry
from qspec.quantize.block_weights import Cut, plainly, quantize_blocks
from qspec.quantize.blocks import Blocks, Floats, round_to_nearest
from qspec.quantize.graph import Layer
from qspec.quantize.request import Realized, Request
from qspec.quantize.support import keep_activations, refuse_format_parts

SCHEME = "weight-only"
DYNAMIC = "ptq-dynamic/int4"


@registry.register(SCHEME, aliases=("weight-only/rtn",))
def quantize(request: Request) -> Realized:
    """Round weights to nearest in blocks (per channel, or per group of a multiple of 16), to 2, 4 or 8 bits.

    Reads no data. Activations stay in floats.
    """
    keep_activations(request.precision)
    return quantize_blocks(request, SCHEME, plainly(nearest))


@registry.register(DYNAMIC)
def quantize_with_integer_products(request: Request) -> Realized:
    """4-bit weights in blocks with activations quantized to 8 bits as they come (`8da4w`)."""
    form = request.precision.activations
    if form is not None:
        refuse_format_parts(form, {"granularity", "symmetric"}, "activations", DYNAMIC)
        if form.type != "int8" or (form.granularity is not None and form.granularity.name != "per-token"):
            raise QSpecError(
                f"The scheme {DYNAMIC} quantizes activations to int8, finer than per token, and the precision says "
                f"{' '.join(map(str, filter(None, (form.type, form.granularity))))}.",
                hint="write `activations: int8 { granularity: per-token }`",
            )
    return quantize_blocks(request, DYNAMIC, plainly(nearest), integer_products=True, convolutions=False)


def nearest(layer: Layer, matrix: Floats, cut: Cut) -> Blocks:
    """Codes rounded to nearest."""
    return round_to_nearest(matrix, cut.bits, cut.size, symmetric=cut.symmetric)
