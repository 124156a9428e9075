"""The published JSON Schemas of twins and records, made from the model; `python -m qspec.lang.schema` writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import CoreSchema

from qspec.model.base import Noun, Open, Silence
from qspec.model.describe import describe, summary
from qspec.model.document import Document
from qspec.model.expression import Combination, Comparison
from qspec.model.record import Record

HOME = "urn:qspec:schema:"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_RULES: dict[str, dict[str, Any]] = {
    Silence.__name__: {
        "if": {"properties": {"silence": {"const": "not-applicable"}}, "required": ["silence"]},
        "then": {"required": ["reason"], "properties": {"reason": {"type": "string"}}},
    },
    Comparison.__name__: {
        "if": {"properties": {"relation": {"const": "in"}}, "required": ["relation"]},
        "then": {"required": ["values"], "properties": {"value": {"type": "null"}}},
        "else": {"required": ["value"], "properties": {"values": {"type": "null"}}},
    },
    Combination.__name__: {
        "if": {"properties": {"operator": {"const": "not"}}, "required": ["operator"]},
        "then": {"properties": {"operands": {"maxItems": 1, "minItems": 1}}},
        "else": {"properties": {"operands": {"minItems": 2}}},
    },
}
"""What validators of the model ask beside the types of the fields."""


class _Generator(GenerateJsonSchema):
    """Pydantic's schema without the titles and defaults that say nothing."""

    def generate(self, schema: CoreSchema, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        return {"$schema": DIALECT, **super().generate(schema, mode)}

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


PUBLISHED: dict[str, tuple[type[Noun], str]] = {
    "document.schema.json": (Document, "A QSpec document"),
    "record.schema.json": (Record, "The record of an execution"),
}
"""Each file in `schemas/` that the model gives, with its root and its title."""


def published_schema(file: str) -> dict[str, Any]:
    """A published schema (JSON Schema 2020-12), each noun and field with what it is for."""
    root, title = PUBLISHED[file]
    schema = root.model_json_schema(by_alias=True, schema_generator=_Generator)
    nouns = {noun.__name__: noun for noun in _nouns(Noun) | _nouns(Open)}
    for name, part in [(root.__name__, schema), *schema["$defs"].items()]:
        noun = nouns.get(name)
        if noun is None:
            continue
        part["description"] = summary(noun)
        part.pop("title", None)
        _describe(part, noun)
        part |= _RULES.get(name, {})
    quantity = schema["$defs"]["Quantity"]
    quantity["required"] = ["text"]  # the value is read off the text where it is left out
    return {"$schema": DIALECT, "$id": HOME + file, **schema, "title": title}


def document_schema() -> dict[str, Any]:
    """The schema of a document, which its YAML and JSON twins follow."""
    return published_schema("document.schema.json")


def _nouns(base: type[Any]) -> set[type[Any]]:
    return {one for below in base.__subclasses__() for one in ({below} | _nouns(below))}


def _describe(part: dict[str, Any], noun: type[Any]) -> None:
    sentences = describe(noun)
    for field, info in noun.model_fields.items():
        shown = part.get("properties", {}).get(info.alias or field)
        if shown is None:
            continue
        if field in sentences:
            shown["description"] = sentences[field]
        if shown.get("default", ...) in (None, [], {}):
            shown.pop("default")


def rendered(file: str = "document.schema.json") -> str:
    """A schema as it lies in `schemas/`."""
    return json.dumps(published_schema(file), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the schemas beside the package."""
    folder = Path(__file__).resolve().parents[2] / "schemas"
    folder.mkdir(exist_ok=True)
    for file in PUBLISHED:
        (folder / file).write_text(rendered(file), encoding="utf-8")


if __name__ == "__main__":
    main()
