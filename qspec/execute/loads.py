"""What the numbers of a load are of: a time is no count, and a share is neither."""

from __future__ import annotations

from qspec.errors import QSpecError
from qspec.model.base import kebab
from qspec.model.evaluation import Load
from qspec.model.quantity import Quantity
from qspec.model.unit import Dimension

_COUNTS = (Dimension.NUMBER, Dimension.COUNT)
_TIMES = (Dimension.NUMBER, Dimension.TIME)
_MEANT = {
    "batch": (_COUNTS, "a count of examples"),
    "concurrency": (_COUNTS, "a count of calls"),
    "rate": ((Dimension.NUMBER, Dimension.RATE, Dimension.FREQUENCY), "a number of arrivals a second"),
    "latency_bound": (_TIMES, "a time"),
    "warm_up": ((*_COUNTS, Dimension.TIME), "a count of calls or a time"),
    "duration": (_TIMES, "a time"),
}


def check_load(load: Load) -> None:
    """Raise `QSpecError` for a number of `load` whose unit is of something else."""
    for name, (dimensions, what) in _MEANT.items():
        said = getattr(load, name)
        if isinstance(said, Quantity) and said.dimension not in dimensions:
            raise QSpecError(
                f"`{kebab(name)}: {said}` is not {what}.",
                hint=f"write {what}, in a unit that says so or in none",
            )
