"""The census of simulated and pruned models: values and inputs are looked at, whatever the scheme says of itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from qspec.execute.census import census
from qspec.execute.emulations import levels
from qspec.model.expression import Term
from qspec.model.precision import Precision
from qspec.model.shorthand import per_group
from qspec.quantize.realize import realize
from qspec.quantize.request import Request

INT4 = {"type": "int4"}
NAMES = ("/conv1/Conv", "/conv2/Conv", "/head/Gemm")
Make = Callable[..., tuple[Path, Path, Precision]]


@pytest.fixture
def make(tmp_path: Path, conv_net: Callable[[], Path]) -> Make:
    """The base model, an artifact, and its precision."""

    def run(**said: Any) -> tuple[Path, Path, Precision]:
        base, precision = conv_net(), Precision(**said)
        return base, realize(Request(base, precision, tmp_path / "made.onnx")).path, precision

    return run


def restore(base: Path, artifact: Path, name: str, *, value: bool = False) -> None:
    """Give the layer of `artifact` back the weight, or the input, that it has in `base`."""
    before, after = onnx.load_model(base), onnx.load_model(artifact)
    (node,) = [n for n in after.graph.node if n.name == name]
    (old,) = [n for n in before.graph.node if n.name == name]
    node.input[0 if value else 1] = old.input[0 if value else 1]
    if not value:
        after.graph.initializer.extend(t for t in before.graph.initializer if t.name == old.input[1])
    onnx.save_model(after, artifact)


def test_a_simulation_is_realized_with_nothing_missing(make):
    base, artifact, precision = make(method="simulated", weights=INT4, activations={"type": "int8"})
    report = census(artifact, base, NAMES, precision, simulated=True)
    assert report.realized and report.simulated and not report.missing


@pytest.mark.parametrize("value", [False, True])
def test_a_layer_that_was_passed_over_is_named(make, value):
    base, artifact, precision = make(method="simulated", weights=INT4, activations={"type": "int8"})
    restore(base, artifact, "/conv2/Conv", value=value)
    report = census(artifact, base, NAMES, precision, simulated=True)
    assert not report.realized and report.missing == ("/conv2/Conv",)


def test_weights_of_more_values_than_the_format_has_codes_are_not_simulated(make):
    base, artifact, _ = make(method="simulated", weights={"type": "int6"})
    declared = Precision(method="simulated", weights=INT4)
    assert (
        census(artifact, base, NAMES, declared, simulated=True).missing == NAMES[1:]
    )  # nine values never tell


def test_a_base_that_is_on_the_grid_already_counts(make, tmp_path):
    _, artifact, precision = make(method="simulated", weights=INT4)
    whole = artifact.rename(tmp_path / "rounded.onnx")
    again = realize(Request(whole, precision, tmp_path / "again.onnx")).path
    assert census(again, whole, NAMES, precision, simulated=True).realized


def test_half_precision_is_told_by_its_values(make):
    base, artifact, precision = make(method="cast", simulated=True, weights={"type": "bf16"})
    assert census(artifact, base, NAMES, precision, simulated=True).realized
    assert not census(base, base, NAMES, precision, simulated=True).realized


PRUNINGS = [
    {"sparsity": {"text": "50", "unit": "%"}},
    {"structure": {"name": "n-of-m", "positional": [{"text": "2"}, {"text": "4"}]}},
    {"sparsity": {"text": "25", "unit": "%"}, "structure": {"name": "channel"}},
    {"sparsity": {"text": "50", "unit": "%"}, "sharing": {"text": "16"}},
]


@pytest.mark.parametrize("pruning", PRUNINGS)
def test_a_pruned_model_shows_its_zeros_and_another_does_not(make, pruning):
    base, artifact, precision = make(method="weight-only", pruning=pruning)
    assert census(artifact, base, NAMES, precision).realized
    report = census(base, base, NAMES, precision)
    assert not report.realized and report.stored == 0 and report.missing == NAMES


def test_shared_values_are_counted(make):
    base, artifact, _ = make(method="weight-only", pruning=PRUNINGS[3])
    fewer = Precision(method="weight-only", pruning=PRUNINGS[3] | {"sharing": {"text": "4"}})
    assert not census(artifact, base, NAMES, fewer).realized


def test_levels_are_those_under_one_scale_and_filling_counts_for_nothing():
    rows = np.array([[1, 1, 2, 3, 5], [1, 1, 1, 1, 1]], np.float32)
    assert levels(rows, Term(name="per-channel")) == 4
    assert levels(rows, per_group(3)) == 2
    assert levels(rows, Term(name="per-tensor")) == 4
