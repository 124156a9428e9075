"""Parts of the language read from their own text: a stratum's label back to a name or a condition."""

from __future__ import annotations

from qspec.lang.parse import parse
from qspec.lang.read import MismatchError, predicate
from qspec.lang.source import Source
from qspec.lang.tree import CombinationNode, ComparisonNode, Entry, Section
from qspec.model.expression import Combination, Comparison


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
