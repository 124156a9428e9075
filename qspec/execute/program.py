"""Reads a PyTorch exported program (`.pt2`) as plain data: its graph as JSON and its weights as raw bytes.

PyTorch's own loader unpickles and evaluates what a file says (`weights_only=False` for some tensors, `sympify` for sizes,
guards as Python source). Nothing of that is used here: what cannot be read as data is refused. The form is that of
`torch.export.save` since PyTorch 2.9 (`torch/_export/serde/schema.py`, `torch/export/pt2_archive`).
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qspec.canonical import parse_json
from qspec.data.archives import DAMAGE
from qspec.data.limits import DEFAULT_LIMITS, Limits
from qspec.errors import NotExecutableError, Place, QSpecError

_AGAIN = "export the model again with `torch.export.save` of PyTorch 2.9 or later"
_TENSORS = {
    "weights": ("data/weights", "model_weights_config.json"),
    "constants": ("data/constants", "model_constants_config.json"),
}
_DTYPES = {
    1: ("uint8", 1),
    2: ("int8", 1),
    3: ("int16", 2),
    4: ("int32", 4),
    5: ("int64", 8),
    6: ("float16", 2),
    7: ("float32", 4),
    8: ("float64", 8),
    12: ("bool", 1),
    13: ("bfloat16", 2),
}
"""The schema's numbers of element types: PyTorch's names and bytes an element."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor as it lies in the archive: raw little-endian bytes, element type, and its view of them in elements."""

    data: bytes
    dtype: str
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of a tensor of the graph: element type, and sizes, None where they are free."""

    dtype: str
    sizes: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """An exported program. `nodes` are the schema's, `held` what inputs that are no user's hold, by their names."""

    nodes: list[dict[str, Any]]
    inputs: dict[str, Value]
    outputs: list[str]
    held: dict[str, Stored | int | float | bool | str | None]
    torch_version: str


def read_program(path: Path, limits: Limits = DEFAULT_LIMITS) -> Program:
    """The program in a `.pt2` file; runs nothing of it, and needs no PyTorch.

    Raises `QSpecError` for a file that is no such archive, is compressed, or holds pickled tensors or objects.
    """
    limits.check("file_bytes", path.stat().st_size, f"The size of {path.name}, in bytes,")
    try:
        with as_described(path), zipfile.ZipFile(path) as archive:
            return _Reader(archive, path, limits).program()
    except DAMAGE as error:
        raise _broken(path, "it is no whole archive") from error


@contextmanager
def as_described(path: Path) -> Iterator[None]:
    """Within it, a description that is not of the schema ends in a `QSpecError`."""
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise _broken(
            path, f"its description is not as PyTorch writes it ({type(error).__name__}: {error})"
        ) from error


class _Reader:
    def __init__(self, archive: zipfile.ZipFile, path: Path, limits: Limits) -> None:
        self.archive, self.path, self.limits = archive, path, limits
        self.root = ""

    def program(self) -> Program:
        self.root = self._root()
        if self._bytes("byteorder", b"little") != b"little":
            raise _broken(self.path, "its bytes are in big-endian order")
        model = self._json("models/model.json")
        graph, signature = model["graph_module"]["graph"], model["graph_module"]["signature"]
        self.limits.check("nodes", len(graph["nodes"]), f"The number of nodes of {self.path.name}")
        values = {name: _value(meta) for name, meta in graph["tensor_values"].items()}
        inputs: dict[str, Value] = {}
        held: dict[str, Any] = {}
        for spec in signature["input_specs"]:
            self._input(spec, values, inputs, held)
        return Program(
            graph["nodes"],
            inputs,
            [self._output(spec) for spec in signature["output_specs"]],
            held,
            str(model.get("torch_version", "unknown"))[:40],
        )

    def _root(self) -> str:
        roots = {name.partition("/")[0] for name in self.archive.namelist()}
        if len(roots) != 1 or f"{(root := roots.pop())}/models/model.json" not in self.archive.namelist():
            raise _broken(self.path, "it holds no `models/model.json`")
        return root

    def _bytes(self, name: str, default: bytes | None = None) -> bytes:
        """A member of the archive; PyTorch stores them as they are, so that one that is compressed is somebody else's."""
        try:
            member = self.archive.getinfo(f"{self.root}/{name}")
        except KeyError:
            if default is not None:
                return default
            raise _broken(self.path, f"it holds no `{name}`") from None
        if member.compress_type != zipfile.ZIP_STORED:
            raise _broken(self.path, f"its member `{name}` is compressed")
        self.limits.check("decompressed_bytes", member.file_size, f"The size of `{name}`, in bytes,")
        return self.archive.read(member)

    def _json(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = parse_json(self._bytes(name))
        return found

    def _input(
        self,
        spec: dict[str, Any],
        values: dict[str, Value],
        inputs: dict[str, Value],
        held: dict[str, Any],
    ) -> None:
        ((kind, said),) = spec.items()
        if kind == "user_input":
            ((form, argument),) = said["arg"].items()
            if form != "as_tensor":
                raise _unsupported(
                    self.path, f"takes an input that is no tensor ({form.removeprefix('as_')})"
                )
            inputs[argument["name"]] = values[argument["name"]]
        elif kind == "parameter":
            held[said["arg"]["name"]] = self._tensor("weights", said["parameter_name"])
        elif kind == "buffer":
            room = "weights" if said["persistent"] else "constants"
            held[said["arg"]["name"]] = self._tensor(room, said["buffer_name"])
        elif kind == "tensor_constant":
            held[said["arg"]["name"]] = self._tensor("constants", said["tensor_constant_name"])
        elif kind == "constant_input":
            ((form, value),) = said["value"].items()
            held[said["name"]] = None if form == "as_none" else value
        else:
            raise _unsupported(self.path, f"has an input of the kind `{kind}`")

    def _output(self, spec: dict[str, Any]) -> str:
        ((kind, said),) = spec.items()
        if kind != "user_output":
            raise _unsupported(self.path, f"changes what it holds from call to call (`{kind}`)")
        ((form, argument),) = said["arg"].items()
        if form != "as_tensor":
            raise _unsupported(self.path, f"gives an output that is no tensor ({form.removeprefix('as_')})")
        return str(argument["name"])

    def _tensor(self, room: str, name: str) -> Stored:
        folder, config = _TENSORS[room]
        entry = self._json(f"{folder}/{config}")["config"][name]
        if entry["use_pickle"]:
            raise QSpecError(
                f"{self.path.name} stores the tensor `{name}` as a pickle, which may run code and is never opened.",
                place=Place(str(self.path)),
                hint="export it with plain parameters and buffers",
            )
        meta = entry["tensor_meta"]
        dtype, width = _dtype(meta["dtype"])
        sizes, strides = (tuple(_whole(one) for one in meta[key]) for key in ("sizes", "strides"))
        offset = _whole(meta["storage_offset"])
        data = self._bytes(f"{folder}/{entry['path_name']}")
        last = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
        if math.prod(sizes) and (last + 1) * width > len(data):
            raise _broken(self.path, f"the tensor `{name}` is cut short")
        return Stored(data, dtype, sizes, strides, offset)


def _value(meta: dict[str, Any]) -> Value:
    return Value(_dtype(meta["dtype"])[0], tuple(one.get("as_int") for one in meta["sizes"]))


def _dtype(number: int) -> tuple[str, int]:
    if number not in _DTYPES:
        raise ValueError(f"no element type {number}")
    return _DTYPES[number]


def _whole(value: dict[str, Any]) -> int:
    found = value["as_int"]
    if not isinstance(found, int) or found < 0:
        raise ValueError("a size is no whole number")
    return found


def _broken(path: Path, why: str) -> QSpecError:
    return QSpecError(f"{path.name} is no exported program: {why}.", place=Place(str(path)), hint=_AGAIN)


def _unsupported(path: Path, what: str) -> NotExecutableError:
    return NotExecutableError(
        f"The exported program {path.name} {what}, which is not run here.",
        place=Place(str(path)),
        hint="export the model for inference: tensors in, tensors out, nothing changed between calls",
    )
