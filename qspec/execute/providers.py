"""The execution providers that can be named: what the runtime calls them, how to get them, which options they take."""

from __future__ import annotations

import contextlib
import difflib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from qspec.errors import NotExecutableError, ProviderMissingError, QSpecError
from qspec.model.provider_options import PROVIDER_OPTIONS, SESSION_OPTIONS


@dataclass(frozen=True, slots=True)
class Provider:
    """An execution provider: the runtime's name, a sentence on how to get it, options and providers behind it.

    `options` is None where the provider itself refuses options it does not know.
    """

    title: str
    get: str
    options: frozenset[str] | None = frozenset()
    behind: tuple[str, ...] = ()
    device: str = "cpu"

    def requested(
        self, options: Mapping[str, str], stream: int | None = None
    ) -> list[tuple[str, dict[str, str]]]:
        """What the runtime is asked for: this provider with its options, and those that stand behind it with none.

        `stream` is the address of the device's stream that all of them compute on, where one is given.
        """
        asked = [(self.title, dict(options)), *((title, dict[str, str]()) for title in self.behind)]
        if stream is not None:
            for title, given in asked:
                if title in _ON_STREAMS:
                    given["user_compute_stream"] = str(stream)
        return asked


_ON_STREAMS = frozenset({"CUDAExecutionProvider", "TensorrtExecutionProvider"})
_GPU_BUILD = "install the `gpu` extra (`pip install 'qspec[gpu]'`) on a machine with an NVIDIA driver"

PROVIDERS: dict[str, Provider] = {
    "cpu": Provider("CPUExecutionProvider", "install the `execute` extra (`pip install 'qspec[execute]'`)"),
    "cuda": Provider(
        "CUDAExecutionProvider", _GPU_BUILD, PROVIDER_OPTIONS["cuda"], behind=("CPUExecutionProvider",), device="cuda"
    ),
    "tensorrt": Provider(
        "TensorrtExecutionProvider",
        f"{_GPU_BUILD}, and TensorRT's own libraries",
        PROVIDER_OPTIONS["tensorrt"],
        behind=("CUDAExecutionProvider", "CPUExecutionProvider"),
        device="cuda",
    ),
    "openvino": Provider("OpenVINOExecutionProvider", "install a build with OpenVINO, `onnxruntime-openvino`", None),
    "qnn": Provider("QNNExecutionProvider", "install a build for Qualcomm's NPU, `onnxruntime-qnn`", None),
    "coreml": Provider("CoreMLExecutionProvider", "run on macOS, whose build of onnxruntime holds it", None),
    "directml": Provider("DmlExecutionProvider", "install `onnxruntime-directml` on Windows", None),
    "migraphx": Provider("MIGraphXExecutionProvider", "install a build of onnxruntime for ROCm", None),
    "xnnpack": Provider("XnnpackExecutionProvider", "build onnxruntime with XNNPACK", None),
    "nnapi": Provider("NnapiExecutionProvider", "run on Android, whose build of onnxruntime holds it", None),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """Options sorted by what they belong to, each value as the text the runtime wants."""

    provider: dict[str, str] = field(default_factory=dict)
    session: dict[str, str] = field(default_factory=dict)


def load_runtime() -> ModuleType:
    """The onnxruntime package, told to print nothing; raises NotExecutableError when it is not installed."""
    try:
        import onnxruntime
    except ImportError as error:
        raise NotExecutableError(
            "ONNX Runtime is not installed, so no model can be run.", hint=PROVIDERS["cpu"].get
        ) from error
    onnxruntime.set_default_logger_severity(4)
    return onnxruntime  # type: ignore[no-any-return]


def available_providers() -> list[str]:
    """The providers this build of the runtime holds, by the language's names, best first."""
    names = {provider.title: name for name, provider in PROVIDERS.items()}
    return [names.get(title, title) for title in load_runtime().get_available_providers()]


def find_provider(name: str) -> Provider:
    """The provider called `name`, known to be in this build of the runtime; ProviderMissingError otherwise."""
    provider = PROVIDERS.get(name)
    if provider is None:
        raise ProviderMissingError(
            f"There is no execution provider called {name!r}.",
            hint=_nearest(name, PROVIDERS) or f"known are {', '.join(PROVIDERS)}",
        )
    runtime = load_runtime()
    present = runtime.get_available_providers()
    if provider.title not in present:
        here = ", ".join(available_providers())
        raise ProviderMissingError(
            f"The provider {name!r} is not in this build of onnxruntime {runtime.__version__}, which has {here}.",
            hint=provider.get,
        )
    return provider


def sort_options(name: str, options: Mapping[str, Any]) -> Options:
    """Tell the provider's options from the session's; raises QSpecError for one that neither has."""
    known = PROVIDERS[name].options
    sorted_options = Options()
    for key, value in options.items():
        if key in SESSION_OPTIONS:
            sorted_options.session[key] = _text(key, value)
        elif known is None or key in known:
            sorted_options.provider[key] = _text(key, value)
        else:
            candidates = SESSION_OPTIONS | known
            raise QSpecError(
                f"The provider {name!r} has no option {key!r}; the runtime would ignore it in silence.",
                hint=_nearest(key, candidates) or f"options here are {', '.join(sorted(candidates))}",
            )
    return sorted_options


def preload_libraries(runtime: ModuleType, provider: Provider) -> None:
    """Load CUDA and cuDNN as pip installs them, where this build can; what is missing shows on opening."""
    preload = getattr(runtime, "preload_dlls", None)
    if provider.device == "cuda" and preload is not None:
        with contextlib.redirect_stdout(io.StringIO()):
            preload()


def _text(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float | str):
        text = str(value)
        if len(text) <= 1024 and text.isprintable():
            return text
    raise QSpecError(f"The option {key!r} needs a number, a word or true or false.")


def _nearest(name: str, candidates: Mapping[str, Any] | frozenset[str]) -> str | None:
    near = difflib.get_close_matches(name, list(candidates), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else None
