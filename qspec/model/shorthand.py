"""Precisions as people write them (`W4A16 g128`, `8da4w`, `Q4_K_M`) and the full form that they stand for."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable

from qspec.errors import QSpecError
from qspec.model.expression import Term
from qspec.model.number_format import FORMATS, find_format
from qspec.model.precision import Layers, Precision, TensorFormat
from qspec.model.quantity import Quantity

_WXAY = re.compile(r"w(?P<weights>\d+)a(?P<activations>\d+)(?:kv(?P<cache>\d+))?")
_GROUP = re.compile(r"(?:g|gs|group)(\d+)")
_GGUF = re.compile(r"(?P<type>q\d_(?:k|[01]))(?:_(?P<mix>s|m|l))?")
_MIXES = {"s": "small", "m": "medium", "l": "large"}
_METHODS = {
    "static": "ptq-static",
    "dynamic": "ptq-dynamic",
    "weight-only": "weight-only",
    "ptq-static": "ptq-static",
    "ptq-dynamic": "ptq-dynamic",
    "qat": "qat",
    "cast": "cast",
}
_SYMMETRY = {"sym": True, "symmetric": True, "asym": False, "asymmetric": False}
_GRANULARITIES = frozenset({"per-tensor", "per-channel", "per-token"})
_HALVES = {16: "fp16", 32: "fp32"}


def per_group(size: int) -> Term:
    """The granularity `per-group(size)`."""
    return Term(name="per-group", positional=[Quantity.of(str(size))])


def expand(precision: Precision) -> Precision:
    """The full form of `precision`: its shorthand spelt out, under the fields that are given explicitly.

    A tensor format given with the shorthand's own type keeps what it leaves out from the shorthand; with another
    type it replaces it. Usual spellings of types become their names. Expanding twice changes nothing. Raises
    `QSpecError` for a shorthand that nobody writes.
    """
    said = precision.model_copy(update={"shorthand": None, **_spelt(precision, precision_fields=_TENSORS)})
    if precision.shorthand is not None:
        meant = _parse(precision.shorthand)
        fields = {
            name: getattr(said, name)
            for name in Precision.model_fields
            if getattr(said, name) not in (None, [], {})
        }
        fields |= {name: _merged(getattr(meant, name), fields[name]) for name in _TENSORS if name in fields}
        if fields.get("method") == "weight-only" and _whole(meant):
            meant = meant.model_copy(update={"activations": None})  # `int8 { method: weight-only }`
        said = meant.model_copy(update=fields)
    layers = {pattern: rule.model_copy(update=_spelt_rule(rule)) for pattern, rule in said.layers.items()}
    return said.model_copy(update={"layers": layers})


def describe(precision: Precision) -> str:
    """A short text for tables and messages, for example `int4 weights per-group(128), fp16 activations, weight-only`."""
    full = expand(precision)
    names = {
        "weights": "weights",
        "activations": "activations",
        "kv_cache": "cache",
        "accumulators": "accumulators",
    }
    parts = [
        _described(form, what) for field, what in names.items() if (form := getattr(full, field)) is not None
    ]
    parts += [str(item) for item in (full.method, full.recipe) if item is not None]
    if full.layers or full.exclude:
        parts.append("mixed")
    if full.simulated:
        parts.append("simulated")
    return ", ".join(parts) or "unspecified precision"


_TENSORS = ("weights", "activations", "kv_cache", "accumulators")


def _described(form: TensorFormat, what: str) -> str:
    granularity = f" {form.granularity}" if form.granularity is not None else ""
    return f"{form.type} {what}{granularity}"


def _spelt(precision: Precision | Layers, precision_fields: tuple[str, ...]) -> dict[str, TensorFormat]:
    forms = {name: getattr(precision, name) for name in precision_fields}
    return {name: _respelt(form) for name, form in forms.items() if form is not None}


def _spelt_rule(rule: Layers) -> dict[str, TensorFormat]:
    return _spelt(rule, ("weights", "activations"))


def _respelt(form: TensorFormat) -> TensorFormat:
    known = find_format(form.type)
    scale = _respelt(form.scale) if form.scale is not None else None
    return form.model_copy(update={"type": known.name if known else form.type, "scale": scale})


def _merged(meant: TensorFormat | None, said: TensorFormat) -> TensorFormat:
    if meant is None or meant.type != said.type:
        return said
    kept = {
        name: getattr(said, name) for name in TensorFormat.model_fields if getattr(said, name) is not None
    }
    return meant.model_copy(update=kept)


def _parse(text: str) -> Precision:
    words = re.sub(r"\bper[ _-](tensor|channel|token|group)\b", r"per-\1", text.strip().lower())
    words = re.sub(r"\bgroup(?:[ _-]size)?[ =_-]*(\d+)", r"g\1", words).replace("weight only", "weight-only")
    head, *rest = re.split(r"[\s,/]+", words) or [""]
    whole = _named(head)
    if whole is None:  # W4A16-g128, W8A8-fp8: one word made of several
        first, *tail = head.split("-")
        whole, rest = _named(first), [*tail, *rest]
    if whole is None:
        raise _unknown(text, head)
    for word in rest:
        if word:
            whole = _modified(whole, word, text)
    return whole


def _named(word: str) -> Precision | None:
    """The precision that one word stands for, before its modifiers, or None."""
    if word in _RECIPES:
        return _RECIPES[word]()
    if match := _WXAY.fullmatch(word):
        return _weights_and_activations(match)
    if match := _GGUF.fullmatch(word):
        return _gguf(match["type"], match["mix"])
    known = find_format(word)
    if known is None:
        return None
    form = _form(known.name)
    if known.kind == "float" and known.bits == 16:
        return Precision(method="cast", weights=form, activations=form)
    if known.kind in ("codebook", "block") and known.group is not None:
        method = "weight-only" if known.kind == "codebook" else None
        return Precision(method=method, weights=form)
    if known.kind == "codebook" or known.bits < 8:
        return Precision(weights=form)
    return Precision(weights=form, activations=form)


def _form(name: str) -> TensorFormat:
    known = FORMATS[name]
    scale = TensorFormat(type=known.scale) if known.scale else None
    return TensorFormat(type=name, granularity=per_group(known.group) if known.group else None, scale=scale)


def _weights_and_activations(match: re.Match[str]) -> Precision | None:
    widths = {part: int(match[part]) for part in ("weights", "activations", "cache") if match[part]}
    types = {part: _HALVES.get(bits, f"int{bits}") for part, bits in widths.items()}
    if any(name not in FORMATS for name in types.values()):
        return None
    method = "weight-only" if widths["activations"] >= 16 > widths["weights"] else None
    if widths["activations"] >= 16 and widths["weights"] == 16:
        method = "cast"
    return Precision(
        method=method,
        weights=TensorFormat(type=types["weights"]),
        activations=TensorFormat(type=types["activations"]),
        kv_cache=TensorFormat(type=types["cache"]) if "cache" in types else None,
    )


def _gguf(name: str, mix: str | None) -> Precision | None:
    if name not in FORMATS or (mix is not None and not name.endswith("k")):
        return None
    recipe = Term(name="k-quant", named={"mix": _MIXES[mix]} if mix else {}) if name.endswith("k") else None
    return Precision(method="weight-only", recipe=recipe, weights=_form(name))


def _dynamic_8_weights_4() -> Precision:
    """Torchao's `8da4w`: activations quantized to 8 bits as they come, a token a scale; 4-bit weights in groups of 32."""
    return Precision(
        method="ptq-dynamic",
        weights=TensorFormat(type="int4", granularity=per_group(32), symmetric=True),
        activations=TensorFormat(type="int8", granularity=Term(name="per-token"), symmetric=False),
    )


def _weight_only(name: str) -> Precision:
    return Precision(method="weight-only", weights=TensorFormat(type=name))


_RECIPES: dict[str, Callable[[], Precision]] = {
    "8da4w": _dynamic_8_weights_4,
    "int8wo": lambda: _weight_only("int8"),
    "int4wo": lambda: _weight_only("int4"),
}


def _modified(precision: Precision, word: str, text: str) -> Precision:
    """`precision` with one modifier applied: a group size, a granularity, a symmetry, a method, or a format."""
    weights = precision.weights or TensorFormat(type="fp32")
    if match := _GROUP.fullmatch(word):
        return precision.model_copy(
            update={"weights": weights.model_copy(update={"granularity": per_group(int(match[1]))})}
        )
    if word in _GRANULARITIES:
        return precision.model_copy(
            update={"weights": weights.model_copy(update={"granularity": Term(name=word)})}
        )
    if word in _SYMMETRY:
        return precision.model_copy(
            update={"weights": weights.model_copy(update={"symmetric": _SYMMETRY[word]})}
        )
    if word in _METHODS:
        dropped = {"activations": None} if word == "weight-only" and _whole(precision) else {}
        return precision.model_copy(update={"method": _METHODS[word], **dropped})
    known = find_format(word)
    if known is None:
        raise _unknown(text, word)
    forms = {name: getattr(precision, name) for name in ("weights", "activations")}
    fitting = {
        name: form.model_copy(update={"type": known.name})
        for name, form in forms.items()
        if form is not None and FORMATS[form.type].bits == known.bits
    }
    if not fitting:
        raise QSpecError(
            f"The precision {text!r} names {known.name}, and nothing in it has {known.bits} bits.",
            hint="write the full form, `precision { weights: …, activations: … }`",
        )
    return precision.model_copy(update=fitting)


def _whole(precision: Precision) -> bool:
    """True where one format was given for everything, as in `int8`."""
    return precision.weights == precision.activations


def _unknown(text: str, word: str) -> QSpecError:
    words = [
        *FORMATS,
        *_RECIPES,
        *_METHODS,
        "w8a8",
        "w4a16",
        "w4a8",
        "w4a4",
        "w8a16",
        "q4_k_m",
        "q5_k_m",
        "g128",
    ]
    near = difflib.get_close_matches(word, words, n=1)
    what = (
        f"{word!r} in the precision {text!r}" if word != text.strip().lower() else f"the precision {text!r}"
    )
    return QSpecError(
        f"Nothing is known about {what}.",
        hint=f"did you mean {near[0]}?"
        if near
        else "write the full form, `precision { weights: …, activations: … }`",
    )
