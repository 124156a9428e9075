"""Opens a model on a provider with everything that changes its results fixed, and refuses what cannot be honoured."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.errors import NotExecutableError, QSpecError, runtime_message
from qspec.execute.events import DeviceTimer, open_timer
from qspec.execute.machine import cores
from qspec.execute.providers import find_provider, load_runtime, preload_libraries, sort_options

Arrays = dict[str, NDArray[Any]]
Shape = Sequence[int | str | None]

OPTIMIZATION = {
    "none": "ORT_DISABLE_ALL",
    "basic": "ORT_ENABLE_BASIC",
    "extended": "ORT_ENABLE_EXTENDED",
    "all": "ORT_ENABLE_ALL",
}
# Idle threads that spin burn CPU time that no model asked for, and disturb whoever else is on the machine.
_FIXED = {"session.intra_op.allow_spinning": "0", "session.inter_op.allow_spinning": "0"}
_MOST_THREADS = 4096
_ELEMENT = re.compile(r"tensor\((.+)\)")
_NUMPY_NAMES = {"float": "float32", "double": "float64", "string": "object"}


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output: name, element type as numpy calls it, and shape, with names for free dimensions."""

    name: str
    dtype: str
    shape: tuple[int | str | None, ...]

    def __str__(self) -> str:
        inner = ", ".join("?" if size is None else str(size) for size in self.shape)
        return f"{self.name}: {self.dtype}[{inner}]"


class Session:
    """A model that is loaded and ready to run; made by `open_session`.

    `settings` is what a record needs to open the same session again. `run` takes a dictionary of arrays whose
    names and types are the model's and returns its outputs in order; on a device it binds inputs and outputs.
    """

    def __init__(
        self,
        inference: Any,
        path: Path,
        provider: str,
        settings: dict[str, Any],
        timer: DeviceTimer | None = None,
    ) -> None:
        self.path, self.provider, self.settings = path, provider, settings
        self.inputs = tuple(_port(item) for item in inference.get_inputs())
        self.outputs = tuple(_port(item) for item in inference.get_outputs())
        self.device: str = settings["device"]
        self.timer = timer
        """The device's own clock, by which prepared calls are timed; None where the model runs on the processor."""
        self.device_id = _device_id(settings["options"])
        self._inference = inference
        names = [port.name for port in self.outputs]
        # A partial over the runtime's own method: the evaluation loop pays for no frame of ours.
        self.run: Callable[[Mapping[str, NDArray[Any]]], list[NDArray[Any]]] = (
            functools.partial(inference.run, names) if self.device == "cpu" else self._run_bound
        )

    @property
    def in_place(self) -> bool:
        """Whether the runtime can write outputs into memory that is given to it: not a reference, not a device's."""
        return self.device == "cpu" and self.provider != "torch"

    @property
    def batch_size(self) -> int | None:
        """The batch size the model was exported with, or None when it takes any.

        A switch (a single boolean, such as `use_cache_branch`) has no batch.
        """
        sizes = [
            port.shape[0] for port in self.inputs if port.shape and (port.dtype, port.shape) != ("bool", (1,))
        ]
        fixed = [size for size in sizes if isinstance(size, int)]
        return fixed[0] if fixed else None

    def prepare(self, feeds: Arrays) -> Callable[[], object]:
        """A call that runs the same inputs again and returns when the outputs are there, for timing.

        On a device the inputs are copied there once and the outputs stay there, so that the copies are not timed.
        """
        if self.device == "cpu":
            return functools.partial(self.run, feeds)
        runtime = load_runtime()
        binding = self._inference.io_binding()
        for name, array in feeds.items():
            value = runtime.OrtValue.ortvalue_from_numpy(array, self.device, self.device_id)
            binding.bind_ortvalue_input(name, value)
        self._bind_outputs(binding)
        run, synchronize = self._inference.run_with_iobinding, binding.synchronize_outputs

        def call() -> None:
            run(binding)
            synchronize()

        return call if self.timer is None else self.timer.timed(call)

    def _run_bound(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        binding = self._inference.io_binding()
        for name, array in feeds.items():
            binding.bind_cpu_input(name, np.ascontiguousarray(array))
        self._bind_outputs(binding)
        self._inference.run_with_iobinding(binding)
        outputs: list[NDArray[Any]] = binding.copy_outputs_to_cpu()
        return outputs

    def _bind_outputs(self, binding: Any) -> None:
        for port in self.outputs:
            binding.bind_output(port.name, self.device, self.device_id)

    def check_inputs(self, shapes: Mapping[str, Shape], dtypes: Mapping[str, str] | None = None) -> list[str]:
        """One sentence for each way in which arrays of these shapes (batch first) and types do not fit the model.

        A size that is None or a word is unknown and fits anything. Nothing is returned when all is well.
        """
        known = {port.name: port for port in self.inputs}
        listing = "; ".join(str(port) for port in self.inputs)
        wrong = [
            f"The model {self.path.name} has no input {name!r}; it takes {listing}."
            for name in shapes
            if name not in known
        ]
        for name, port in known.items():
            if name not in shapes:
                wrong.append(f"The model {self.path.name} needs the input {port}, and nothing is fed to it.")
            elif not _fits(shapes[name], port.shape):
                given = ", ".join("?" if size is None else str(size) for size in shapes[name])
                wrong.append(
                    f"The input {port} of {self.path.name} does not take the shape [{given}]"
                    f"{_reshaped(shapes[name], port.shape)}."
                )
            if dtypes and name in dtypes and not _castable(dtypes[name], port.dtype):
                wrong.append(
                    f"The input {port} of {self.path.name} does not take {dtypes[name]}; "
                    f"add a cast to {port.dtype} to the pipeline."
                )
        return wrong


def open_session(
    model: Path,
    *,
    provider: str = "cpu",
    threads: int | None = None,
    inter_threads: int = 1,
    graph_optimization: str = "all",
    options: Mapping[str, Any] | None = None,
) -> Session:
    """Open `model` (an ONNX file) on `provider` with `threads` within and `inter_threads` between operators.

    `threads` is every core this process may use unless given. Raises NotExecutableError when the provider is
    not here or does not start, never falling back to another, and QSpecError when the model does not load or
    an option is unknown.
    """
    chosen = find_provider(provider)
    sorted_options = sort_options(provider, options or {})
    threads = cores() if threads is None else threads
    _check_threads(threads, inter_threads)
    if graph_optimization not in OPTIMIZATION:
        raise QSpecError(
            f"There is no graph optimization level {graph_optimization!r}.",
            hint=f"levels are {', '.join(OPTIMIZATION)}",
        )
    if not model.is_file():
        raise QSpecError(f"There is no model file {model}.")
    runtime = load_runtime()
    preload_libraries(runtime, chosen)
    timer = open_timer(_device_id(sorted_options.provider)) if chosen.device != "cpu" else None
    settings = {
        "provider": provider,
        "device": chosen.device,
        "threads": threads,
        "inter_threads": inter_threads,
        "graph_optimization": graph_optimization,
        "options": sorted_options.provider,
        "session_options": {**_FIXED, **sorted_options.session},
        "deterministic": True,
        "runtime": f"onnxruntime {runtime.__version__}",
    }
    try:
        inference = runtime.InferenceSession(
            str(model),
            session_options(runtime, settings),
            providers=chosen.requested(sorted_options.provider, timer.stream if timer is not None else None),
        )
    except Exception as error:  # the runtime's own exceptions share no narrower base
        raise _load_failure(model, provider, error) from error
    inference.disable_fallback()
    ran = inference.get_providers()
    if ran[0] != chosen.title:
        raise NotExecutableError(
            f"The provider {provider!r} did not start: the runtime put {ran[0]} in its place, which was refused.",
            hint=f"check the driver and the libraries; {chosen.get}",
        )
    return Session(inference, model, provider, settings, timer)


def session_options(runtime: Any, settings: Mapping[str, Any]) -> Any:
    """The runtime's options for a session with these `Session.settings`."""
    options = runtime.SessionOptions()
    options.intra_op_num_threads = settings["threads"]
    options.inter_op_num_threads = settings["inter_threads"]
    parallel = settings["inter_threads"] > 1
    mode = runtime.ExecutionMode
    options.execution_mode = mode.ORT_PARALLEL if parallel else mode.ORT_SEQUENTIAL
    level = OPTIMIZATION[settings["graph_optimization"]]
    options.graph_optimization_level = getattr(runtime.GraphOptimizationLevel, level)
    options.use_deterministic_compute = True
    options.log_severity_level = 4
    for key, value in settings["session_options"].items():
        if key in ("enable_cpu_mem_arena", "enable_mem_pattern"):
            setattr(options, key, value not in ("0", "false", "False"))
        else:
            options.add_session_config_entry(key, value)
    return options


def _device_id(options: Mapping[str, str]) -> int:
    text = options.get("device_id", "0")
    if not text.isdecimal() or len(text) > 4:
        raise QSpecError(
            f"The option 'device_id' is the number of a device, and not {text!r}.", hint="the first is 0"
        )
    return int(text)


def _check_threads(threads: int, inter_threads: int) -> None:
    for what, value in (("threads", threads), ("inter-threads", inter_threads)):
        if not 1 <= value <= _MOST_THREADS:
            raise QSpecError(f"The runtime's {what} must lie between 1 and {_MOST_THREADS}, not {value}.")


def _load_failure(model: Path, provider: str, error: Exception) -> QSpecError:
    message = runtime_message(error)
    if "NOT_IMPLEMENTED" in str(error):
        return NotExecutableError(
            f"The provider {provider!r} has no kernel for something in {model.name}: {message}.",
            hint="another provider, runtime version or precision may have it",
        )
    return QSpecError(
        f"The model {model} does not load: {message}.", hint="export it again, or check its digest"
    )


def _port(item: Any) -> Port:
    match = _ELEMENT.fullmatch(item.type)
    element = match.group(1) if match else item.type
    shape = tuple(size if isinstance(size, int | str) else None for size in item.shape)
    return Port(item.name, _NUMPY_NAMES.get(element, element), shape)


def _fits(given: Shape, declared: Shape) -> bool:
    if len(given) != len(declared):
        # The runtime tells a tensor of unknown rank and a scalar alike, as an empty shape.
        return not declared
    return all(
        not (isinstance(have, int) and isinstance(want, int)) or have == want
        for have, want in zip(given, declared, strict=True)
    )


def _reshaped(given: Shape, declared: Shape) -> str:
    """What to add to a sentence where examples of the same values in the same order only have other axes."""
    have = [size for size in given[1:] if isinstance(size, int)]
    want = [size for size in declared[1:] if isinstance(size, int)]
    if len(have) != len(given) - 1 or len(want) != len(declared) - 1 or not want:
        return ""
    flat = min(len(have), len(want)) == 1 and math.prod(have) == math.prod(want)
    same = [size for size in have if size != 1] == [size for size in want if size != 1]
    return f"; add reshape({', '.join(map(str, want))}) to the pipeline" if flat or same else ""


def _castable(have: str, want: str) -> bool:
    """True where the evaluation may cast by itself: the same type, or one width of float to another."""
    return have == want or (have.startswith("float") and want in ("float16", "float32", "float64"))
