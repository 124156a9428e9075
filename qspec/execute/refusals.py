"""Metrics that the answers of the models turn out not to give: each is left out with its reason, and keeps no other from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from qspec.errors import QSpecError

T = TypeVar("T")
_KEY = "refused"


class Refusals:
    """The metrics of one evaluation that were left out, with the error that says why."""

    def __init__(self) -> None:
        self._errors: dict[str, QSpecError] = {}

    def __contains__(self, metric: str) -> bool:
        return metric in self._errors

    def attempt(self, metric: str, action: Callable[[], T]) -> T | None:
        """What `action` computes for a metric; None, now and from here on, where it cannot."""
        if metric in self:
            return None
        try:
            return action()
        except QSpecError as error:
            self.leave(metric, error)
            return None

    def leave(self, metric: str, error: QSpecError) -> None:
        """Leave a metric out, for this reason."""
        self._errors[metric] = error

    def without(self, columns: Mapping[str, T]) -> dict[str, T]:
        """The columns of the metrics that were not left out."""
        return {name: values for name, values in columns.items() if name not in self}

    def check(self, metrics: int) -> None:
        """Raise the first error where all of so many metrics were left out."""
        if self._errors and len(self._errors) >= metrics:
            raise next(iter(self._errors.values()))

    def facts(self) -> dict[str, Any]:
        """What is kept of them with the scores."""
        return {_KEY: {name: error.message for name, error in self._errors.items()}} if self._errors else {}


def refused(facts: Mapping[str, Any]) -> dict[str, str]:
    """Why metrics have no scores, by name, out of the facts of an evaluation."""
    return dict(facts.get(_KEY) or {})
