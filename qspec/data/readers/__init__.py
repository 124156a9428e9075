"""Readers of data files, one format a file, found by the extension."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qspec.data.limits import Limits
from qspec.data.table import Table
from qspec.registry import Registry

Reader = Callable[[Path, Limits], Table]
"""Opens a file as a table under the caps; raises `QSpecError` for anything it cannot read."""

registry: Registry[Reader] = Registry("reader", "qspec.data.readers")
