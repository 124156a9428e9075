"""Quantization-aware training: what is exported computes what was trained, in integers, and is what it says."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import nn

from qspec.checks.kernels import sums_overflow
from qspec.errors import QSpecError
from qspec.execute.census import census_of_arrival
from qspec.execute.cpuinfo import cpu_identity
from qspec.model.precision import Precision
from qspec.quantize import qat

CHANNEL = {"name": "per-channel"}


class Net(nn.Module):
    """Two convolutions and a classifier for 8x8 images."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Linear(8, 3)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        hidden = self.second(self.first(image).relu()).relu()
        return self.head(hidden.mean((2, 3)))


def images(seed: int, count: int = 96) -> tuple[torch.Tensor, torch.Tensor]:
    """Stripes of three widths under noise."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    waves = torch.sin(torch.arange(8.0)[None, :] * (labels[:, None] + 1) * 0.9)
    clean = waves[:, None, None, :].expand(count, 1, 8, 8)
    return clean + 0.3 * torch.randn(count, 1, 8, 8, generator=generator), labels


def batches():
    x, y = images(0)
    return list(zip(x.split(32), y.split(32), strict=True))


def accuracy(logits: np.ndarray, labels: torch.Tensor) -> float:
    return float((logits.argmax(1) == labels.numpy()).mean())


@pytest.fixture(scope="module")
def trained() -> nn.Module:
    torch.manual_seed(1)
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(20):
        for x, y in batches():
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x), y).backward()
            optimizer.step()
    return net


def run(path: Path, x: torch.Tensor, *, integers: bool = True) -> np.ndarray:
    """The outputs, of the integer kernels or of the quantized graph as it is written, in floats."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    if not integers:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"]).run(
        None, {"input": x.numpy()}
    )[0]


@pytest.mark.parametrize("method", ["lsq", "minmax"])
@pytest.mark.parametrize("per_channel", [True, False])
def test_an_exported_model_computes_what_was_trained_in_integers(trained, tmp_path, method, per_channel):
    prepared = qat.prepare(trained, method=method, per_channel=per_channel)
    losses = qat.train(prepared, batches, nn.functional.cross_entropy, epochs=3, rate=1e-3)
    assert len(losses) == 3
    path = tmp_path / "net.onnx"
    names = qat.export(prepared, images(3, 4)[0], path)
    assert names == ("/first/Conv", "/second/Conv", "/head/Gemm")
    x, y = images(9)
    prepared.eval()
    with torch.no_grad():
        emulated = prepared(x).numpy()
    for integers in (True, False):
        if integers and sums_overflow(cpu_identity()[1]):
            continue  # sums of such a processor are others, as the rule int8-without-vnni says
        answers = run(path, x, integers=integers)
        assert np.abs(answers - emulated).max() < 0.05 * np.abs(emulated).max()
        assert accuracy(answers, y) > 0.9
    declared = Precision(method="qat", weights={"type": "int8"}, activations={"type": "uint8"})
    report = census_of_arrival(path, declared)
    assert report is not None and report.realized
    assert (report.declared, report.computed) == (3, 3)


def test_training_mends_what_rounding_to_few_bits_breaks(trained):
    prepared = qat.prepare(trained, weights=2, activations=4)
    losses = qat.train(prepared, batches, nn.functional.cross_entropy, epochs=6, rate=1e-2)
    assert losses[-1] < 0.5 * losses[0]


def test_the_step_has_the_gradient_of_its_paper():
    from qspec.quantize._qat_modules import Quantizer

    quantizer = Quantizer(4, "lsq", weight=True)
    values = torch.tensor([0.26, -0.9, 3.0, -5.0, 0.7])
    quantizer(values)
    quantizer.step.data.fill_(0.2)
    quantizer(values).sum().backward()
    scaled = values / 0.2
    inside = scaled.round() - scaled
    expected = torch.where(
        scaled <= -7, torch.tensor(-7.0), torch.where(scaled >= 7, torch.tensor(7.0), inside)
    )
    assert float(quantizer.step.grad) == pytest.approx(float(expected.sum()) / (5 * 7) ** 0.5, rel=1e-4)


def test_excluded_modules_stay_in_floats_and_the_same_bytes_come_out_again(trained, tmp_path):
    written = []
    for name in ("a.onnx", "b.onnx"):
        prepared = qat.prepare(trained, exclude=["head"])
        qat.train(prepared, batches, nn.functional.cross_entropy, epochs=1, rate=1e-3)
        assert qat.export(prepared, images(3, 4)[0], tmp_path / name) == ("/first/Conv", "/second/Conv")
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    assert str(Path(__file__).parent).encode() not in written[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"weights": 16}, "2 to 8 can be trained"),
        ({"method": "pact"}, "called pact"),
        ({"exclude": ["haed"]}, "did you mean head"),
        ({"exclude": ["*"]}, "no Linear or convolution"),
    ],
)
def test_what_cannot_be_prepared_is_a_sentence(trained, arguments, said):
    with pytest.raises(QSpecError, match=said):
        qat.prepare(trained, **arguments)


def test_an_untrained_model_is_not_exported(trained, tmp_path):
    for model in (trained, qat.prepare(trained)):
        with pytest.raises(QSpecError, match="not trained quantization-aware"):
            qat.export(model, images(3, 4)[0], tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


def test_an_export_that_the_runtime_refuses_leaves_no_file(trained, tmp_path):
    prepared = qat.prepare(trained)
    qat.train(prepared, batches, nn.functional.cross_entropy, epochs=1, rate=1e-3)
    with pytest.raises(QSpecError, match=r"does not load|quantizer failed"):
        qat.export(prepared, images(3, 4)[0], tmp_path / "net.onnx", output_name="input")
    assert not list(tmp_path.iterdir())


def test_a_loss_that_diverges_ends_in_a_sentence(trained):
    prepared = qat.prepare(trained)
    with pytest.raises(QSpecError, match="no longer finite"):
        qat.train(prepared, batches, lambda x, y: x.sum() * float("nan"), epochs=1, rate=1e-3)
    with pytest.raises(QSpecError, match="no batches"):
        qat.train(prepared, list, nn.functional.cross_entropy, epochs=1, rate=1e-3)
