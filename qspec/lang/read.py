"""From a value of the syntax tree to a value of the model, by the types that the field may have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from qspec.lang.refusal import refusal
from qspec.lang.tree import (
    Block,
    BoundNode,
    CombinationNode,
    ComparisonNode,
    Date,
    Detailed,
    ListNode,
    Number,
    Phrase,
    PinnedNode,
    PredicateNode,
    RangeNode,
    SpreadNode,
    String,
    TermNode,
    Value,
    Word,
)
from qspec.model.base import Silence
from qspec.model.claim import Bound
from qspec.model.executor import Baseline
from qspec.model.expression import (
    Argument,
    ByColumn,
    Combination,
    Comparison,
    Crossed,
    Pinned,
    Quantiles,
    Scalar,
    Term,
    Where,
)
from qspec.model.hardware import Hardware
from qspec.model.precision import Precision, TensorFormat
from qspec.model.quantity import Quantity, Range, Spread

_DEEPEST_PREDICATE = 32


class MismatchError(Exception):
    """The value is not of this type; `message` is a sentence when it nearly is."""

    def __init__(self, message: str | None = None, hint: str | None = None) -> None:
        self.message, self.hint = message, hint
        super().__init__(message or "")


def plain(node: Value | Word) -> str | None:
    """The text of a bare word, or None."""
    if isinstance(node, Word):
        return node.text
    bare = isinstance(node, TermNode) and not node.called and not node.quoted
    return node.name.text if bare and isinstance(node, TermNode) else None


def key_of(node: TermNode) -> str | None:
    """The key that an item's head names, bare or in quotes; None for a quantity with arguments."""
    return None if node.called else node.name.text


def quantity(node: Number) -> Quantity:
    """A number with its unit; the text is kept."""
    try:
        return Quantity.of(node.text, node.unit)
    except ValidationError:
        raise MismatchError(
            f"`{node.text[:40]}` is no number that can be computed with.",
            "a number has at most 64 digits, and its exponent at most three",
        ) from None


def term(node: TermNode) -> Term:
    """A term; `recall@10` is the name `recall` at 10."""
    name, sign, at = (node.name.text, "", "") if node.quoted else node.name.text.partition("@")
    positional = [argument(a.value) for a in node.arguments if a.name is None]
    named: dict[str, Argument] = {}
    for item in node.arguments:
        if item.name is not None:
            if item.name in named:
                raise MismatchError(f"`{item.name}` is given twice.", "keep one of them")
            named[item.name] = argument(item.value)
    if sign and not at.strip("0"):
        raise MismatchError("The cut-off after `@` must be 1 or more.")
    return Term(name=name, at=int(at[:12]) if sign else None, positional=positional, named=named)


def argument(node: Value) -> Argument:
    """An argument of a term."""
    if isinstance(node, Number):
        return quantity(node)
    if isinstance(node, RangeNode):
        return Range(low=quantity(node.low), high=quantity(node.high))
    if isinstance(node, ComparisonNode | CombinationNode):
        return predicate(node)
    if isinstance(node, TermNode) and node.called:
        return term(node)
    if isinstance(node, TermNode):
        word = node.name.text
        return word == "true" if word in {"true", "false"} else term(node) if "@" in word else word
    if isinstance(node, String | Date):
        return node.text
    if isinstance(node, Phrase):
        raise in_a_row(node)
    raise MismatchError("An argument is a word, a number, a string, a range or a condition.")


def scalar(node: TermNode | String | Number | Date) -> Scalar:
    """What a column is compared with."""
    if isinstance(node, Number):
        return quantity(node)
    if isinstance(node, TermNode):
        if node.called:
            raise MismatchError("A column is compared with a word, a string, a number or a date.")
        return {"true": True, "false": False}.get(node.name.text, node.name.text)
    return node.text


def predicate(node: PredicateNode, depth: int = 0) -> Comparison | Combination:
    """A condition over columns."""
    if depth > _DEEPEST_PREDICATE:
        raise MismatchError("This condition is nested too deeply.", "name its parts as strata of their own")
    if isinstance(node, CombinationNode):
        operands = [predicate(part, depth + 1) for part in node.operands]
        return Combination(operator=node.operator, operands=operands)
    column, value = term(node.column), node.value
    if not isinstance(value, ListNode):
        return Comparison(column=column, relation=node.relation, value=scalar(value))
    scalars = [v for v in value.items if isinstance(v, TermNode | String | Number | Date)]
    if len(scalars) < len(value.items):
        raise MismatchError("A list in a condition holds words, strings or numbers.")
    return Comparison(column=column, relation="in", values=[scalar(v) for v in scalars])


def _phrase_words(node: Phrase) -> list[str]:
    return [p.text if isinstance(p, String | Word) else str(term(p)) for p in node.parts]


def in_a_row(node: Phrase) -> MismatchError:
    """The error for words in a row where one value must stand."""
    words = " ".join(_phrase_words(node))
    return MismatchError(
        f"`{words}` is several names in a row.", f'put commas between them, or quote them: "{words}"'
    )


def text_of(node: Value) -> str:
    """A text: a string, a word or a date."""
    if isinstance(node, String | Date):
        return node.text
    if isinstance(node, TermNode):
        return str(term(node))
    if isinstance(node, Phrase):
        raise in_a_row(node)
    raise MismatchError


def _silence(node: Value) -> Silence:
    word = plain(node)
    if word == "unstated":
        return Silence(silence="unstated")
    if isinstance(node, Phrase) and len(node.parts) == 2:
        first, second = node.parts
        word = None if isinstance(first, String) else plain(first)
        if isinstance(second, String) and (word == "unstated" or word == "not-applicable"):
            return Silence(silence=word, reason=second.text)
        if word == "unstated" or word == "not-applicable":
            raise MismatchError("A reason stands in quotes.", f'write `{word} "…"`')
    if word == "not-applicable":
        raise MismatchError(
            "`not-applicable` needs its reason.", 'write `not-applicable "why the axis does not exist here"`'
        )
    raise MismatchError


def _number(node: Value) -> Quantity:
    if isinstance(node, Number):
        return quantity(node)
    raise MismatchError


def _integer(node: Value) -> int:
    if isinstance(node, Number) and node.unit is None and node.text.lstrip("+").isdigit():
        return int(node.text[:20])
    raise MismatchError


def _boolean(node: Value) -> bool:
    word = plain(node)
    if word in {"true", "false"}:
        return word == "true"
    raise MismatchError


def _term(node: Value) -> Term:
    if isinstance(node, TermNode):
        return term(node)
    if isinstance(node, String):
        return Term(name=node.text)
    if isinstance(node, Phrase):
        raise in_a_row(node)
    raise MismatchError


def _pinned(node: Value) -> Pinned:
    if isinstance(node, PinnedNode):
        return Pinned(name=node.name, pin=node.pin)
    if isinstance(node, Block | Detailed | ListNode | Number):
        raise MismatchError
    return Pinned(name=text_of(node))


def _range(node: Value) -> Range:
    if isinstance(node, RangeNode):
        return Range(low=quantity(node.low), high=quantity(node.high))
    raise MismatchError


def _spread(node: Value) -> Spread:
    if isinstance(node, SpreadNode):
        return Spread(value=quantity(node.value), plus_minus=quantity(node.plus_minus))
    raise MismatchError


def bound(node: Value) -> Bound:
    """A relation and a number."""
    if isinstance(node, BoundNode):
        if node.relation == "!=":
            raise MismatchError("`!=` bounds nothing.", "use `<=`, `<`, `>=` or `>`")
        return Bound(relation=node.relation, quantity=quantity(node.quantity))
    raise MismatchError


def _baseline(node: Value) -> Baseline:
    if isinstance(node, Phrase) and len(node.parts) == 2:
        kind, name = _phrase_words(node)
        if kind == "executor":
            return Baseline(kind="executor", name=name)
        if kind == "model":
            return Baseline(kind="model", name=name)
    if isinstance(node, Block | Detailed | ListNode | Number):
        raise MismatchError
    return Baseline(kind="precision", name=text_of(node))


def _predicate(node: Value) -> Comparison | Combination:
    if isinstance(node, ComparisonNode | CombinationNode):
        return predicate(node)
    raise MismatchError


def _by_column(node: Value) -> ByColumn:
    if isinstance(node, Phrase):
        words = _phrase_words(node)
        if len(words) == 2 and words[0] == "by":
            return ByColumn(by=words[1])
    raise MismatchError


def _where(node: Value) -> Where:
    return Where(where=_predicate(node))


def _quantiles(node: Value) -> Quantiles:
    if isinstance(node, TermNode) and node.called and node.name.text == "quantiles":
        called = term(node)
        given = [*called.positional, *called.named.values()]
        column, count, *_ = [*given, None, None]
        fits = len(given) <= 2 and set(called.named) <= {"count"} and isinstance(column, str)
        if fits and count is None:
            return Quantiles(quantiles=column)
        if (
            fits
            and isinstance(count, Quantity)
            and count.unit is None
            and count.value == count.value.to_integral_value()
        ):
            return Quantiles(quantiles=column, count=int(min(count.value, 10**6)))
        raise MismatchError("`quantiles` takes a column and a count.", "write `quantiles(length, 4)`")
    raise MismatchError


def _crossed(node: Value) -> Crossed:
    if isinstance(node, Phrase):
        words = _phrase_words(node)
        if len(words) >= 3 and len(words) % 2 and all(w in {"x", "×"} for w in words[1::2]):
            return Crossed(cross=words[::2])
    if isinstance(node, TermNode) and node.called and node.name.text == "cross":
        return Crossed(cross=[part for part in term(node).positional if isinstance(part, str)])
    raise MismatchError


def short_form(node: Value, noun: type[Any]) -> str | bool:
    """The word that stands for a whole noun: a precision, a number format, or `local` for a machine."""
    if noun is Hardware:
        if isinstance(node, String) or plain(node) != "local":
            raise MismatchError
        return True
    return " ".join(_phrase_words(node)) if isinstance(node, Phrase) else text_of(node)


READERS: dict[Any, Callable[[Any], Any]] = {
    Silence: _silence,
    Quantity: _number,
    int: _integer,
    bool: _boolean,
    Term: _term,
    Pinned: _pinned,
    Range: _range,
    Spread: _spread,
    Bound: bound,
    Baseline: _baseline,
    Comparison: _predicate,
    Combination: _predicate,
    ByColumn: _by_column,
    Where: _where,
    Quantiles: _quantiles,
    Crossed: _crossed,
    str: text_of,
}
"""How a value is read as each type that is not a block of its own."""

SHORT_FORMS: dict[type[Any], str] = {TensorFormat: "type", Precision: "shorthand", Hardware: "local"}
"""Nouns that may be written as one word, and the field that takes it."""


def read(kind: Any, node: Any) -> Any:
    """A value as one type; raises `MismatchError` when it is none, with a sentence when it nearly is one."""
    try:
        return READERS[kind](node)
    except ValidationError as error:
        raise MismatchError(refusal(error.errors(include_url=False)[0])) from None


NAMES: dict[Any, str] = {
    Silence: '`unstated`, `not-applicable "why"`',
    Quantity: "a number with a unit",
    int: "a whole number",
    bool: "`true` or `false`",
    Term: "a name such as `top1` or `ece(bins: 15)`",
    Pinned: "a name, pinned with `@` where it has a version",
    Range: "a range such as `0..898`",
    Spread: "a value with its uncertainty",
    Bound: "a bound such as `< 1 %`",
    Baseline: "a precision, `executor NAME` or `model NAME`",
    Comparison: "a condition such as `label in [8, 9]`",
    Combination: "a condition such as `label in [8, 9]`",
    ByColumn: "`by COLUMN`",
    Where: "a condition such as `label in [8, 9]`",
    Quantiles: "`quantiles(COLUMN, COUNT)`",
    Crossed: "`NAME x NAME`",
    str: "a name or a string",
}
"""What each type is called in a message."""
