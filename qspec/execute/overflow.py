"""Says when 8-bit products were added in sixteen bits, so that sums may have overflowed on this processor."""

from __future__ import annotations

from qspec.checks.kernels import sums_overflow
from qspec.data.table import listed
from qspec.execute.census import CensusReport
from qspec.model.measured import Found
from qspec.model.precision import Precision

_INTEGERS = ("int8", "uint8")


def overflow_note(report: CensusReport | None, precision: Precision | None, here: Found) -> str | None:
    """What a reader must know of accuracy that belongs to this processor; None where sums had room.

    They have none where weights are signed bytes of the full range, products are taken in bytes, and the processor has
    AVX without VNNI. The rule `int8-without-vnni` says the same of hardware that a claim declares.
    """
    if report is None or here.provider != "cpu" or not sums_overflow(here.instruction_sets):
        return None
    if precision is not None and precision.weights is not None and precision.weights.range == "reduced":
        return None
    layers = [one.name for one in report.layers if one.storage == "int8" and one.arithmetic in _INTEGERS]
    if not layers:
        return None
    return (
        f"this processor has no VNNI: sums of 8-bit products may have overflowed sixteen bits in {listed(layers)}, and "
        "accuracy may differ on another; `range: reduced` on the weights leaves room"
    )
