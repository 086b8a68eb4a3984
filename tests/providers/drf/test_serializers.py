"""Serializers inside serializers, and what of them is asked for."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("rest_framework", reason="needs the extra 'drf'")

from rest_framework import serializers as s

from django_mcp.providers.drf.serializers import (
    input_schema,
    output_schema,
)

pytestmark = pytest.mark.needs("drf")


class Row(s.Serializer):
    price = s.IntegerField()
    id = s.IntegerField(read_only=True)


class Order(s.Serializer):
    number = s.IntegerField()
    rows = Row(many=True, min_length=1, max_length=3)
    first = Row(required=False, allow_null=True)


def test_serializers_inside_are_objects_and_lists() -> None:
    row = {
        "type": "object",
        "properties": {"price": {"type": "integer"}},
        "required": ["price"],
    }
    assert input_schema(Order()) == {
        "type": "object",
        "properties": {
            "number": {"type": "integer"},
            "rows": {"type": "array", "items": row, "minItems": 1, "maxItems": 3},
            "first": {**row, "type": ["object", "null"]},
        },
        "required": ["number", "rows"],
    }


def test_a_part_of_a_serializer_needs_nothing() -> None:
    schema = input_schema(Order(), partial=True)
    assert "required" not in schema
    assert schema["properties"]["rows"]["items"]["required"] == ["price"]


def test_many_are_a_list() -> None:
    schema = input_schema(Row(many=True, allow_empty=False))
    assert (schema["type"], schema["minItems"]) == ("array", 1)
    assert output_schema(Row(many=True))["items"]["properties"].keys() == {
        "price",
        "id",
    }


def test_a_serializer_inside_itself_ends() -> None:
    class Tree(s.Serializer):
        def get_fields(self) -> Any:
            return {"name": s.CharField(), "children": Tree(many=True)}

    children = input_schema(Tree())["properties"]["children"]
    assert children["items"] == {"type": "object"}
    assert output_schema(Tree())["properties"]["children"]["items"] == {
        "type": "object"
    }


def test_what_a_project_writes_itself_is_not_promised() -> None:
    class Own(Row):
        def to_representation(self, instance: Any) -> Any:
            return {"anything": 1}

    assert output_schema(Own()) == {}
    assert output_schema(Own(many=True)) == {"type": "array", "items": {}}
    assert input_schema(s.BaseSerializer()) == {}
