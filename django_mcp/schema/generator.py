"""JSON Schemas from type hints, without noise.

Titles a generator makes up are left out, titles somebody wrote stay; what is
defined for one place only stands at that place, so that a model reading the
schema has nothing to look up.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Literal

from django.utils.functional import Promise, lazy
from django.utils.text import format_lazy
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from django_mcp.schema.walk import Schema, descendants, with_children

_DEFINITIONS = "#/$defs/"


def schema_from_adapter(adapter: TypeAdapter[Any], mode: JsonSchemaMode) -> Schema:
    """Return the JSON Schema of what an adapter accepts or gives."""
    return inlined(adapter.json_schema(schema_generator=Generator, mode=mode))


class Generator(GenerateJsonSchema):
    """The generator of the validator's library, made quiet."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._enums: set[str] = set()

    def generate(
        self, schema: core_schema.CoreSchema, mode: JsonSchemaMode = "validation"
    ) -> JsonSchemaValue:
        result = super().generate(schema, mode)
        # An enum gets its title after ``enum_schema``, and cannot have another.
        for node in (result, *result.get("$defs", {}).values()):
            if "enum" in node and node.get("title") in self._enums:
                del node["title"]
        return result

    def sort(
        self, value: JsonSchemaValue, parent_key: str | None = None
    ) -> JsonSchemaValue:
        """Keep the order in which things were written."""
        return value

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return _quiet(super().model_schema(schema), schema)

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        return _quiet(super().dataclass_schema(schema), schema)

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        return _quiet(super().typed_dict_schema(schema), schema)

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        result = super().enum_schema(schema)
        self._enums.add(schema["cls"].__name__)
        if is_choices(schema["cls"]):
            result["description"] = labels_text(schema["cls"])
        return result


def is_choices(hint: Any) -> bool:
    """Is this a subclass of Django's ``Choices``?

    Asked by its attributes, so that nothing of the database is imported here.
    """
    return (
        isinstance(hint, type)
        and issubclass(hint, enum.Enum)
        and hasattr(hint, "choices")
        and hasattr(hint, "labels")
    )


def labels_text(choices: Any) -> str | Promise:
    """Return ``hardback: Hardback; paperback: Paperback``, lazily if need be."""

    def text() -> str:
        return "; ".join(f"{member.value}: {member.label}" for member in choices)

    labels = [getattr(member, "_label_", "") for member in choices]
    return lazy(text, str)() if any(isinstance(x, Promise) for x in labels) else text()


def inlined(schema: Schema) -> Schema:
    """Return the schema with what is referred to once put in its place."""
    definitions: dict[str, Schema] = dict(schema.get("$defs", {}))
    uses = Counter(_references(schema))

    def settle(node: Schema) -> Schema:
        name = _definition(node.get("$ref"))
        if uses[name] == 1 and name in definitions:
            return settle(_merged(definitions.pop(name), node))
        return with_children(node, settle)

    body = {keyword: value for keyword, value in schema.items() if keyword != "$defs"}
    # The root may itself be defined under a name, when it is recursive.
    body = settle(body)
    kept: dict[str, Schema] = {}
    for name in list(definitions):
        if name in definitions and uses[name] > 1:
            kept[name] = settle(definitions[name])
    return {**body, "$defs": kept} if kept else body


def _merged(definition: Schema, node: Schema) -> Schema:
    beside = {keyword: value for keyword, value in node.items() if keyword != "$ref"}
    if "enum" in definition and "description" in definition and "description" in beside:
        beside["description"] = joined(
            beside["description"], definition["description"], " ({})"
        )
    return {**definition, **beside}


def joined(
    first: str | Promise, second: str | Promise, shape: Literal["{}", " ({})"] = "{}"
) -> str | Promise:
    """Join two texts, translated late if one of them is."""
    join: Callable[..., str | Promise] = str.format
    if isinstance(first, Promise) or isinstance(second, Promise):
        join = format_lazy
    return join("{}" + shape, first, second)


def _references(schema: Schema) -> Iterator[str]:
    for node in descendants(schema):
        if "$ref" in node:
            yield _definition(node["$ref"])
        discriminator = node.get("discriminator")
        if isinstance(discriminator, dict):
            for target in discriminator.get("mapping", {}).values():
                yield _definition(target)


def _definition(reference: Any) -> str:
    if isinstance(reference, str) and reference.startswith(_DEFINITIONS):
        return reference.removeprefix(_DEFINITIONS)
    return ""


def _quiet(result: JsonSchemaValue, schema: Any) -> JsonSchemaValue:
    """Drop a title that is only the name of the class."""
    # Not the compiled configuration: that one always has a title.
    kind = schema["cls"]
    given = getattr(kind, "model_config", getattr(kind, "__pydantic_config__", {}))
    if given.get("title") is None and result.get("title") == kind.__name__:
        del result["title"]
    return result
