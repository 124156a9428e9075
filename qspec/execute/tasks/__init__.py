"""How each task turns a model's outputs into predictions: one kind of task a file."""

from __future__ import annotations

from collections.abc import Callable

from qspec.execute.tasks.runner import Gatherer, TaskData, TaskRunner
from qspec.registry import Registry

Opener = Callable[[TaskData], TaskRunner | Gatherer]

registry: Registry[Opener] = Registry("task that runs here", "qspec.execute.tasks")
