"""What a scheme understands of a precision: whatever else was asked for is refused, never dropped in silence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib.metadata import version

from qspec._version import __version__
from qspec.errors import NotExecutableError, QSpecError
from qspec.model.base import kebab
from qspec.model.expression import Term, number
from qspec.model.number_format import find_format
from qspec.model.precision import Precision, TensorFormat

SIZED = ("per-group", "per-block")
"""Granularities that are told by sizes."""

_ALWAYS = {"shorthand", "method", "exclude", "quantizer", "simulated", "weights", "accumulators"}
"""Fields that every scheme takes."""


def refuse_unused(
    precision: Precision, used: Collection[str], scheme: str, *, accumulators: str = "fp32"
) -> None:
    """Raise `QSpecError` for a field of `precision` that is said and that the scheme would not act on.

    `accumulators` is the format in which the runtime sums the products: declaring it is stating a fact.
    """
    _check_accumulators(precision.accumulators, accumulators, scheme)
    for name in type(precision).model_fields:
        said = getattr(precision, name)
        if said in (None, [], {}) or name in _ALWAYS or name in used:
            continue
        emulated = ", or emulate it: `simulated: true`" if name == "kv_cache" else ""
        raise QSpecError(
            f"The scheme {scheme} does nothing with {kebab(name)}, which the precision sets.",
            hint=f"leave {kebab(name)} out{emulated}, or choose a method that uses it",
        )


def _check_accumulators(form: TensorFormat | None, summed: str, scheme: str) -> None:
    if form is None:
        return
    known = find_format(form.type)
    plain = form.granularity is None and form.symmetric is None and form.scale is None and form.range is None
    if known is None or known.name != summed or not plain:
        raise QSpecError(
            f"The products of {scheme} are summed in {summed} by the runtime, and the precision says {form.type}.",
            hint=f"leave `accumulators` out, or write `accumulators: {summed}`",
        )


def refuse_format_parts(form: TensorFormat, used: Collection[str], what: str, scheme: str) -> None:
    """The same for the parts of one tensor format; `what` is `weights` or `activations`."""
    for name in ("granularity", "symmetric", "scale", "range"):
        if getattr(form, name) is not None and name not in used:
            raise QSpecError(
                f"The scheme {scheme} does nothing with {name} of {what}, which the precision sets."
            )


def refuse_format_arguments(form: TensorFormat, what: str) -> None:
    """Raise `QSpecError` for arguments of a granularity that is made of no sizes, and for parts of a format of scales."""
    if form.granularity is not None and form.granularity.name not in SIZED and not form.granularity.is_bare:
        raise QSpecError(
            f"The granularity {form.granularity} of {what} has arguments, and {form.granularity.name} takes none.",
            hint=f"write `granularity: {form.granularity.name}`",
        )
    if form.scale is not None and form.scale != TensorFormat(type=form.scale.type):
        raise QSpecError(
            f"The scales of {what} are rounded to {form.scale.type} each by itself, and the precision says more of them.",
            hint=f"write `scale: {form.scale.type}`",
        )


def choose(value: str | None, choices: Mapping[str, str], default: str | None, what: str, scheme: str) -> str:
    """The scheme's own word for `value`; raises `QSpecError` when the scheme has none for it."""
    word = value or default
    if word is None:
        raise QSpecError(f"The scheme {scheme} needs {what}, and the precision leaves it out.")
    if word not in choices:
        emulated = "; other formats can be emulated: `simulated: true`" if what.startswith("type ") else ""
        raise QSpecError(
            f"The scheme {scheme} has no {what} {word}.",
            hint=f"it has {', '.join(sorted(choices))}{emulated}",
        )
    return choices[word]


def granularity(form: TensorFormat, accepted: Collection[str], default: str, what: str, scheme: str) -> Term:
    """The granularity of `form`, or `default`; raises `QSpecError` when the scheme cannot do it."""
    term = form.granularity or Term(name=default)
    if term.name not in accepted:
        raise QSpecError(
            f"The scheme {scheme} cannot quantize {what} {term}.",
            hint=f"it can {', '.join(sorted(accepted))}",
        )
    return term


def group_size(term: Term, what: str) -> int:
    """The n of `per-group(n)`, at least one."""
    sizes = sizes_of(term)
    if len(sizes) != 1:
        raise QSpecError(f"The granularity {term} of {what} needs the size of a group, as in per-group(32).")
    return sizes[0]


def sizes_of(term: Term) -> tuple[int, ...]:
    """The sizes that a term gives by place, each at least one; none where it gives anything else."""
    values = [number(value) for value in term.positional]
    sizes = tuple(int(value) for value in values if value is not None and value == int(value) and value >= 1)
    return () if term.named or term.at is not None or len(sizes) != len(values) else sizes


def check_quantizer(precision: Precision, package: str) -> str:
    """`package` and its installed version; raises `NotExecutableError` when the precision pins another."""
    installed = version(package)
    pinned = precision.quantizer
    if pinned is not None and (pinned.name != package or pinned.pin not in (None, installed)):
        raise NotExecutableError(
            f"The precision is to be made by {pinned}, and here it would be made by {package} {installed}.",
            hint="install that quantizer and version, or leave `quantizer` out",
        )
    return f"{package} {installed}"


def check_own(precision: Precision) -> None:
    """Raise `NotExecutableError` when the precision pins a quantizer, and the scheme is our own."""
    pinned = precision.quantizer
    if pinned is not None and (pinned.name != "qspec" or pinned.pin not in (None, __version__)):
        raise NotExecutableError(
            f"The precision is to be made by {pinned}, and here it would be made by qspec {__version__}.",
            hint="leave `quantizer` out, or bring the quantized model as a file",
        )


def keep_activations(precision: Precision) -> None:
    """Raise `QSpecError` when a weight-only precision declares activations narrower than 16 bits."""
    form = precision.activations
    known = find_format(form.type) if form is not None else None
    if form is not None and (known is None or known.kind != "float" or known.bits < 16):
        raise QSpecError(
            f"Weight-only quantization leaves activations in floats, and the precision says {form.type}.",
            hint="leave `activations` out, or use ptq-static, ptq-dynamic or simulated",
        )
