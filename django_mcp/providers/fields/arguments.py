"""The arguments of a tool over rows: their schema, and a check compiled once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import (
    CoreSchema,
    SchemaValidator,
    ValidationError,
    core_schema,
    from_json,
)

from django_mcp.schema.errors import ArgumentErrors, lines_from
from django_mcp.schema.walk import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument: as clients see it, and how it is checked."""

    schema: Schema
    core: CoreSchema
    required: bool = False


def described(schema: Schema, description: Any) -> Schema:
    """Return a schema with words about it."""
    return {**schema, "description": description} if description else schema


def one_of(names: Sequence[str]) -> Argument:
    """Return an argument that is one of a few names."""
    return Argument(
        schema={"enum": list(names)}, core=core_schema.literal_schema(list(names))
    )


def some_of(names: Sequence[str]) -> Argument:
    """Return an argument that is a list of some of a few names."""
    one = core_schema.literal_schema(list(names))
    return Argument(
        schema={"type": "array", "items": {"enum": list(names)}, "minItems": 1},
        core=core_schema.list_schema(one, min_length=1, max_length=len(names)),
    )


def list_of(one: Argument, least: int, most: int) -> Argument:
    """Return an argument that is a list of values of one sort."""
    bounds = {"minItems": least, "maxItems": most}
    return Argument(
        schema={"type": "array", "items": one.schema, **bounds},
        core=core_schema.list_schema(
            one.core, min_length=least, max_length=most, strict=True
        ),
        required=one.required,
    )


class Arguments:
    """All arguments of one tool."""

    def __init__(self, arguments: Mapping[str, Argument]) -> None:
        self._names = tuple(arguments)
        fields = {
            name: core_schema.typed_dict_field(one.core, required=one.required)
            for name, one in arguments.items()
        }
        self.core: CoreSchema = core_schema.typed_dict_schema(
            fields, extra_behavior="forbid"
        )
        self._check = SchemaValidator(self.core).validate_python
        self._packed = {
            name
            for name, one in arguments.items()
            if one.schema.get("type") in ("array", "object")
        }
        self.schema: Schema = {
            "type": "object",
            "properties": {name: one.schema for name, one in arguments.items()},
            "additionalProperties": False,
        }
        required = [name for name, one in arguments.items() if one.required]
        if required:
            self.schema["required"] = required

    def validated(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments, checked and converted. Null is not given.

        Raises: ArgumentErrors
        """
        try:
            return self._check(values)  # type: ignore[no-any-return]
        except ValidationError:
            values = self._repaired(values)
        try:
            return self._check(values)  # type: ignore[no-any-return]
        except ValidationError as error:
            lines = lines_from(error, values, allowed=self._names)
        raise ArgumentErrors(lines)

    def _repaired(self, values: dict[str, Any]) -> dict[str, Any]:
        """Leave out nulls, and take JSON in a string for what it says: some
        models send every argument, and some encode twice."""
        repaired = {name: one for name, one in values.items() if one is not None}
        for name in self._packed & repaired.keys():
            repaired[name] = unpacked(repaired[name])
        return repaired


def unpacked(value: Any) -> Any:
    """Take JSON in a string for what it says, if it says something."""
    if not isinstance(value, str):
        return value
    try:
        return from_json(value)
    except (ValueError, TypeError):  # no JSON, or half a character
        return value
