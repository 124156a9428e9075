"""Terms such as `ece(bins: 15)`, references such as `digits.test`, and predicates over columns."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from qspec.model.base import Noun, Word
from qspec.model.quantity import Quantity, Range

Scalar = str | bool | Quantity


class Term(Noun):
    """A name with arguments: a metric (`recall@10`), a recipe (`smoothquant(alpha: 0.5)`), a granularity."""

    name: Word
    """The name without its arguments; `recall@10` is the name `recall` at 10."""
    at: int | None = None
    """The cut-off written after `@`."""
    positional: list[Argument] = Field(default_factory=list)
    """Arguments without a name, in order."""
    named: dict[str, Argument] = Field(default_factory=dict)
    """Arguments with a name."""

    @property
    def head(self) -> str:
        """The name as looked up in a registry: `recall@10` is `recall@k`."""
        return f"{self.name}@k" if self.at is not None else self.name

    def __str__(self) -> str:
        name = f"{self.name}@{self.at}" if self.at is not None else self.name
        arguments = [argument_text(item) for item in self.positional]
        arguments += [f"{key}: {argument_text(item)}" for key, item in self.named.items()]
        return f"{name}({', '.join(arguments)})" if arguments else name


class Pinned(Noun):
    """A name, with what it was pinned to: a version, a revision or a digest."""

    name: Word
    pin: str | None = None

    def __str__(self) -> str:
        return f"{self.name} @ {self.pin}" if self.pin else self.name


Relation = Literal["==", "!=", "<", "<=", ">", ">=", "in"]
FLIPPED: dict[str, Relation] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class Comparison(Noun):
    """A column (or a term, in an operating point) compared with a value or a list of values."""

    column: Term
    relation: Relation
    value: Scalar | None = None
    values: list[Scalar] | None = None

    def __str__(self) -> str:
        if self.values is not None:
            return f"{self.column} in [{', '.join(scalar_text(v) for v in self.values)}]"
        return f"{self.column} {self.relation} {scalar_text(self.value)}"


class Combination(Noun):
    """Predicates joined by `and` or `or`, or one negated by `not`."""

    operator: Literal["and", "or", "not"]
    operands: list[Predicate]

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
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)


def argument_text(value: Argument) -> str:
    """An argument as the language writes it: a plain word bare, any other string quoted."""
    if isinstance(value, str) and value.replace("-", "").replace("_", "").isalnum():
        return value
    return scalar_text(value) if isinstance(value, str | bool) else str(value)


def number(value: Argument | None) -> Decimal | None:
    """The number an argument holds, or None when it holds something else."""
    return value.base if isinstance(value, Quantity) else None


class ByColumn(Noun):
    """One stratum for each value of a column: `by label`."""

    by: Word

    def __str__(self) -> str:
        return f"by {self.by}"


class Where(Noun):
    """One stratum of the examples for which a predicate holds: `label in [8, 9]`."""

    where: Predicate

    def __str__(self) -> str:
        return str(self.where)


class Quantiles(Noun):
    """Strata of equal size along a numeric column: `quantiles(length, 4)`."""

    quantiles: Word
    count: int = Field(default=4, ge=2, le=1000)

    def __str__(self) -> str:
        return f"quantiles({self.quantiles}, {self.count})"


class Crossed(Noun):
    """Every combination of two or more stratifications named beside it: `site x dense`."""

    cross: list[Word]

    def __str__(self) -> str:
        return " x ".join(self.cross)


Stratification = ByColumn | Where | Quantiles | Crossed
