"""Schemas that an author wrote."""

import sys
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from django_mcp.schema.jsonschema import (
    arguments_validator_from_schema,
    validator_from_schema,
)

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "isbn": {"type": "string"},
        "rows": {
            "type": "array",
            "items": {"$ref": "#/$defs/row"},
        },
    },
    "required": ["isbn"],
    "additionalProperties": False,
    "$defs": {
        "row": {
            "type": "object",
            "properties": {"id": {"type": "integer"}},
            "required": ["id"],
            "additionalProperties": False,
        }
    },
}


@pytest.mark.needs("jsonschema")
@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ({"isbn": "x", "rows": [{"id": 1}]}, []),
        ({}, ["isbn: field required"]),
        ({"isbn": "x", "y": 1}, ["unknown argument y"]),
        ({"isbn": "x", "rows": [{}]}, ["rows[0].id: field required"]),
        ({"isbn": "x", "rows": [{"id": 1, "z": 1}]}, ["rows[0]: unknown field z"]),
    ],
)
def test_lines_say_where_and_why(value: Any, lines: list[str]) -> None:
    assert arguments_validator_from_schema(SCHEMA)(value) == lines


@pytest.mark.needs("jsonschema")
def test_its_words_may_be_translated_later() -> None:
    schema = {"type": "object", "properties": {"why": {"title": _("Reason")}}}
    assert arguments_validator_from_schema(schema)({"why": 1}) == []


@pytest.mark.needs("jsonschema")
def test_values_are_not_repeated_and_lines_are_bounded() -> None:
    found = validator_from_schema(SCHEMA)({"isbn": 3, "rows": ["hunter2"] * 50})
    assert len(found) == 10
    assert "hunter2" not in "".join(found)
    assert found[0] == 'isbn: the value is not of type "string"'


@pytest.mark.needs("jsonschema")
def test_another_dialect_is_understood() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "object",
        "properties": {"a": {"maximum": 3, "exclusiveMaximum": True}},
    }
    assert len(validator_from_schema(schema)({"a": 3})) == 1


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"$ref": "https://example.com/a"}}},
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/missing"}}},
        {"type": "object", "properties": {"a": {"type": "sting"}}},
        {"type": "object", "properties": {"a": {"pattern": "("}}},
        {"type": "object", "$schema": "https://example.com/dialect"},
        {"type": "array"},
        {},
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"shop\.buy"):
        arguments_validator_from_schema(schema, source="shop.buy")


def test_without_the_package_the_remedy_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    with pytest.raises(
        ImproperlyConfigured, match=r"django-mcp-channels\[jsonschema\]"
    ):
        validator_from_schema(SCHEMA)
