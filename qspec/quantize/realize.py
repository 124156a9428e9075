"""Choosing the scheme of a precision and running it."""

from __future__ import annotations

from qspec.data.table import listed
from qspec.errors import QSpecError
from qspec.model.precision import Precision
from qspec.model.shorthand import describe
from qspec.quantize import registry
from qspec.quantize.request import Realized, Request

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


def realize(request: Request) -> Realized:
    """Write the artifact of `request` at its output; raises `QSpecError` and leaves no file where it cannot."""
    return registry.get(scheme_name(request.precision))(request)
