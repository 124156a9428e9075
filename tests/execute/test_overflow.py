"""A processor that adds 8-bit products in sixteen bits is named beside the accuracy that it gave."""

import pytest

from qspec.checks.kernels import sums_overflow
from qspec.execute.census import CensusReport, LayerCensus
from qspec.execute.overflow import overflow_note
from qspec.model.measured import Found
from qspec.model.precision import Precision


def report(storage: str, arithmetic: str) -> CensusReport:
    layer = LayerCensus("/conv/Conv", "Conv", storage, arithmetic, stored=True, computed=True)
    return CensusReport((layer,), 1, 1, 1, realized=True, simulated=False, missing=())


def here(*sets: str, provider: str = "cpu") -> Found:
    return Found(machine="m", provider=provider, instruction_sets=list(sets))


def w8(**said: str) -> Precision:
    return Precision(method="ptq-static", weights={"type": "int8", **said}, activations={"type": "uint8"})


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        (["avx2", "fma"], True),
        (["avx2", "avx512f"], True),
        (["avx2", "avx512_vnni"], False),
        (["avx2", "avx_vnni"], False),
        (["amx_int8", "avx512f"], False),
        (["neon", "dotprod"], False),
        (["neon"], False),
        ([], False),
    ],
)
def test_avx_without_anything_wider_overflows(sets: list[str], expected: bool) -> None:
    assert sums_overflow(sets) is expected


def test_full_range_integers_without_vnni_are_named() -> None:
    note = overflow_note(report("int8", "uint8"), w8(), here("avx2"))
    assert note is not None and "no VNNI" in note and "/conv/Conv" in note and "`range: reduced`" in note
    assert overflow_note(report("int8", "int8"), None, here("avx2")) is not None  # a file that arrived so


@pytest.mark.parametrize(
    ("found", "precision", "machine"),
    [
        (report("int8", "uint8"), w8(range="reduced"), here("avx2")),
        (report("int8", "uint8"), w8(), here("avx2", "avx512_vnni")),
        (report("int8", "uint8"), w8(), here("avx2", provider="cuda")),
        (report("int8", "fp32"), w8(), here("avx2")),  # stored in bytes, computed in floats
        (report("uint8", "uint8"), w8(), here("avx2")),  # unsigned weights are widened first
        (None, w8(), here("avx2")),
    ],
)
def test_nothing_is_said_where_sums_have_room(
    found: CensusReport | None, precision: Precision, machine: Found
) -> None:
    assert overflow_note(found, precision, machine) is None
