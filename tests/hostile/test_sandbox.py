"""In the sandbox a model that loops, fills memory or kills the runtime is a sentence with exit 2."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from qspec.errors import QSpecError
from qspec.execute.sandbox import Sandbox, run_limited

from .conftest import GIB, MIB, save_model

node = helper.make_node
SMALL = Sandbox(memory=GIB, seconds=2, file_size=MIB)


def endless(path):
    """A loop of 2^62 turns, each an Identity."""

    def port(name, kind, shape):
        return helper.make_tensor_value_info(name, kind, shape)

    body = helper.make_graph(
        [node("Identity", ["going"], ["go"]), node("Identity", ["value"], ["next"])],
        "body",
        [
            port("i", TensorProto.INT64, []),
            port("going", TensorProto.BOOL, []),
            port("value", 1, ["batch", 4]),
        ],
        [port("go", TensorProto.BOOL, []), port("next", 1, ["batch", 4])],
    )
    tensors = [numpy_helper.from_array(np.array(1 << 62), "n"), numpy_helper.from_array(np.array(True), "c")]
    return save_model(path, [node("Loop", ["n", "c", "x"], ["y"], body=body)], tensors)


def greedy(path):
    """A constant of 16 GiB."""
    nodes = [
        node("ConstantOfShape", ["s"], ["c"]),
        node("ReduceSum", ["c"], ["r"], keepdims=0),
        node("Add", ["x", "r"], ["y"]),
    ]
    return save_model(path, nodes, [numpy_helper.from_array(np.array([1 << 32], np.int64), "s")])


def test_a_model_that_never_ends_is_a_sentence(work, spec, attack):
    path = spec()
    before = path.read_bytes()
    endless(work / "m.onnx")
    done = attack("execute", path, "--sandbox", "--sandbox-seconds", 3, seconds=30)
    done.refused(r"s\.qspec used more than the 3 s of processor time(.|\n)*--sandbox-seconds")
    assert path.read_bytes() == before
    assert not list(work.glob("*.record.json"))


def test_a_model_that_fills_memory_is_a_sentence(work, spec, attack):
    path = spec()
    greedy(work / "m.onnx")
    attack("execute", path, "--sandbox", "--sandbox-memory", 1, seconds=30).refused("m.onnx|memory")


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import ctypes; ctypes.string_at(0)", r"a model crashed the runtime \(SIGSEGV\) in the sandbox"),
        ("import os; os.abort()", r"a model crashed the runtime \(SIGABRT\)"),
        ("import os; os.kill(os.getpid(), 9)", "a model was killed in the sandbox"),
        ("while True: pass", "used more than the 2 s of processor time"),
    ],
)
def test_a_process_that_dies_is_a_sentence(program, said):
    with pytest.raises(QSpecError, match=said) as raised:
        run_limited([sys.executable, "-c", program], SMALL, "a model")
    assert raised.value.exit_code == 2


def test_a_process_that_waits_for_ever_is_ended(monkeypatch):
    monkeypatch.setattr(Sandbox, "elapsed", 1)
    with pytest.raises(QSpecError, match="ended in the sandbox after 1 s"):
        run_limited([sys.executable, "-c", "import time; time.sleep(600)"], SMALL, "a model")


def test_what_a_process_started_ends_with_it(tmp_path):
    mark = tmp_path / "pid"
    program = (
        "import pathlib, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "pathlib.Path(sys.argv[1]).write_text(str(child.pid))"
    )
    assert run_limited([sys.executable, "-c", program, str(mark)], SMALL, "a model") == 0
    status = Path("/proc") / mark.read_text() / "status"
    for _ in range(200):
        if not status.exists() or "State:\tZ" in status.read_text():
            return
        time.sleep(0.05)
    raise AssertionError("it still runs")


def test_the_size_of_files_is_limited_by_an_option(work, spec, attack):
    done = attack("execute", spec(), "--sandbox-file", 0.001, "--no-write", "--quiet", seconds=30)
    assert done.code == 0, done
    assert Sandbox.of(None, None, 0.5).file_size == GIB // 2


@pytest.mark.parametrize(
    "program",
    [
        "import sys\ntry:\n    bytearray(2 << 30)\nexcept MemoryError:\n    sys.exit(7)",
        "import sys\ntry:\n    open('/proc/self/fd/1', 'r')\n    f = open(sys.argv[1], 'wb')\n    f.write(bytes(2 << 20))\n"
        "except OSError:\n    sys.exit(7)",
    ],
)
def test_memory_and_files_have_limits(program, tmp_path):
    assert run_limited([sys.executable, "-c", program, str(tmp_path / "large")], SMALL, "a model") == 7


def test_a_good_model_runs_in_the_sandbox_as_outside_it(work, spec, attack):
    path = spec()
    done = attack("execute", path, "--sandbox", "--claim", "c", "--output-format", "json", seconds=30)
    assert done.code == 0, done
    assert '"claims"' in done.out
    assert "measured" in path.read_text()
    assert attack("execute", path, "--claim", "none", "--sandbox", seconds=30).code == 2
