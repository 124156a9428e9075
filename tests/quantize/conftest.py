"""Requests with random calibration data for the small models."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qspec.model.evaluation import Calibration
from qspec.model.precision import Precision
from qspec.quantize.graph import open_model
from qspec.quantize.request import Feed, Request

Ask = Callable[..., Request]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """A request for `precision` (keyword arguments of the noun) with 48 random calibration examples."""

    def build(
        model: Path, *, calibration: dict[str, Any] | None = None, examples: int = 48, **precision: Any
    ) -> Request:
        inputs = open_model(model).inputs

        def batches() -> Iterator[Feed]:
            generator = np.random.default_rng(7)
            for start in range(0, examples, 16):
                count = min(16, examples - start)
                yield {
                    port.name: generator.standard_normal(
                        [count, *(size if isinstance(size, int) else 5 for size in port.shape[1:])]
                    ).astype(np.float32)
                    for port in inputs
                }

        return Request(
            model=model,
            precision=Precision(**precision),
            output=tmp_path / "quantized.onnx",
            calibration=Calibration(**calibration) if calibration else None,
            batches=batches,
        )

    return build
