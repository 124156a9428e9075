"""Whether a measured block still belongs to the executor that its claim declares."""

from __future__ import annotations

from qspec.checks.view import MeasuredView


def is_current(view: MeasuredView) -> bool:
    """Whether the block was measured for the executor as it is declared now; where it was not, that alone is said."""
    return view.measured.executor_digest == view.claim.executor_digest
