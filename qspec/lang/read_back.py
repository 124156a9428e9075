"""Parts of the language read from their own text: the label of a stratum, the name of a column of scores."""

from __future__ import annotations

from qspec.lang.parse import parse
from qspec.lang.read import MismatchError, predicate, term
from qspec.lang.source import Source
from qspec.lang.tree import CombinationNode, ComparisonNode, Entry, ListNode, Section, TermNode
from qspec.model.expression import Combination, Comparison, Term


def stratum_scope(label: str) -> str | Comparison | Combination:
    """What stands behind `for`: `class == 3` is a condition, `rare` a name; anything else stays a name."""
    parsed = parse(Source("stratum", f"stratum for {label} {{ }}\n"))
    for item in parsed.tree.root.items:
        if isinstance(item, Section | Entry) and not parsed.errors and item.qualifiers:
            value = item.qualifiers[0].value
            if isinstance(value, ComparisonNode | CombinationNode):
                try:
                    return predicate(value)
                except MismatchError:
                    break
    return label


def metric_term(text: str) -> Term | None:
    """The metric term that a text spells, such as `top1` or `f1(macro)`; None for any other text."""
    parsed = parse(Source("metric", f"metrics: [{text}]\n"))
    items = parsed.tree.root.items
    if parsed.errors or len(items) != 1 or not isinstance(items[0], Entry):
        return None
    value = items[0].value
    if not isinstance(value, ListNode) or len(value.items) != 1 or not isinstance(value.items[0], TermNode):
        return None
    try:
        return term(value.items[0])
    except MismatchError:
        return None
