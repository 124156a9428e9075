"""What several rooms test with: small ONNX models, built here so that no file is fetched, and a hub on loopback."""

import hashlib
import re
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

# A shell's background job ignores interrupts, and so would every program that is started from it to be interrupted.
signal.signal(signal.SIGINT, signal.default_int_handler)

Build = Callable[..., Path]
SPECS = Path(__file__).resolve().parents[1] / "specs"


@pytest.fixture(scope="session")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quickstart with its model and data, as it is shipped: in a checkout somebody may have executed it."""
    folder = tmp_path_factory.mktemp("shipped")
    for name in ("data", "models"):
        shutil.copytree(SPECS / name, folder / name)
    text = (SPECS / "quickstart.qspec").read_bytes()
    shipped = folder / "quickstart.qspec"
    shipped.write_bytes(re.sub(rb"\n\n  measured \{.*?\n  \}(?=\n)", b"", text, flags=re.DOTALL))
    return shipped


def weights(seed: int, **shapes: tuple[int, ...]) -> list[TensorProto]:
    """Initializers of the given shapes, normal with a spread that keeps activations near one."""
    generator = np.random.default_rng(seed)
    tensors = []
    for name, shape in shapes.items():
        fan_in = max(1, int(np.prod(shape[1:])))
        values = generator.standard_normal(shape) / np.sqrt(fan_in)
        tensors.append(numpy_helper.from_array(values.astype(np.float32), name.replace("__", ".")))
    return tensors


def save(path: Path, nodes, inputs, outputs, initializers, opset: int = 17) -> Path:
    def ports(pairs):
        return [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in pairs]

    graph = helper.make_graph(nodes, "g", ports(inputs), ports(outputs), initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save_model(model, path)
    return path


@pytest.fixture
def conv_net(tmp_path: Path) -> Build:
    """Two 3x3 convolutions and a Gemm head: `image` (batch, 1, 8, 8) to `logits` (batch, 10)."""

    def build(name: str = "conv.onnx", *, batch: int | str = "batch", norm: bool = False) -> Path:
        three = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
        inner = "n1" if norm else "c1"
        nodes = [
            helper.make_node(
                "Conv", ["image", "conv1.weight", "conv1.bias"], ["c1"], name="/conv1/Conv", **three
            ),
            helper.make_node("Relu", [inner], ["r1"], name="/relu1/Relu"),
            helper.make_node(
                "Conv", ["r1", "conv2.weight", "conv2.bias"], ["c2"], name="/conv2/Conv", **three
            ),
            helper.make_node("Relu", ["c2"], ["r2"], name="/relu2/Relu"),
            helper.make_node("GlobalAveragePool", ["r2"], ["g"], name="/average/GlobalAveragePool"),
            helper.make_node("Flatten", ["g"], ["f"], name="/flatten/Flatten"),
            helper.make_node(
                "Gemm", ["f", "head.weight", "head.bias"], ["logits"], name="/head/Gemm", transB=1
            ),
        ]
        tensors = weights(
            0,
            conv1__weight=(32, 1, 3, 3),
            conv1__bias=(32,),
            conv2__weight=(32, 32, 3, 3),
            conv2__bias=(32,),
            head__weight=(10, 32),
            head__bias=(10,),
        )
        if norm:
            ports = ["c1", "gamma", "beta", "mean", "variance"]
            nodes.insert(
                1, helper.make_node("BatchNormalization", ports, ["n1"], name="/norm/BatchNormalization")
            )
            *rest, variance = weights(1, gamma=(32,), beta=(32,), mean=(32,), variance=(32,))
            positive = np.abs(numpy_helper.to_array(variance)) + 0.5
            tensors += [*rest, numpy_helper.from_array(positive, "variance")]
        image, logits = ("image", [batch, 1, 8, 8]), ("logits", [batch, 10])
        return save(tmp_path / name, nodes, [image], [logits], tensors)

    return build


@pytest.fixture
def mlp(tmp_path: Path) -> Build:
    """Two Gemm layers (the first with a transposed weight): `x` (batch, width) to `y` (batch, 8)."""

    def build(name: str = "mlp.onnx", *, width: int = 64, hidden: int = 48) -> Path:
        nodes = [
            helper.make_node("Gemm", ["x", "fc1.weight", "fc1.bias"], ["h"], name="/fc1/Gemm", transB=1),
            helper.make_node("Relu", ["h"], ["a"], name="/relu/Relu"),
            helper.make_node("Gemm", ["a", "fc2.weight", "fc2.bias"], ["y"], name="/fc2/Gemm"),
        ]
        tensors = weights(
            2, fc1__weight=(hidden, width), fc1__bias=(hidden,), fc2__weight=(hidden, 8), fc2__bias=(8,)
        )
        return save(tmp_path / name, nodes, [("x", ["batch", width])], [("y", ["batch", 8])], tensors)

    return build


@pytest.fixture
def attention(tmp_path: Path) -> Build:
    """One attention block with MatMul weights: `tokens` (batch, length, width) to `states` of the same shape."""

    def build(name: str = "attention.onnx", *, width: int = 32) -> Path:
        nodes = [
            helper.make_node("MatMul", ["tokens", "query"], ["q"], name="/query/MatMul"),
            helper.make_node("MatMul", ["tokens", "key"], ["k"], name="/key/MatMul"),
            helper.make_node("MatMul", ["tokens", "value"], ["v"], name="/value/MatMul"),
            helper.make_node("Transpose", ["k"], ["kt"], name="/transpose", perm=[0, 2, 1]),
            helper.make_node("MatMul", ["q", "kt"], ["scores"], name="/scores/MatMul"),
            helper.make_node("Softmax", ["scores"], ["shares"], name="/softmax", axis=-1),
            helper.make_node("MatMul", ["shares", "v"], ["mixed"], name="/mix/MatMul"),
            helper.make_node("MatMul", ["mixed", "project"], ["states"], name="/project/MatMul"),
        ]
        square = (width, width)
        tensors = weights(3, query=square, key=square, value=square, project=square)
        shape = ["batch", "length", width]
        return save(tmp_path / name, nodes, [("tokens", shape)], [("states", shape)], tensors)

    return build


@pytest.fixture
def serve_hub() -> Iterator[Callable[[dict[str, bytes]], tuple[str, list[str]]]]:
    """Serves files on loopback as a hub does, by their paths; gives its address and the paths that are asked for."""
    servers: list[ThreadingHTTPServer] = []

    def serve(files: dict[str, bytes]) -> tuple[str, list[str]]:
        seen: list[str] = []

        class Hub(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self._answer(with_body=False)

            def do_GET(self) -> None:
                self._answer(with_body=True)

            def _answer(self, *, with_body: bool) -> None:
                seen.append(self.path)
                body = files.get(self.path.removeprefix("/"))
                self.send_response(200 if body is not None else 404)
                if body is None:
                    self.send_header("X-Error-Code", "EntryNotFound")
                else:
                    self.send_header("ETag", f'"{hashlib.sha1(body).hexdigest()}"')
                    commit = re.search(r"/resolve/([0-9a-f]{40})/", self.path)
                    self.send_header("X-Repo-Commit", commit[1] if commit else "")
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"" if with_body else b"")

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}", seen

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def looped(tmp_path: Path) -> Build:
    """Two rounds of a MatMul `inner` in a Loop, then a MatMul `head`: `x` (batch, 32) to `y` (batch, 8).

    The body's weight is stored around it, or as a Constant in it where `constant` says so.
    """

    def build(name: str = "looped.onnx", *, constant: bool = False) -> Path:
        stored = weights(5, inner__weight=(32, 32), head__weight=(32, 8))
        inside = stored.pop(0) if constant else None
        port = helper.make_tensor_value_info
        body = helper.make_graph(
            [
                *([helper.make_node("Constant", [], ["inner.weight"], value=inside)] if inside else []),
                helper.make_node("Identity", ["going"], ["on"]),
                helper.make_node("MatMul", ["state", "inner.weight"], ["next"], name="inner"),
            ],
            "body",
            [
                port("i", TensorProto.INT64, []),
                port("going", TensorProto.BOOL, []),
                port("state", TensorProto.FLOAT, None),
            ],
            [port("on", TensorProto.BOOL, []), port("next", TensorProto.FLOAT, None)],
        )
        nodes = [
            helper.make_node("Loop", ["rounds", "always", "x"], ["h"], name="loop", body=body),
            helper.make_node("MatMul", ["h", "head.weight"], ["y"], name="head"),
        ]
        flags = [
            numpy_helper.from_array(np.asarray(2, np.int64), "rounds"),
            numpy_helper.from_array(np.asarray(True), "always"),
        ]
        return save(tmp_path / name, nodes, [("x", ["batch", 32])], [("y", ["batch", 8])], [*stored, *flags])

    return build
