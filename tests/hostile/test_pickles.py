"""Nothing that could hold a pickle is unpickled, whatever it is called."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from .conftest import columns


class Trap:
    """Leaves a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


@pytest.fixture
def mark(work: Path) -> Path:
    return work.parent / "outside" / "ran"


def test_an_array_of_objects_is_refused(work, spec, attack, mark):
    path = spec()
    np.savez(
        work / "d.npz", **{**columns(), "x": np.array([Trap(mark)] * 8, dtype=object)}, allow_pickle=True
    )
    attack("execute", path).refused("pickled Python objects")
    np.save(work / "d.npy", np.array([Trap(mark)] * 8, dtype=object), allow_pickle=True)
    attack("execute", spec(data="d.npy")).refused("pickled Python objects")


def test_a_pickle_in_place_of_an_array_is_refused(work, spec, attack, mark):
    path = spec()
    with zipfile.ZipFile(work / "d.npz", "w") as archive:
        archive.writestr("x.npy", pickle.dumps(Trap(mark)))
        archive.writestr("y.npy", pickle.dumps(Trap(mark)))
    attack("execute", path).refused("not in the npy format")


@pytest.mark.parametrize("ending", ["pt", "pth", "pkl", "joblib", "h5", "mat", "zip"])
def test_formats_that_hold_pickles_have_no_reader(ending, work, spec, attack, mark):
    (work / f"d.{ending}").write_bytes(pickle.dumps(Trap(mark)))
    attack("execute", spec(data=f"d.{ending}")).refused("No reader knows files such as")


@pytest.mark.parametrize("name", ["m.pt", "m.pkl", "m.joblib", "m.onnx"])
def test_a_pickle_in_place_of_a_model_is_refused(name, work, spec, attack, mark):
    path = spec(model=name)
    (work / name).write_bytes(pickle.dumps(Trap(mark)))
    attack("execute", path).refused("ONNX")
