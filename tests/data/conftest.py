"""A small table of examples, in memory and as an npz file."""

from pathlib import Path

import numpy as np
import pytest

from qspec.data.table import Table


@pytest.fixture
def columns() -> dict[str, np.ndarray]:
    return {
        "x": np.arange(24, dtype=np.float32).reshape(12, 2),
        "label": np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]),
        "site": np.array(["A", "B", "A", "B"] * 3),
        "length": np.array([5, 1, 1, 1, 2, 2, 3, 4, 4, 9, 8, 7]),
    }


@pytest.fixture
def table(columns) -> Table:
    return Table.of(columns, "digits.npz")


@pytest.fixture
def archive(columns, tmp_path: Path) -> Path:
    path = tmp_path / "digits.npz"
    np.savez_compressed(path, **columns)
    return path
