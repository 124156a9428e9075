"""QSpec: accuracy claims about quantized models, as specs that are checked and executed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qspec._version import __version__

if TYPE_CHECKING:
    from qspec.api import Run, check, diff, explain, judge, load, needs, plan, rename, render, run, transfer
    from qspec.errors import NotExecutableError, QSpecError, SpecSyntaxError

__all__ = [
    "NotExecutableError",
    "QSpecError",
    "Run",
    "SpecSyntaxError",
    "__version__",
    "check",
    "diff",
    "explain",
    "judge",
    "load",
    "needs",
    "plan",
    "rename",
    "render",
    "run",
    "transfer",
]

_ERRORS = {"NotExecutableError", "QSpecError", "SpecSyntaxError"}


def __getattr__(name: str) -> Any:
    """The public names, imported when they are first used."""
    if name not in __all__:
        raise AttributeError(f"module 'qspec' has no attribute {name!r}")
    import importlib

    module = importlib.import_module("qspec.errors" if name in _ERRORS else "qspec.api")
    return getattr(module, name)
