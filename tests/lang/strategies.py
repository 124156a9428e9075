"""Documents out of nothing: a strategy for every noun, read off its fields as validation sees them."""

from __future__ import annotations

import types
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st

from qspec.model.base import Noun, Open, Silence
from qspec.model.claim import Bound
from qspec.model.document import Document
from qspec.model.expression import Combination, Comparison, Crossed, Quantiles, Term
from qspec.model.precision import Precision, TensorFormat
from qspec.model.quantity import Quantity
from qspec.model.unit import UNITS

NAMES = [
    "a", "top1", "digits.test", "per-channel", "x", "on", "in", "not", "true", "unstated", "not-applicable",
    "local", "8da4w", "Größe", "avx512_vnni", "qspec", "use", "plan", "measured", "at", "for", "each",
]  # fmt: skip
UNITS_SEEN = [*UNITS, "tokens", "images", "ms per token", "images/s", "bleu"]

names = st.sampled_from(NAMES)
odd_texts = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=0, max_size=12
)
odd_words = st.text(
    st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from('"\\{}#:,@%'), max_size=12
)
words = names | names | odd_words
texts = (
    names
    | odd_texts
    | st.sampled_from(["1e5", "2026-05-13", "8", "a\nb", 'end"', '"""', "\\u{41}", "a b", "1 %"])
)


def numbers() -> st.SearchStrategy[str]:
    plain = st.sampled_from(["0", "1", "-3", "+4", "76.10", "76.1", "1_000", "0.5e-3", "1E+12", "007"])
    return plain | st.decimals(
        allow_nan=False, allow_infinity=False, places=3, min_value=-1000, max_value=1000
    ).map(str)


def quantities() -> st.SearchStrategy[Quantity]:
    return st.builds(Quantity.of, numbers(), st.none() | st.sampled_from(UNITS_SEEN))


scalars = words | st.booleans() | quantities()


def comparisons() -> st.SearchStrategy[Comparison]:
    columns = words.map(lambda name: Term(name=name))
    one = st.builds(
        Comparison,
        column=columns,
        relation=st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
        value=scalars,
    )
    many = st.builds(Comparison, column=columns, relation=st.just("in"), values=st.lists(scalars, max_size=3))
    return one | many


def _combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    joined = st.builds(
        Combination, operator=st.sampled_from(["and", "or"]), operands=st.lists(inner, min_size=2, max_size=3)
    )
    return joined | inner.map(lambda part: Combination(operator="not", operands=[part]))


predicates = st.recursive(comparisons(), _combined, max_leaves=4)


@st.composite
def terms(draw: st.DrawFn, depth: int = 2) -> Term:
    at = draw(st.none() | st.none() | st.integers(1, 1000))
    name = draw(names if at is not None else words)
    arguments = scalars | (terms(depth - 1) if depth else st.nothing())
    positional = draw(st.lists(arguments, max_size=2)) if depth else []
    named = draw(st.dictionaries(words, arguments | predicates, max_size=2)) if depth else {}
    return Term(name=name, at=at, positional=positional, named=named)


SPECIAL: dict[Any, st.SearchStrategy[Any]] = {
    Quantity: quantities(),
    Term: terms(),
    Comparison: comparisons(),
    Combination: predicates.filter(lambda p: isinstance(p, Combination)),
    Silence: st.just(Silence(silence="unstated"))
    | st.builds(lambda reason: Silence(silence="not-applicable", reason=reason), texts),
    Quantiles: st.builds(Quantiles, quantiles=words, count=st.integers(2, 1000)),
    Crossed: st.builds(Crossed, cross=st.lists(words, min_size=2, max_size=3)),
    str: texts,
    bool: st.booleans(),
    int: st.just(1),
    Decimal: st.nothing(),
}


def of(annotation: Any, metadata: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    """Values of an annotation."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        return of(inner, (*metadata, *more))
    if annotation is str and any(
        getattr(m, "pattern", None) for item in metadata for m in getattr(item, "metadata", [item])
    ):
        return words
    if origin in (Union, types.UnionType):
        return st.one_of([of(part) for part in get_args(annotation)])
    if origin is Literal:
        return st.sampled_from(get_args(annotation))
    if origin is list:
        return st.lists(of(get_args(annotation)[0]), max_size=2)
    if origin is dict:
        return st.dictionaries(texts, of(get_args(annotation)[1]), max_size=2)
    if annotation is type(None):
        return st.none()
    return SPECIAL[annotation] if annotation in SPECIAL else noun(annotation)


@cache
def noun(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Nouns of a kind, most of their fields unsaid."""
    if kind in SPECIAL:
        return SPECIAL[kind]
    if issubclass(kind, Open):
        entry = get_args(kind.model_fields["root"].annotation)[1]
        return st.dictionaries(texts, of(entry), max_size=3).map(kind)

    @st.composite
    def build(draw: st.DrawFn) -> Any:
        values: dict[str, Any] = {}
        for name, info in kind.model_fields.items():
            if info.is_required() or draw(st.integers(0, 3)) == 0:
                values[name] = draw(_field(kind, name))
        return kind(**values)

    return st.deferred(build)


@cache
def _field(kind: type[Noun], name: str) -> st.SearchStrategy[Any]:
    info = kind.model_fields[name]
    if kind.__name__ == "Assertion" and name == "bounds":
        return st.lists(noun(Bound), min_size=1, max_size=2)
    if kind is TensorFormat and name == "scale":
        return st.just(TensorFormat(type="fp16"))
    if kind is Precision and name == "shorthand":
        return texts | st.sampled_from(["W4A16 g128", "int8"])
    return of(info.annotation, tuple(info.metadata))


documents = noun(Document)
