from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from qspec.execute.energy import open_meter


def zone(root: Path, name: str, joules: float, most: float = 1000) -> Path:
    folder = root / name
    folder.mkdir(exist_ok=True)
    (folder / "energy_uj").write_text(f"{int(joules * 1e6)}\n")
    (folder / "max_energy_range_uj").write_text(f"{int(most * 1e6)}\n")
    return folder


def test_packages_are_summed_and_their_parts_left_out(tmp_path: Path):
    for name in ("intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0"):
        zone(tmp_path, name, 100)
    meter = open_meter(powercap=tmp_path)
    assert meter is not None
    assert meter.name == "rapl"
    assert meter.joules() == 0
    zone(tmp_path, "intel-rapl:0", 107)
    zone(tmp_path, "intel-rapl:1", 101)
    zone(tmp_path, "intel-rapl:0:0", 500)
    assert meter.joules() == pytest.approx(8)


def test_a_counter_that_wraps_goes_on(tmp_path: Path):
    zone(tmp_path, "intel-rapl:0", 990)
    meter = open_meter(powercap=tmp_path)
    assert meter is not None
    zone(tmp_path, "intel-rapl:0", 5)
    assert meter.joules() == pytest.approx(15)
    zone(tmp_path, "intel-rapl:0", 6)
    assert meter.joules() == pytest.approx(16)


def test_no_counter_or_an_unreadable_one_is_no_meter(tmp_path: Path):
    assert open_meter(powercap=tmp_path / "absent") is None
    zone(tmp_path, "intel-rapl:0", 1)
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("?")
    assert open_meter(powercap=tmp_path) is None


def test_a_devices_counter_is_read_through_its_library(monkeypatch):
    counter = {"mJ": 5000}
    library = SimpleNamespace(
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetTotalEnergyConsumption=lambda handle: counter["mJ"],
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    meter = open_meter("cuda")
    assert meter is not None
    counter["mJ"] = 7500
    assert meter.joules() == pytest.approx(2.5)
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert open_meter("cuda") is None
