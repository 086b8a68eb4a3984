"""What an operation promises to answer, as the output schema of its tool.

Made of the response's own model, as the operation serialises it.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.errors import PydanticUserError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from django_mcp.schema.generator import Generator, inlined
from django_mcp.schema.walk import Schema, with_children


class _Generator(Generator):
    """ninja writes what it has no JSON for in its own way."""

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        result = super().enum_schema(schema)
        if not issubclass(schema["cls"], str | int):
            # The member's name goes out, with that of its class: no value.
            names = [str(member) for member in schema["members"]]
            result |= {"type": "string", "enum": names}
        return result


def output_schema_of(
    model: type[BaseModel] | None, operation: Any, *, many: bool
) -> Schema | None:
    """Return the schema of an answer; ``None``: nothing is promised.

    ``many``: the answer is a stream of such items, which becomes a list.
    """
    if model is None:
        return None
    try:
        whole = model.model_json_schema(
            by_alias=operation.by_alias,
            mode="serialization",
            schema_generator=_Generator,
        )
    except PydanticUserError:
        return None
    answer = dict(whole["properties"]["response"])
    answer.pop("default", None)
    if "$defs" in whole:
        answer["$defs"] = whole["$defs"]
    schema = inlined(answer)
    if operation.exclude_unset or operation.exclude_defaults or operation.exclude_none:
        schema = _optional(schema)
    if not schema.keys() - {"description", "title"}:
        return None  # it may be anything
    if not many:
        return schema
    definitions = {"$defs": schema.pop("$defs")} if "$defs" in schema else {}
    return {"type": "array", "items": schema, **definitions}


def _optional(schema: Schema) -> Schema:
    """Any member of an answer may be left out."""
    kept = {key: value for key, value in schema.items() if key != "required"}
    return with_children(kept, _optional)
