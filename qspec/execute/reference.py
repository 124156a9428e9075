"""Runs an exported program of PyTorch as the reference that an ONNX file was made from, operator by operator.

Operators are PyTorch's own (`torch.ops.aten`) and arithmetic on sizes; anything else a file names is refused, and no Python of
the file's is ever run.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.data.paths import inside, verify_digest
from qspec.errors import NotExecutableError, Place, QSpecError
from qspec.execute.located import located
from qspec.execute.plan import Plan
from qspec.execute.program import Program, Stored, as_described, read_program
from qspec.execute.realize import Side
from qspec.execute.sessions import Port, Session
from qspec.execute.sources import locate

_SIZES: dict[str, Callable[..., Any]] = {
    **{f"_operator.{name}": getattr(operator, name) for name in (
        "add", "sub", "mul", "floordiv", "truediv", "mod", "neg", "eq", "ne", "lt", "le", "gt", "ge", "and_", "or_", "not_"
    )},
    "torch.sym_int": int,
    "torch.sym_float": float,
    "torch.sym_max": max,
    "torch.sym_min": min,
    "torch.sym_not": operator.not_,
    "math.ceil": math.ceil,
    "math.floor": math.floor,
    "math.trunc": math.trunc,
}  # fmt: skip
"""Arithmetic on sizes, by the names it is exported under."""
_ATEN = "torch.ops.aten."
# Operators that open files or make a tensor of memory that is not the program's own.
_REFUSED = frozenset({"from_file", "set_", "resize_", "resize_as_", "_foreach_copy_", "record_stream"})
_MEMORY_FORMATS = {1: "contiguous_format", 2: "channels_last", 3: "channels_last_3d", 4: "preserve_format"}
_SCALAR_TYPES = {
    1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32", 8: "float64",
    9: "complex32", 10: "complex64", 11: "complex128", 12: "bool", 13: "bfloat16",
}  # fmt: skip
_PLAIN = frozenset(
    {"as_int", "as_ints", "as_float", "as_floats", "as_bool", "as_bools", "as_string", "as_strings"}
)
_NAMED = frozenset({"as_tensor", "as_sym_int", "as_sym_float", "as_sym_bool", "as_optional_tensor"})
_LISTS = frozenset({"as_tensors", "as_sym_ints", "as_sym_floats", "as_sym_bools", "as_optional_tensors"})


def load_torch() -> ModuleType:
    """The torch package; raises NotExecutableError with how to get it when it is not installed."""
    try:
        import torch
    except ImportError as error:
        raise NotExecutableError(
            "PyTorch is not installed, so the reference model cannot be run.",
            hint="install the `torch` extra (`pip install 'qspec[torch]'`), or leave `reference` out of the model",
        ) from error
    return torch  # type: ignore[no-any-return]


def open_reference(path: Path, like: Session) -> Session:
    """The exported program at `path` as a session that stands in for `like`: its inputs by name, its outputs in order.

    Raises `QSpecError` where the two do not fit, or the program asks for something that is not run here.
    """
    torch = load_torch()
    program = read_program(path)
    with as_described(path):
        graph = _Graph(program, torch, path, int(like.settings["threads"]))
    _check(graph, like, path)
    settings = {**like.settings, "provider": "torch", "runtime": f"torch {torch.__version__}", "options": {}}
    return Session(graph, path, "torch", settings)


def _check(graph: _Graph, like: Session, path: Path) -> None:
    theirs, ours = [port.name for port in like.inputs], [port.name for port in graph.inputs]
    if len(ours) == len(theirs) == 1:
        graph.rename_input(theirs[0])
    elif sorted(ours) != sorted(theirs):
        raise QSpecError(
            f"The exported program {path.name} takes {', '.join(ours) or 'no input'}, and {like.path.name} takes "
            f"{', '.join(theirs)}.",
            place=Place(str(path)),
            hint="export both from one model, with the same names of inputs",
        )
    if len(graph.program.outputs) != len(like.outputs):
        raise QSpecError(
            f"The exported program {path.name} has {len(graph.program.outputs)} outputs, and {like.path.name} has "
            f"{len(like.outputs)}.",
            place=Place(str(path)),
            hint="export both from one model",
        )
    graph.output_ports = like.outputs


@dataclass(frozen=True, slots=True)
class _Item:
    """A port as the runtime's own sessions describe theirs."""

    name: str
    type: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    """One node, resolved: what is called, with which arguments, and under which names its results go."""

    call: Callable[..., Any]
    positional: tuple[Callable[[Mapping[str, Any]], Any], ...]
    named: dict[str, Callable[[Mapping[str, Any]], Any]]
    results: tuple[str | tuple[str, ...], ...]
    last_used: tuple[str, ...]


class _Graph:
    """A program that is ready to run; offers what `Session` asks of the runtime's own sessions."""

    def __init__(self, program: Program, torch: ModuleType, path: Path, threads: int) -> None:
        self.program, self.torch, self.path, self.threads = program, torch, path, threads
        self.held = {name: self._constant(value) for name, value in program.held.items()}
        self.inputs = [
            _Item(name, f"tensor({value.dtype})", value.sizes) for name, value in program.inputs.items()
        ]
        self.output_ports: tuple[Port, ...] = ()
        self._names = {item.name: item.name for item in self.inputs}
        last: dict[str, int] = {}
        for number, node in enumerate(program.nodes):
            last |= dict.fromkeys(_names(node["inputs"]), number)
        kept = {*program.outputs, *self.held}
        ends: dict[int, list[str]] = {}
        for name, number in last.items():
            if name not in kept:
                ends.setdefault(number, []).append(name)
        self.steps = [self._step(node, tuple(ends.get(i, ()))) for i, node in enumerate(program.nodes)]

    def rename_input(self, name: str) -> None:
        """Take the only input under another name."""
        (only,) = self.inputs
        self._names = {name: only.name}
        self.inputs = [_Item(name, only.type, only.shape)]

    def get_inputs(self) -> Sequence[_Item]:
        """The user's inputs."""
        return self.inputs

    def get_outputs(self) -> Sequence[_Item]:
        """The outputs, under the names they have in the ONNX file."""
        return [
            _Item(
                port.name,
                f"tensor({port.dtype})",
                tuple(s if isinstance(s, int) else None for s in port.shape),
            )
            for port in self.output_ports
        ]

    def run(self, names: Sequence[str], feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Run the program on arrays by input name; gives all its outputs in order."""
        torch = self.torch
        values = dict(self.held)
        for name, array in feeds.items():
            # A copy: programs may work in place, and the other model reads the same arrays.
            values[self._names[name]] = torch.from_numpy(np.array(array, order="C"))
        threads = torch.get_num_threads()
        torch.set_num_threads(self.threads)
        try:
            with torch.inference_mode():
                for step in self.steps:
                    self._take(step, values)
                outputs = [values[name] for name in self.program.outputs]
                return [
                    one.float().numpy() if one.dtype is torch.bfloat16 else one.numpy() for one in outputs
                ]
        finally:
            torch.set_num_threads(threads)

    def _take(self, step: _Step, values: dict[str, Any]) -> None:
        made = step.call(
            *(read(values) for read in step.positional), **{k: read(values) for k, read in step.named.items()}
        )
        for result, one in zip(step.results, made if len(step.results) > 1 else (made,), strict=True):
            if isinstance(result, tuple):
                values.update(zip(result, one, strict=True))
            else:
                values[result] = one
        for name in step.last_used:
            values.pop(name, None)

    def _constant(self, value: Any) -> Any:
        if not isinstance(value, Stored):
            return value
        dtype = getattr(self.torch, value.dtype)
        if not value.data:
            return self.torch.zeros(value.sizes, dtype=dtype)
        flat = self.torch.frombuffer(bytearray(value.data), dtype=dtype)
        return flat.as_strided(value.sizes, value.strides, value.offset)

    # Nodes -----------------------------------------------------------------------------------

    def _step(self, node: Mapping[str, Any], last_used: tuple[str, ...]) -> _Step:
        positional, named = [], {}
        for given in node["inputs"]:
            read = self._argument(given["arg"])
            if given["kind"] == 2:
                named[str(given["name"])] = read
            else:
                positional.append(read)
        results = tuple(_result(one) for one in node["outputs"])
        return _Step(self._operator(str(node["target"])), tuple(positional), named, results, last_used)

    def _operator(self, target: str) -> Callable[..., Any]:
        if target in _SIZES:
            return _SIZES[target]
        name, _, overload = target.removeprefix(_ATEN).partition(".")
        packet: Any = None
        if (
            target.startswith(_ATEN)
            and name.isidentifier()
            and overload.isidentifier()
            and name not in _REFUSED
        ):
            packet = getattr(self.torch.ops.aten, name, None)
        known = packet.overloads() if isinstance(packet, self.torch._ops.OpOverloadPacket) else ()
        found = getattr(packet, overload) if overload in known else None
        if found is None:
            raise NotExecutableError(
                f"The exported program {self.path.name} calls `{target[:80]}`, which is not run here.",
                place=Place(str(self.path)),
                hint="export it with operators of `torch.ops.aten` alone: `run_decompositions()` before saving",
            )
        return found  # type: ignore[no-any-return]

    def _argument(self, argument: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Any]:
        ((form, said),) = argument.items()
        if form in _NAMED:
            return _named(said)
        if form in _LISTS:
            parts = [_named(one) for one in said]
            return lambda values: [part(values) for part in parts]
        return functools.partial(_itself, self._plain(form, said))

    def _plain(self, form: str, said: Any) -> Any:
        """An argument that is no value of the graph; the device is always the processor."""
        if form == "as_none":
            return None
        if form in _PLAIN:
            return said
        if form == "as_scalar_type" and said in _SCALAR_TYPES:
            return getattr(self.torch, _SCALAR_TYPES[said])
        if form == "as_memory_format" and said in _MEMORY_FORMATS:
            return getattr(self.torch, _MEMORY_FORMATS[said])
        if form == "as_layout" and said == 7:
            return self.torch.strided
        if form == "as_device":
            return self.torch.device("cpu")
        raise NotExecutableError(
            f"The exported program {self.path.name} has an argument of the kind `{form[:40]}`, which is not run here.",
            place=Place(str(self.path)),
            hint="export it for inference, with tensors and numbers alone",
        )


def _itself(value: Any, values: Mapping[str, Any]) -> Any:
    return value


def _named(said: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Any]:
    """Reads a value of the graph by its name, or a size that is written out."""
    ((form, inner),) = said.items() if len(said) == 1 else (("name", said["name"]),)
    if form in ("name", "as_name"):
        return operator.itemgetter(str(inner))
    if form == "as_tensor":
        return operator.itemgetter(str(inner["name"]))
    return functools.partial(_itself, None if form == "as_none" else inner)


def _result(output: Mapping[str, Any]) -> str | tuple[str, ...]:
    ((form, said),) = output.items()
    if form in _LISTS:
        return tuple(str(_name(one)) for one in said)
    return str(_name(said)) if form != "as_none" else "_"


def _name(said: Mapping[str, Any]) -> Any:
    inner = said.get("as_tensor", said)
    return inner.get("name", inner.get("as_name"))


def _names(inputs: Any) -> list[str]:
    """Every name that the arguments of a node mention."""
    if isinstance(inputs, Mapping):
        own = [str(inputs[key]) for key in ("name", "as_name") if key in inputs and "arg" not in inputs]
        return own + [name for value in inputs.values() for name in _names(value)]
    if isinstance(inputs, list):
        return [name for value in inputs for name in _names(value)]
    return []


def reference_model(plan: Plan) -> Side | None:
    """The exported program that the baseline was made from, its digest verified; None where the spec names none.

    Raises `NotExecutableError` where PyTorch is not installed, before anything is computed.
    """
    if plan.reference is None:
        return None
    side = plan.reference
    with located(side.origin):
        load_torch()
        root, name = locate(plan, plan.root, side.address or str(side.path), side.sha256)
        path = inside(root, name, what="reference model")
        sha256 = verify_digest(path, side.sha256, what="reference model")
    return Side(side.label, path, sha256, sha256, path.stat().st_size, path, read=(path,))
