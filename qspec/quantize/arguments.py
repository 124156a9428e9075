"""What a scheme takes: arguments of its recipe and parts of a calibration, declared beside it and held against a spec.

Whatever else was said is refused before anything is made, by every scheme in the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from qspec.data.table import listed
from qspec.errors import QSpecError
from qspec.model.base import Silence, kebab
from qspec.model.evaluation import Calibration
from qspec.model.expression import Argument, Term
from qspec.model.precision import Precision
from qspec.model.quantity import Quantity

S = TypeVar("S", bound=Callable[..., object])

Uses = Mapping[str, tuple[str, ...]]
"""Calibration methods, and the parts of a calibration that each of them acts on."""


@dataclass(frozen=True)
class Number:
    """A number without a unit that a recipe takes."""

    name: str
    span: str
    """What it may be, as a phrase: `from 0 to 1`."""
    fits: Callable[[float], bool]

    def read(self, value: Argument) -> float | None:
        """The number, or None where `value` is none that fits."""
        if not isinstance(value, Quantity) or value.unit is not None or not self.fits(float(value.value)):
            return None
        return float(value.value)

    def __str__(self) -> str:
        return f"{self.name}, a number {self.span}"


@dataclass(frozen=True)
class Choice:
    """A word that a recipe takes."""

    name: str
    words: tuple[str, ...]

    def read(self, value: Argument) -> str | None:
        """The word, or None where `value` is another."""
        return value if isinstance(value, str) and value in self.words else None

    def __str__(self) -> str:
        return f"{self.name}, one of {', '.join(self.words)}"


Taken = Number | Choice

_TAKEN: dict[object, tuple[Taken, ...]] = {}
_USES: dict[object, Uses] = {}


def takes(*arguments: Taken) -> Callable[[S], S]:
    """Decorator: the recipes of this scheme take `arguments`, by name or in this order; without it they take none."""

    def wrap(scheme: S) -> S:
        _TAKEN[scheme] = arguments
        return scheme

    return wrap


def calibrates(uses: Uses) -> Callable[[S], S]:
    """Decorator: what this scheme acts on of a calibration, by its method; without it, on no part of the procedure."""

    def wrap(scheme: S) -> S:
        _USES[scheme] = uses
        return scheme

    return wrap


def recipe_number(precision: Precision, taken: Number) -> float | None:
    """The one number that the recipe may give; raises `QSpecError` for whatever else it gives."""
    found = _read(precision.recipe, (taken,)).get(taken.name)
    return None if found is None else float(found)


def recipe_arguments(precision: Precision, scheme: object) -> dict[str, float | str]:
    """What the recipe gives to `scheme`, by name; raises `QSpecError` for whatever the scheme does not take."""
    return _read(precision.recipe, _TAKEN.get(scheme, ()))


def refuse_calibration(calibration: Calibration | None, scheme: object, name: str) -> None:
    """Raise `QSpecError` for a part of the procedure that `scheme`, called `name`, would not act on under its method."""
    if calibration is None:
        return
    uses = _USES.get(scheme, {})
    method = None if isinstance(calibration.method, Silence) else calibration.method
    for part in ("percentile", "moving_average", "length"):
        said = getattr(calibration, part)
        if said is None or said is False or part in uses.get(method or "", ()):
            continue
        able = [one for one, parts in uses.items() if part in parts]
        raise QSpecError(
            f"The scheme {name} does nothing with {kebab(part)} of a calibration"
            f"{f' by {method}' if method else ''}, and the calibration says "
            f"`{kebab(part)}: {'true' if said is True else said}`.",
            hint=f"leave {kebab(part)} out" + (f", or calibrate by {listed(able)}" if able else ""),
        )


def _read(recipe: Term | None, taken: tuple[Taken, ...]) -> dict[str, float | str]:
    if recipe is None:
        return {}
    known = {one.name: one for one in taken}
    placed = dict(zip(known, recipe.positional, strict=False))
    strange = set(recipe.named) - set(known) or set(recipe.named) & set(placed)
    if strange or len(recipe.positional) > len(taken) or recipe.at is not None:
        raise _refusal(recipe, taken)
    found: dict[str, float | str] = {}
    for name, value in {**placed, **recipe.named}.items():
        read = known[name].read(value)
        if read is None:
            raise _refusal(recipe, taken)
        found[name] = read
    return found


def _refusal(recipe: Term, taken: tuple[Taken, ...]) -> QSpecError:
    what = " and ".join(map(str, taken)) or "no arguments"
    return QSpecError(
        f"The recipe {recipe} is not one that can be followed: {recipe.name} takes {what}.",
        hint=f"write `{recipe.name}({taken[0].name}: …)`, or leave it out"
        if taken
        else f"write `{recipe.name}`",
    )
