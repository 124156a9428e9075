"""Tiny ONNX models for the tests of execution."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from qspec.data.strata import Stratified
from qspec.execute.judge.judge import Evidence, Verdicts, judge
from qspec.execute.judge.performance import Pair
from qspec.execute.options import Options
from qspec.execute.run import execute_claim
from qspec.execute.scores import Scores
from qspec.lang.claims import resolve_claims
from qspec.lang.load import load_source
from qspec.lang.source import Source
from qspec.model.evaluation import Calibration
from qspec.model.precision import Precision
from qspec.quantize.graph import open_model
from qspec.quantize.realize import realize
from qspec.quantize.request import Request

Linear = Callable[..., Path]


def _save(path: Path, graph: onnx.GraphProto) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
    return path


@pytest.fixture
def linear(tmp_path: Path) -> Linear:
    """Builds `y = x @ w`, x of shape [batch, inner], w seeded or given, at a name of one's own."""

    def build(
        name: str = "linear.onnx",
        *,
        weights: np.ndarray | None = None,
        inner: int = 4,
        outer: int = 3,
        seed: int = 0,
        batch: int | str = "batch",
        external: bool = False,
    ) -> Path:
        if weights is None:
            weights = np.random.default_rng(seed).normal(size=(inner, outer)).astype(np.float32)
        kind = helper.np_dtype_to_tensor_dtype(weights.dtype)
        graph = helper.make_graph(
            [helper.make_node("MatMul", ["x", "w"], ["y"])],
            "linear",
            [helper.make_tensor_value_info("x", kind, [batch, weights.shape[0]])],
            [helper.make_tensor_value_info("y", kind, [batch, weights.shape[1]])],
            [numpy_helper.from_array(weights, "w")],
        )
        path = _save(tmp_path / name, graph)
        if external:
            onnx.save(
                onnx.load(str(path)),
                str(path),
                save_as_external_data=True,
                location=f"{path.stem}.data",
                size_threshold=0,
            )
        return path

    return build


@pytest.fixture
def batch_scaled(tmp_path: Path) -> Path:
    """`y = x / max(x over the batch)`: a model whose answers depend on the examples beside each."""
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMax", ["x"], ["top"], keepdims=1),
            helper.make_node("Div", ["x", "top"], ["y"]),
        ],
        "batch-scaled",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])],
    )
    return _save(tmp_path / "batch-scaled.onnx", graph)


@pytest.fixture
def logarithm(tmp_path: Path) -> Path:
    """`y = log(x)`: NaN for a negative example."""
    graph = helper.make_graph(
        [helper.make_node("Log", ["x"], ["y"])],
        "logarithm",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])],
    )
    return _save(tmp_path / "logarithm.onnx", graph)


@pytest.fixture
def unknown_operator(tmp_path: Path) -> Path:
    """A model with an operator that no domain defines."""
    graph = helper.make_graph(
        [helper.make_node("Frobnicate", ["x"], ["y"], domain="nowhere")],
        "unknown",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("nowhere", 1)], ir_version=8
    )
    path = tmp_path / "unknown.onnx"
    path.write_bytes(model.SerializeToString())
    return path


Judging = Callable[..., Verdicts]
DECLARED = """qspec 1

executor e {{
  model     {{ base: "m" @ "1" }}
  precision: int8
  baseline: fp32
  task:     {task}
  metrics:  [{metrics}]
  test-set  {{ data: "d" @ "1", split: test, composition: clean }}
  strata    {{ group: by group }}
  {statistics}
}}

claim c on e {{
{assertions}
}}
"""


@pytest.fixture
def judging(tmp_path: Path) -> Judging:
    """Judges assertions, one a line, on the stored columns of both models of one evaluation."""

    def run(
        assertions: str,
        baseline: dict[str, np.ndarray],
        quantized: dict[str, np.ndarray],
        *,
        task: str = "image-classification",
        statistics: str = "",
        **more: Any,
    ) -> Verdicts:
        text = DECLARED.format(
            task=task, metrics=", ".join(baseline), statistics=statistics, assertions=assertions
        )
        (claim,) = resolve_claims(load_source(Source("test.qspec", text), root=tmp_path))
        n = len(next(iter(baseline.values())))
        sides = [
            {name: np.asarray(v, float).reshape(n, -1) for name, v in side.items()}
            for side in (baseline, quantized)
        ]
        groups = more.pop("groups", None)
        strata = []
        if groups is not None:
            labels, codes = np.unique(groups, return_inverse=True)
            strata = [Stratified("group", codes.astype(np.int32), tuple(f"group == {g}" for g in labels))]
        scores = Scores(n, sides[0], sides[1], strata=strata, **more)
        return judge(claim, Evidence({"": scores}, {}, Pair(4.0, 1.0)))

    return run


@pytest.fixture
def flipped() -> Callable[[int, int, int, int], tuple[dict[str, np.ndarray], dict[str, np.ndarray]]]:
    """The top1 columns of both models with so many examples both right, only the first, only the second, neither."""

    def build(
        both: int, harmful: int, helpful: int, neither: int
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        counts = [both, harmful, helpful, neither]
        return {"top1": np.repeat([1.0, 1, 0, 0], counts)}, {"top1": np.repeat([1.0, 0, 1, 0], counts)}

    return build


@pytest.fixture
def graph(tmp_path: Path) -> Callable[..., Path]:
    """Saves a graph of nodes, ports as (name, type, shape) and initializers as arrays, under a name."""

    def build(
        name: str,
        nodes: list[onnx.NodeProto],
        inputs: list[tuple[str, int, list[Any]]],
        outputs: list[tuple[str, int, list[Any]]],
        **tensors: np.ndarray,
    ) -> Path:
        ports = [
            [helper.make_tensor_value_info(n, kind, shape) for n, kind, shape in side]
            for side in (inputs, outputs)
        ]
        held = [numpy_helper.from_array(array, key) for key, array in tensors.items()]
        return _save(tmp_path / name, helper.make_graph(nodes, "g", *ports, held))

    return build


EXECUTED = """qspec 1

model m {{
  file: "base.onnx"
  {arrived}
  {model}
}}

dataset d {{
  {data}
}}

executor e {{
  hardware: local
  runtime   {{ name: onnxruntime, provider: cpu, threads: 1 }}
  model:    m
  {precision}
  baseline: fp32
  task:     {task}
  metrics:  [{metrics}]
  test-set  {{ data: {split}, composition: clean }}
  {more}
}}

claim c on e {{
{assertions}
}}
"""


@pytest.fixture
def executing(tmp_path: Path) -> Callable[..., Any]:
    """Executes a claim about base.onnx and quantized.onnx on the arrays of d.npz, and gives what came of it."""

    def run(
        task: str,
        metrics: str,
        columns: dict[str, np.ndarray] | None = None,
        *,
        data: str = "",
        split: str = "d",
        assertions: str = "  size <= 10 x baseline",
        more: str = "",
        model: str = "",
        derived: bool = False,
        arrived: str = 'quantized { file: "quantized.onnx" }',
    ) -> Any:
        if columns is not None:
            np.savez(tmp_path / "d.npz", **columns)
            data = f'source: "d.npz"\n  {data}'
        precision = "precision { method: ptq-static, weights: int8, activations: uint8 }"
        calibration = "calibration { data: d.tune, size: 16, method: minmax, seed: 0 }"
        text = EXECUTED.format(
            arrived="" if derived else arrived,
            model=model,
            precision=f"{precision}\n  {calibration}" if derived else "precision: fp32",
            data=data,
            task=task,
            metrics=metrics,
            split=split,
            more=more,
            assertions=assertions,
        )
        (claim,) = resolve_claims(load_source(Source(str(tmp_path / "t.qspec"), text), root=tmp_path))
        return execute_claim(claim, Options(store=tmp_path / "store"), lambda *told: None)

    return run


@pytest.fixture
def value() -> Callable[..., tuple[float, float]]:
    """The values of both models for a metric, by name, out of what was executed."""

    def read(executed: Any, name: str) -> tuple[float, float]:
        (found,) = [r for r in executed.verdicts.results if r.quantity.name == name and r.for_ is None]
        return float(found.baseline.base), float(found.quantized.base)

    return read


@pytest.fixture
def arrive(tmp_path: Path) -> Callable[..., Path]:
    """A file that somebody else might have quantized."""

    def run(base: Path, **precision: Any) -> Path:
        port = open_model(base).inputs[0]
        shape = [32, *(size if isinstance(size, int) else 5 for size in port.shape[1:])]
        data = np.random.default_rng(3).standard_normal(shape).astype(np.float32)
        request = Request(
            model=base,
            precision=Precision(**precision),
            output=tmp_path / "arrived.onnx",
            calibration=Calibration(method="minmax"),
            batches=lambda: iter([{port.name: data}]),
        )
        return realize(request).path

    return run
