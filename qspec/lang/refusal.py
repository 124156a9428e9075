"""What the model's own limits refuse, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails


_OF_ANOTHER_TYPE = frozenset({"model_type", "dict_type", "list_type", "bool_type", "model_attributes_type"})


def refusals(error: ValidationError) -> list[tuple[str, ErrorDetails]]:
    """The problems of a noun, one for each field by its name in the language.

    Of a union's members only one refused the value for what it is; the others expect a value of another type.
    """
    found: dict[str, ErrorDetails] = {}
    for problem in error.errors(include_url=False):
        name = str(problem["loc"][0]).rstrip("_").replace("_", "-") if problem["loc"] else ""
        if name not in found or found[name]["type"] in _OF_ANOTHER_TYPE:
            found[name] = problem
    return list(found.items())


def refusal(problem: ErrorDetails) -> str:
    """A sentence for one problem that validation found."""
    context = problem.get("ctx", {})
    kind = problem["type"]
    name = str(problem["loc"][0]).rstrip("_").replace("_", "-") if problem["loc"] else ""
    what = f"`{name}`" if name else "This value"
    sentences = {
        "string_pattern_mismatch": _pattern(context.get("pattern", ""), what),
        "string_too_long": f"{what} is longer than the {context.get('max_length')} characters it may have.",
        "too_short": f"{what} needs at least {context.get('min_length')} entries.",
        "too_long": f"{what} may have at most {context.get('max_length')} entries.",
        "greater_than_equal": f"{what} must be {context.get('ge')} or more.",
        "less_than_equal": f"{what} must be {context.get('le')} or less.",
        "value_error": f"{what} cannot be: {context.get('error')}.",
    }
    known = sentences.get(kind)
    if known is not None:
        return known
    said = problem["msg"]
    return f"{what}: {said[0].lower()}{said[1:]}."


def _pattern(pattern: str, what: str) -> str:
    if "[0-9]+" in pattern:
        return f"{what} is no number that can be computed with; an exponent has at most three digits."
    if "/s" in pattern:
        return f"{what} is no unit."
    return f"{what} is one line of text without control characters."
