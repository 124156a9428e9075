"""Terms such as `ece(bins: 15)`, references such as `digits.test`, and predicates over columns."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from qspec.model.base import Noun, Word
from qspec.model.quantity import Quantity, Range
from qspec.model.spelling import inner_word, key_word, quote, value_word

Scalar = str | bool | Quantity


class Term(Noun):
    """A name with arguments: a metric (`recall@10`), a recipe (`smoothquant(alpha: 0.5)`), a granularity."""

    name: Word
    """The name without its arguments; `recall@10` is the name `recall` at 10."""
    at: int | None = Field(default=None, ge=1, le=10**9)
    """The cut-off written after `@`."""
    positional: list[Argument] = Field(default_factory=list)
    """Arguments without a name, in order."""
    named: dict[str, Argument] = Field(default_factory=dict)
    """Arguments with a name."""

    @property
    def head(self) -> str:
        """The name as looked up in a registry: `recall@10` is `recall@k`."""
        return f"{self.name}@k" if self.at is not None else self.name

    @property
    def is_bare(self) -> bool:
        """Whether it is a name alone, without arguments and without a cut-off."""
        return not (self.positional or self.named or self.at)

    def __str__(self) -> str:
        name = key_word(self.name) if self.at is None else f"{self.name}@{self.at}"
        arguments = [argument_text(item) for item in self.positional]
        arguments += [f"{key_word(key)}: {argument_text(item)}" for key, item in self.named.items()]
        return f"{name}({', '.join(arguments)})" if arguments else name


class Pinned(Noun):
    """A name, with what it was pinned to: a version, a revision or a digest."""

    name: Word
    """What is named, for example `digits.test` or `meta-llama/Llama-3.1-8B`."""
    pin: str | None = None
    """The version, the revision or the digest."""

    def __str__(self) -> str:
        return f"{self.name} @ {self.pin}" if self.pin else self.name


Relation = Literal["==", "!=", "<", "<=", ">", ">=", "in"]
FLIPPED: dict[str, Relation] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class Comparison(Noun):
    """A column (or a term, in an operating point) compared with a value or a list of values."""

    column: Term
    """The column, or a quantity in an operating point."""
    relation: Relation
    """How the column compares."""
    value: Scalar | None = None
    """The value, for every relation but `in`."""
    values: list[Scalar] | None = None
    """The values, for `in`."""

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.relation == "in") != (self.values is not None) or (self.value is None) == (
            self.values is None
        ):
            raise ValueError("`in` compares with `values`, every other relation with one `value`")
        return self

    def __str__(self) -> str:
        if self.values is not None:
            return f"{self.column} in [{', '.join(scalar_text(v) for v in self.values)}]"
        return f"{self.column} {self.relation} {scalar_text(self.value)}"


class Combination(Noun):
    """Predicates joined by `and` or `or`, or one negated by `not`."""

    operator: Literal["and", "or", "not"]
    """How the conditions are joined."""
    operands: list[Predicate]
    """The conditions."""

    @model_validator(mode="after")
    def _arity(self) -> Self:
        if (len(self.operands) != 1) if self.operator == "not" else (len(self.operands) < 2):
            raise ValueError("`not` takes one condition, `and` and `or` take two or more")
        return self

    def __str__(self) -> str:
        parts = [
            f"({p})" if isinstance(p, Combination) and p.operator != "not" else str(p) for p in self.operands
        ]
        return f"not {parts[0]}" if self.operator == "not" else f" {self.operator} ".join(parts)


Predicate = Comparison | Combination
Argument = Scalar | Range | Predicate | Term

Term.model_rebuild(force=False, raise_errors=False)


def scalar_text(value: Scalar | None) -> str:
    """A scalar as the language writes it: strings in double quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return quote(value) if isinstance(value, str) else str(value)


def argument_text(value: Argument) -> str:
    """An argument as the language writes it: a plain word bare, any other string quoted."""
    if isinstance(value, Term) and value.is_bare:
        return f"{value}()"  # without its parentheses it would be a word
    if isinstance(value, str):
        return value_word(value)
    return scalar_text(value) if isinstance(value, bool) else str(value)


def number(value: Argument | None) -> Decimal | None:
    """The number an argument holds, or None when it holds something else."""
    return value.base if isinstance(value, Quantity) else None


class ByColumn(Noun):
    """One stratum for each value of a column: `by label`."""

    by: Word
    """The column."""

    def __str__(self) -> str:
        return f"by {inner_word(self.by)}"


class Where(Noun):
    """One stratum of the examples for which a predicate holds: `label in [8, 9]`."""

    where: Predicate
    """The condition."""

    def __str__(self) -> str:
        return str(self.where)


class Quantiles(Noun):
    """Strata of equal size along a numeric column: `quantiles(length, 4)`."""

    quantiles: Word
    """The column."""
    count: int = Field(default=4, ge=2, le=1000)
    """How many strata."""

    def __str__(self) -> str:
        return f"quantiles({value_word(self.quantiles)}, {self.count})"


class Crossed(Noun):
    """Every combination of two or more stratifications named beside it: `site x dense`."""

    cross: list[Word] = Field(min_length=2)
    """The stratifications, by name."""

    def __str__(self) -> str:
        if value_word(self.cross[0]) == self.cross[0]:
            return " x ".join([self.cross[0], *(inner_word(name) for name in self.cross[1:])])
        return f"cross({', '.join(value_word(name) for name in self.cross)})"


Stratification = ByColumn | Where | Quantiles | Crossed
