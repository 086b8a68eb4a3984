"""Arguments in few words."""

from __future__ import annotations

from typing import Any

import pytest

from django_mcp.providers.models.terse import terse, terse_arguments


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, "any"),
        ({"type": "integer"}, "integer"),
        ({"type": "string", "format": "date"}, "date"),
        (
            {"type": "integer", "minimum": 0, "default": 0},
            "integer; at least 0; else 0",
        ),
        ({"enum": ["a", 1]}, "a|1"),
        ({"enum": ["a", "b"]}, "any of fields"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, ["any of fields"]),
        ({"type": "array"}, ["any"]),
        ({"type": "object"}, "object"),
        ({"type": "string", "description": "Words."}, "string; Words."),
        ({"anyOf": [{"type": "null"}]}, {"anyOf": [{"type": "null"}]}),
        (
            {"type": "object", "properties": {"x": {"type": "integer"}}},
            {"x": "integer"},
        ),
    ],
)
def test_a_schema_is_said_in_a_word(schema: Any, words: Any) -> None:
    assert terse(schema, ["a", "b"]) == words


def test_what_must_be_given_is_marked() -> None:
    schema = {"properties": {"id": {"type": "integer"}, "x": {}}, "required": ["id"]}
    assert terse_arguments(schema, []) == {"id*": "integer", "x": "any"}


def test_schemas_that_point_elsewhere_stay_whole() -> None:
    schema = {"properties": {"x": {"$ref": "#/$defs/X"}}, "$defs": {"X": {}}}
    assert terse_arguments(schema, []) == schema
