"""Choosing the scheme of a precision and running it."""

from __future__ import annotations

from collections.abc import Iterator

from qspec.data.table import listed
from qspec.errors import QSpecError
from qspec.model.base import kebab
from qspec.model.evaluation import Calibration
from qspec.model.precision import Precision, TensorFormat
from qspec.model.shorthand import describe
from qspec.quantize import registry
from qspec.quantize.arguments import recipe_arguments, refuse_calibration
from qspec.quantize.request import Realized, Request
from qspec.quantize.support import refuse_format_arguments

EDITION = 2
"""Counts up when a scheme comes to make another model of the same request; what an earlier edition made is not kept."""


def scheme_name(precision: Precision) -> str:
    """The name of the scheme that makes `precision` (in its full form).

    A scheme is filed under its method (`ptq-static`), or under the method and what singles it out: a recipe, a
    format of weights, or pruning (`weight-only/gptq`, `weight-only/nf4`). What is emulated (`simulated: true`) is
    filed under `simulated`, whatever its method. A recipe is never passed over: raises `QSpecError` when no scheme
    has it, or the precision names no method.
    """
    if precision.method is None and not precision.emulated:
        raise QSpecError(
            f"The precision ({describe(precision)}) does not say how the numbers are made.",
            hint="add `method`: ptq-static, ptq-dynamic, weight-only or cast, or `simulated: true` for a format that the "
            "runtime has no kernels for",
        )
    if precision.method == "qat":
        raise QSpecError(
            "The method qat cannot be realized here: scales are learned where the model is trained.",
            hint="train it (`qspec.quantize.qat` helps with PyTorch), and bring it as a file: `quantized { file, sha256 }`",
        )
    recipe = precision.recipe.name.lower() if precision.recipe is not None else None
    method = "simulated" if precision.emulated or precision.method is None else precision.method
    words = [
        recipe or ("pruning" if precision.pruning else precision.weights.type if precision.weights else None)
    ]
    for name in (f"{method}/{word}" for word in words if word):
        if name in registry:
            return registry.canonical(name) or name
    if recipe is None and method in registry:
        return registry.canonical(method) or method
    what = f"The method {method}" + (f" with the recipe {precision.recipe}" if recipe else "")
    near = registry.suggest(f"{method}/{recipe}" if recipe else method)
    raise QSpecError(
        f"{what} cannot be realized here.",
        hint=(f"did you mean {near}? " if near else "") + f"the schemes are {listed(registry.names(), 40)}",
    )


def _formats(precision: Precision) -> Iterator[tuple[str, TensorFormat]]:
    """Every format of a tensor that the precision gives, and what has it."""
    for what in ("weights", "activations", "kv_cache"):
        for rule in (precision, *precision.layers.values()):
            form = getattr(rule, what, None)
            if form is not None:
                yield kebab(what), form


def has_scheme(precision: Precision) -> bool:
    """Whether some scheme makes `precision` (in its full form)."""
    try:
        scheme_name(precision)
    except QSpecError:
        return False
    return True


def realize(request: Request) -> Realized:
    """Write the artifact of `request` at its output; raises `QSpecError` and leaves no file where it cannot."""
    check_arguments(request.precision, request.calibration)
    return registry.get(scheme_name(request.precision))(request)


def check_arguments(precision: Precision, calibration: Calibration | None) -> dict[str, float | str]:
    """The arguments that the recipe gives to its scheme, by name; nothing is opened.

    Raises `QSpecError` for an argument of the recipe or a granularity, or a part of the calibration procedure, that the
    scheme does not take, and where no scheme makes the precision.
    """
    name = scheme_name(precision)
    for what, form in _formats(precision):
        refuse_format_arguments(form, what)
    scheme = registry.get(name)
    refuse_calibration(calibration, scheme, name)
    return recipe_arguments(precision, scheme)
