"""Watching the activations of a model over calibration data, a slice at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import onnxruntime
from onnx import ModelProto, helper

from qspec.errors import QSpecError, runtime_message
from qspec.model.base import Silence
from qspec.quantize.calibration import SliceReader, check_size, slice_rows
from qspec.quantize.emulate.grids import Floats
from qspec.quantize.graph import Port
from qspec.quantize.request import Feed, Request

_FATAL = 4


@dataclass(frozen=True)
class Watch:
    """A prepared model with its calibration data; what is read is the same on every pass."""

    model: ModelProto
    """The model whose activations are watched: a copy that later rewrites of the graph do not touch."""
    reader: SliceReader

    def passes(self, values: Sequence[str]) -> Iterator[dict[str, Floats]]:
        """One pass: the activations called `values`, slice by slice, computed by the runtime on one thread."""
        wanted = list(dict.fromkeys(values))
        produced = {output for node in self.model.graph.node for output in node.output}
        computed = [name for name in wanted if name in produced]
        session = self._session(computed)
        for feed in self.reader.slices():
            made = _run(session, computed, feed) if computed else []
            found = dict(zip(computed, made, strict=True)) | {n: feed[n] for n in wanted if n in feed}
            yield {name: np.asarray(array, dtype=np.float32) for name, array in found.items()}

    def record(self) -> dict[str, object]:
        """What the record must say of the data."""
        return {"calibration_examples": self.reader.examples, "calibration_sha256": self.reader.digest}

    def _session(self, values: Sequence[str]) -> onnxruntime.InferenceSession:
        tapped = ModelProto()
        tapped.CopyFrom(self.model)
        present = {value.name for value in tapped.graph.output}
        tapped.graph.output.extend(helper.make_empty_tensor_value_info(n) for n in values if n not in present)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _FATAL
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            return onnxruntime.InferenceSession(
                tapped.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime's own exceptions share no narrower base
            raise QSpecError(
                "The model does not load, so its activations cannot be watched over the calibration data.",
                hint="check that the model runs by itself",
            ) from error


def _run(session: onnxruntime.InferenceSession, values: Sequence[str], feed: Feed) -> list[Floats]:
    try:
        made: list[Floats] = session.run(values, feed)
    except Exception as error:  # the runtime's own exceptions share no narrower base
        shapes = {name: list(array.shape) for name, array in feed.items()}
        raise QSpecError(
            f"The base model fails on calibration data, inputs {shapes}: {runtime_message(error)}.",
            hint="check that the model runs by itself on examples so many, and that the inputs are those it was made for",
        ) from error
    return made


def watch(
    request: Request, prepared: ModelProto, inputs: Sequence[Port], scheme: str, methods: Sequence[str]
) -> Watch:
    """The watch of a request for a scheme that reads calibration data under one of `methods`.

    Raises `QSpecError` where the calibration names another method, or the data are missing or do not fit.
    """
    method = request.calibration.method if request.calibration is not None else None
    if isinstance(method, Silence) or (method is not None and method not in methods):
        said = "does not say which" if isinstance(method, Silence) else f"says {method}"
        raise QSpecError(
            f"The scheme {scheme} reads calibration data by {' or '.join(methods)}, and the calibration {said}.",
            hint=f"write `calibration {{ data: …, size: …, method: {methods[0]} }}`",
        )
    reader = SliceReader(request.batches, inputs, slice_rows(prepared, inputs))
    check_size(request, reader)
    copy = ModelProto()
    copy.CopyFrom(prepared)
    return Watch(copy, reader)
