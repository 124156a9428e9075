from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from qspec.errors import QSpecError
from qspec.execute import alone
from qspec.execute.alone import latency_rounds, run_alone
from qspec.execute.memory import device_memory, peak_memory, resident_memory
from qspec.execute.sessions import open_session


def feeds(rows: int = 2) -> dict[str, np.ndarray]:
    return {"x": np.ones((rows, 4), np.float32)}


@pytest.fixture
def session(linear):
    return open_session(linear(), threads=1, options={"enable_cpu_mem_arena": False})


def test_a_model_alone_gives_times_and_its_own_peak(session):
    result = run_alone(session, feeds(), calls=7)
    assert result.seconds.shape == (7,)
    assert (result.seconds > 0).all()
    assert result.before is not None
    assert result.peak is not None
    assert result.peak > result.before > 1 << 20
    assert result.device is None


def test_a_larger_model_has_a_larger_peak_and_this_process_does_not_count(linear):
    ballast = np.ones(50_000_000)  # 400 MB that belong to nobody but this process
    small, large = (
        run_alone(open_session(linear(f"{n}.onnx", outer=n), threads=1), feeds(), calls=2)
        for n in (8, 4_000_000)
    )
    assert ballast.nbytes > small.peak
    assert large.peak - small.peak > 60e6


def test_a_child_does_not_inherit_its_parents_peak():
    code = (
        "import subprocess, sys\n"
        "ballast = bytearray(300 << 20)\n"
        "inner = 'from qspec.execute.memory import peak_memory; print(peak_memory())'\n"
        "print(subprocess.run([sys.executable, '-c', inner], capture_output=True, text=True).stdout)"
    )
    reply = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(reply.stdout) < 200 << 20


def test_memory_readings_agree():
    assert 0 < resident_memory() <= peak_memory()
    assert device_memory() is None or device_memory() > 0


def test_rounds_are_processes_of_their_own(session):
    rounds = latency_rounds(session, feeds(), rounds=2, calls=5)
    assert [len(seconds) for seconds in rounds] == [5, 5]


def test_what_fails_in_the_child_is_the_same_sentence_here(session, linear):
    session.path.write_bytes(b"broken")
    with pytest.raises(QSpecError, match="does not load"):
        run_alone(session, feeds(), calls=1)
    other = open_session(linear("other.onnx"), threads=1)
    other.settings["provider"] = "qnn"
    with pytest.raises(QSpecError, match="'qnn' is not in this build"):
        run_alone(other, feeds(), calls=1)


def test_a_child_that_dies_is_a_sentence(session, monkeypatch):
    def ends(code: int, stderr: bytes = b""):
        return lambda *args, **kwargs: subprocess.CompletedProcess(args, code, b"", stderr)

    monkeypatch.setattr(alone.subprocess, "run", ends(-9))
    with pytest.raises(QSpecError, match="killed by signal 9"):
        run_alone(session, feeds(), calls=1)
    monkeypatch.setattr(alone.subprocess, "run", ends(1, b"Traceback\nMemoryError"))
    with pytest.raises(QSpecError, match="failed: MemoryError"):
        run_alone(session, feeds(), calls=1)


def test_a_child_that_takes_too_long_is_a_sentence(session):
    with pytest.raises(QSpecError, match="did not finish within"):
        run_alone(session, feeds(), calls=10**9, most_seconds=0.3)


def test_no_calls_measure_nothing(session):
    with pytest.raises(QSpecError, match="at least once"):
        run_alone(session, feeds(), calls=0)
