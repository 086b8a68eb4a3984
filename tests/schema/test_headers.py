"""Which arguments may be repeated in headers."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_mcp.schema.headers import headers_from_schema


def annotated(header: Any, **schema: Any) -> dict[str, Any]:
    return {"type": "string", "x-mcp-header": header, **schema}


def test_paths_are_found_through_nested_properties() -> None:
    schema = {
        "properties": {
            "region": annotated("Region"),
            "where": {"properties": {"zone": annotated("Zone", type="integer")}},
        }
    }
    assert headers_from_schema(schema) == {
        "region": ("region",),
        "zone": ("where", "zone"),
    }


def test_a_parameter_named_like_the_keyword_is_no_annotation() -> None:
    schema = {"properties": {"x-mcp-header": {"type": "string"}}}
    assert headers_from_schema(schema) == {}


def test_data_is_not_read() -> None:
    schema = {"default": {"properties": {"a": annotated("A")}}, "const": annotated("B")}
    assert headers_from_schema(schema) == {}


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": annotated("")}},
        {"properties": {"a": annotated("two words")}},
        {"properties": {"a": annotated("Line\n")}},
        {"properties": {"a": annotated(3)}},
        {"properties": {"a": annotated("A", type="number")}},
        {"properties": {"a": annotated("A", type=["string", "null"])}},
        {"properties": {"a": {"x-mcp-header": "A", "anyOf": [{"type": "string"}]}}},
        {"properties": {"a": annotated("A"), "b": annotated("a")}},
        {"properties": {"a": {"items": annotated("A")}}},
        {"properties": {"a": {"anyOf": [annotated("A")]}}},
        {"properties": {"a": {"anyOf": [{"properties": {"b": annotated("A")}}]}}},
        {"$defs": {"A": annotated("A")}, "properties": {"a": {"$ref": "#/$defs/A"}}},
        {"if": {"properties": {"a": annotated("A")}}},
        annotated("Root"),
    ],
)
def test_what_a_client_must_drop_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ImproperlyConfigured, match="x-mcp-header"):
        headers_from_schema(schema)
