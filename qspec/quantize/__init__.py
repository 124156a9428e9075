"""Quantization schemes, one a file: a precision and a model in, an ONNX artifact out."""

from __future__ import annotations

from collections.abc import Callable

from qspec.quantize.request import Realized, Request
from qspec.registry import Registry

Scheme = Callable[[Request], Realized]
"""Writes the artifact of a request; raises `QSpecError` for what it cannot do, and then leaves no file."""

registry: Registry[Scheme] = Registry("scheme", "qspec.quantize")
