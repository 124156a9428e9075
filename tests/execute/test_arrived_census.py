"""The census of models that arrive quantized: their own layers, held against the precision they are declared to have."""

import numpy as np
import onnx
import pytest

from qspec.errors import QSpecError
from qspec.execute.census import census_of_arrival
from qspec.execute.options import Options
from qspec.execute.run import execute_claim
from qspec.lang.claims import resolve_claims
from qspec.lang.load import load_source
from qspec.lang.source import Source
from qspec.model.precision import Precision
from qspec.model.shorthand import per_group
from qspec.quantize.graph import open_model

W8A8 = {"weights": {"type": "int8"}, "activations": {"type": "uint8"}}
STATIC = {"method": "ptq-static", **W8A8}


@pytest.mark.parametrize("form", ["qdq", "qoperator"])
def test_a_file_that_is_what_it_says_is_realized(conv_net, arrive, form):
    report = census_of_arrival(arrive(conv_net(), format=form, **STATIC), Precision(method="qat", **W8A8))
    assert report is not None and report.realized
    assert (report.declared, report.stored, report.computed) == (3, 3, 3)


def test_a_layer_that_stayed_in_floats_is_named_unless_the_claim_excludes_it(conv_net, arrive):
    path = arrive(conv_net(), exclude=["/conv1/Conv"], **STATIC)
    report = census_of_arrival(path, Precision(method="qat", **W8A8))
    assert report is not None and not report.realized
    assert report.missing == ("/conv1/Conv",)
    excluded = census_of_arrival(path, Precision(method="qat", exclude=["/conv1/*"], **W8A8))
    assert excluded is not None and excluded.realized and excluded.declared == 2


def test_operators_and_rules_narrow_and_change_what_is_declared(conv_net, arrive):
    path = arrive(conv_net(), exclude=["/head/Gemm"], **STATIC)
    convolutions = census_of_arrival(path, Precision(operators=["Conv"], **W8A8))
    assert convolutions is not None and convolutions.realized and convolutions.declared == 2
    floats = {"weights": {"type": "fp32"}, "activations": {"type": "fp32"}}
    ruled = census_of_arrival(path, Precision(layers={"/head/*": floats}, **W8A8))
    assert ruled is not None and ruled.realized and ruled.declared == 3


def test_weight_only_files_promise_storage_alone(mlp, arrive):
    form = {"type": "int4", "granularity": per_group(32)}
    report = census_of_arrival(
        arrive(mlp(), method="weight-only", weights=form), Precision(method="weight-only", weights=form)
    )
    assert report is not None and report.realized and (report.stored, report.computed) == (2, 0)


def test_floats_sold_as_integers_are_not_realized(conv_net):
    report = census_of_arrival(conv_net(), Precision(**W8A8))
    assert report is not None and not report.realized and len(report.missing) == 3


def test_nothing_declared_is_nothing_to_count(conv_net):
    assert census_of_arrival(conv_net(), Precision(method="qat")) is None


@pytest.mark.parametrize(
    "part", [{"exclude": ["/haed/*"]}, {"layers": {"/haed/*": {"weights": {"type": "int8"}}}}]
)
def test_a_pattern_that_matches_nothing_is_a_sentence(conv_net, part):
    with pytest.raises(QSpecError, match="matches no node"):
        census_of_arrival(conv_net(), Precision(**(W8A8 | part)))


SPEC = """qspec 1

model m {
  file: "conv.onnx"
  quantized { file: "arrived.onnx" }
}

dataset d {
  source: "d.npz"
  inputs { image: x }
  label: y
}

executor e {
  hardware: local
  runtime   { name: onnxruntime, provider: cpu, threads: 1 }
  model:    m
  precision { method: qat, weights: int8, activations: uint8 }
  baseline: fp32
  task:     image-classification
  metrics:  [top1]
  test-set  { data: d, composition: clean }
}

claim c on e {
  loss(top1) <= 50 pp
}
"""


@pytest.mark.parametrize(("exclude", "outcome"), [([], "confirmed"), (["/conv*"], "not-realized")])
def test_assertions_about_an_arrival_are_judged_only_where_it_is_what_it_says(
    conv_net, arrive, tmp_path, exclude, outcome
):
    base = conv_net()
    arrive(base, exclude=exclude, **STATIC)
    x = np.random.default_rng(0).standard_normal((200, 1, 8, 8)).astype(np.float32)
    np.savez(tmp_path / "d.npz", x=x, y=np.arange(200) % 10)
    (claim,) = resolve_claims(load_source(Source(str(tmp_path / "t.qspec"), SPEC), root=tmp_path))
    executed = execute_claim(claim, Options(store=tmp_path / "store"), lambda *told: None)
    (one,) = executed.verdicts.judged
    assert one.outcome == outcome
    assert executed.record.quantized.layers
    assert onnx.load_model(tmp_path / "arrived.onnx").graph.node


def test_a_base_that_is_declared_by_name_is_found_with_its_file(conv_net, arrive, tmp_path):
    base = conv_net()
    arrive(base, **STATIC)
    x = np.random.default_rng(0).standard_normal((200, 1, 8, 8)).astype(np.float32)
    np.savez(tmp_path / "d.npz", x=x, y=np.arange(200) % 10)
    text = SPEC.replace('\n  quantized { file: "arrived.onnx" }', "").replace(
        "model:    m", 'model { base: m, quantized { file: "arrived.onnx" } }'
    )
    assert "base: m" in text
    (claim,) = resolve_claims(load_source(Source(str(tmp_path / "t.qspec"), text), root=tmp_path))
    executed = execute_claim(claim, Options(store=tmp_path / "store"), lambda *told: None)
    assert executed.record.baseline.sha256 == open_model(base).sha256
    assert [one.outcome for one in executed.verdicts.judged] == ["confirmed"]
