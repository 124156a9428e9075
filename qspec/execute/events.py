"""Times calls by events on a CUDA device's own stream, and reads its memory, through the CUDA runtime that is installed."""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qspec.errors import NotExecutableError

_NAMES = ("libcudart.so.13", "libcudart.so.12", "libcudart.so", "cudart64_12.dll")
_PACKAGES = ("nvidia.cuda_runtime", "nvidia.cu13")
_NON_BLOCKING = 1


class DeviceTimer:
    """A stream of a device with a pair of events on it; `stream` is what the runtime is told to compute on.

    `library` is the CUDA runtime's C interface; every call of it returns a status, of which 0 is success.
    """

    def __init__(self, library: Any, device: int = 0) -> None:
        self._library = library
        self._stream, self._start, self._end = (ctypes.c_void_p() for _ in range(3))
        self._milliseconds = ctypes.c_float()
        self._do("cudaSetDevice", device)
        self._do("cudaStreamCreateWithFlags", ctypes.byref(self._stream), _NON_BLOCKING)
        for event in (self._start, self._end):
            self._do("cudaEventCreate", ctypes.byref(event))

    @property
    def stream(self) -> int:
        """The stream's address."""
        return self._stream.value or 0

    def timed(self, call: Callable[[], object]) -> Callable[[], object]:
        """The call between the two events, which returns when the device has reached the second."""

        def between() -> None:
            self._do("cudaEventRecord", self._start, self._stream)
            call()
            self._do("cudaEventRecord", self._end, self._stream)
            self._do("cudaEventSynchronize", self._end)

        return between

    def seconds(self) -> float:
        """Seconds on the device between the events of the last call; their resolution is about half a microsecond."""
        self._do("cudaEventElapsedTime", ctypes.byref(self._milliseconds), self._start, self._end)
        return self._milliseconds.value / 1e3

    def memory(self) -> int:
        """Bytes of the device's memory in use, by every process."""
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        self._do("cudaMemGetInfo", ctypes.byref(free), ctypes.byref(total))
        return total.value - free.value

    def _do(self, name: str, *arguments: Any) -> None:
        status = getattr(self._library, name)(*arguments)
        if status != 0:
            raise NotExecutableError(
                f"The CUDA runtime answered {name} with the error {status}: {self._explained(status)}.",
                hint="check that `nvidia-smi` lists the device and that its driver fits the CUDA runtime",
            )

    def _explained(self, status: int) -> str:
        explain = self._library.cudaGetErrorString
        explain.restype = ctypes.c_char_p
        text: bytes | None = explain(status)
        return text.decode("utf-8", "replace") if text else "it does not say why"


def open_timer(device: int = 0) -> DeviceTimer:
    """A timer of a CUDA device; raises `NotExecutableError` where the CUDA runtime or the device is missing."""
    return DeviceTimer(_library(), device)


def _library() -> Any:
    for name in (*_installed(), *_NAMES):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise NotExecutableError(
        "The CUDA runtime library (libcudart) is not found, so nothing can be timed on the device.",
        hint="install the `gpu` extra (`pip install 'qspec[gpu]'`) on a machine with an NVIDIA driver",
    )


def _installed() -> list[str]:
    """The library as pip installs it, which the system's loader does not know."""
    found = []
    for package in _PACKAGES:
        try:
            spec = importlib.util.find_spec(package)
        except ImportError:
            continue
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            found += [str(path) for path in sorted(Path(folder).glob("lib/libcudart.so.*"))]
    return found
