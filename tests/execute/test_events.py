"""Calls on a CUDA device are timed by events on its stream; without one there is a sentence."""

from __future__ import annotations

import ctypes
import dataclasses

import numpy as np
import pytest

from qspec.errors import NotExecutableError, QSpecError
from qspec.execute import events, providers, sessions
from qspec.execute.arrivals import Clock, in_a_row
from qspec.execute.events import DeviceTimer
from qspec.execute.measure import Profile, measure
from qspec.execute.sessions import open_session
from qspec.execute.timings import Noise


class FakeCuda:
    """The part of the CUDA runtime's C interface that is used; a device whose clock stands still between calls."""

    def __init__(self, failing: str | None = None) -> None:
        self.failing, self.now = failing, 0.0
        self.log: list[str] = []
        self.marks: dict[int, float] = {}
        self.effects = {
            "cudaStreamCreateWithFlags": self.stream_create,
            "cudaEventCreate": self.event_create,
            "cudaEventRecord": self.event_record,
            "cudaEventElapsedTime": self.elapsed_time,
            "cudaMemGetInfo": self.mem_get_info,
        }

        def explain(status: int) -> bytes:
            return b"no CUDA-capable device is detected"

        self.cudaGetErrorString = explain

    def __getattr__(self, name: str):
        if not name.startswith("cuda"):
            raise AttributeError(name)

        def function(*arguments):
            self.log.append(name)
            if name == self.failing:
                return 100
            if name in self.effects:
                self.effects[name](*arguments)
            return 0

        return function

    def stream_create(self, stream, flags):
        stream._obj.value = 0xABC0

    def event_create(self, event):
        event._obj.value = 1 + self.log.count("cudaEventCreate")

    def event_record(self, event, stream):
        assert stream.value == 0xABC0
        self.marks[event.value] = self.now

    def elapsed_time(self, result, start, end):
        result._obj.value = 1e3 * (self.marks[end.value] - self.marks[start.value])

    def mem_get_info(self, free, total):
        free._obj.value, total._obj.value = 3 << 30, 16 << 30


def test_a_call_is_timed_between_two_events_on_one_stream():
    cuda = FakeCuda()
    timer = DeviceTimer(cuda, 1)

    def call() -> None:
        cuda.log.append("run")
        cuda.now += 0.25

    timed = timer.timed(call)
    cuda.log.clear()
    timed()
    assert cuda.log == ["cudaEventRecord", "run", "cudaEventRecord", "cudaEventSynchronize"]
    assert timer.seconds() == pytest.approx(0.25)
    assert timer.stream == 0xABC0
    assert timer.memory() == 13 << 30


def test_what_stands_behind_tensorrt_computes_on_the_same_stream():
    asked = dict(providers.PROVIDERS["tensorrt"].requested({"trt_fp16_enable": "1"}, 7))
    assert asked == {
        "TensorrtExecutionProvider": {"trt_fp16_enable": "1", "user_compute_stream": "7"},
        "CUDAExecutionProvider": {"user_compute_stream": "7"},
        "CPUExecutionProvider": {},
    }


@pytest.mark.parametrize("name", ["cudaSetDevice", "cudaStreamCreateWithFlags", "cudaEventCreate"])
def test_a_device_that_does_not_answer_is_a_sentence(name: str):
    with pytest.raises(
        NotExecutableError, match=f"{name} with the error 100: no CUDA-capable device"
    ) as caught:
        DeviceTimer(FakeCuda(name))
    assert "nvidia-smi" in (caught.value.hint or "")


def test_without_the_cuda_runtime_there_is_a_sentence(monkeypatch):
    def refuse(name: str):
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    with pytest.raises(NotExecutableError, match="libcudart") as caught:
        events.open_timer()
    assert "qspec[gpu]" in (caught.value.hint or "")


def test_the_runtime_computes_on_the_stream_that_is_timed(linear, monkeypatch):
    runtime = providers.load_runtime()
    monkeypatch.setattr(
        runtime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    monkeypatch.setattr(sessions, "open_timer", lambda device: DeviceTimer(FakeCuda(), device))
    asked = []
    genuine = runtime.InferenceSession

    class OnCuda:
        def __init__(self, path, options, providers):
            asked.extend(providers)
            self.real = genuine(path, options, providers=["CPUExecutionProvider"])

        def __getattr__(self, name):
            return getattr(self.real, name)

        def get_providers(self):
            return ["CUDAExecutionProvider", "CPUExecutionProvider"]

    monkeypatch.setattr(runtime, "InferenceSession", OnCuda)
    session = open_session(linear(), provider="cuda", options={"device_id": 0})
    assert asked == [
        ("CUDAExecutionProvider", {"device_id": "0", "user_compute_stream": str(0xABC0)}),
        ("CPUExecutionProvider", {}),
    ]
    # An address of this process is no setting: another process opens a stream of its own.
    assert session.settings["options"] == {"device_id": "0"}
    assert session.timer is not None


def test_a_device_is_named_by_its_number(linear, monkeypatch):
    runtime = providers.load_runtime()
    monkeypatch.setattr(runtime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    with pytest.raises(QSpecError, match="'device_id' is the number of a device, and not 'first'"):
        open_session(linear(), provider="cuda", options={"device_id": "first"})


def test_calls_in_a_row_are_by_the_devices_clock_where_there_is_one():
    ticks = iter(range(100))
    row = in_a_row(lambda: None, 3, Clock(lambda: float(next(ticks)), lambda: 0.0), lambda: 0.125)
    assert list(row.seconds) == [0.125] * 3
    assert row.wall == 1.0
    by_wall = in_a_row(lambda: None, 3, Clock(lambda: float(next(ticks)), lambda: 0.0))
    assert list(by_wall.seconds) == [1.0] * 3
    assert by_wall.wall == 3.0


class OnDevice:
    """A session whose calls take so long on a device, and so much longer by the wall."""

    def __init__(self, session, host, seconds: float, waiting: float) -> None:
        self.session, self.host, self.took, self.waiting = session, host, seconds, waiting
        self.device, self.timer = "cuda", self

    def __getattr__(self, name):
        return getattr(self.session, name)

    def seconds(self) -> float:
        return self.took

    def prepare(self, feeds):
        def call() -> None:
            self.host.now += self.took + self.waiting

        return call


class Host:
    now = 0.0

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, lambda: 0.0)


def on_device(linear, waiting=(0.0, 0.0)):
    host = Host()
    pair = [open_session(linear(name), threads=1) for name in ("a.onnx", "b.onnx")]
    models = [OnDevice(s, host, t, w) for s, t, w in zip(pair, (0.004, 0.002), waiting, strict=True)]
    x = {"x": np.ones((8, 4), np.float32)}
    return measure(*models, x, batch=4, profile=Profile("tiny", 0.5, 64), clock=host.clock)


def test_a_pair_on_a_device_is_compared_by_its_events(linear):
    timings = on_device(linear, (0.001, 0.001))
    assert np.median(timings.baseline.rounds) == 0.004
    assert np.median(timings.baseline.wall) == pytest.approx(0.005)
    assert timings.noise.device_ratio == pytest.approx(2)
    assert timings.noise.wall_ratio == pytest.approx(5 / 3)
    assert timings.noise.cpu_ratio is None
    assert not timings.noise.noisy


def test_a_host_that_holds_the_device_up_is_noisy(linear):
    timings = on_device(linear, (0.012, 0.0))
    assert timings.noise.noisy
    assert "the device's own clock" in (timings.noise.reason or "")
    quiet = dataclasses.replace(timings.noise, wall_ratio=2.0)
    assert isinstance(quiet, Noise)
    assert not quiet.noisy
