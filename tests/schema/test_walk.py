"""Where schemas are inside a schema, and where they are not."""

from typing import Any

from django_mcp.schema.walk import Child, children, descendants, with_children

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": "string"}, "properties": {"default": {"items": {}}}},
    "items": [{"const": 1}, True],
    "anyOf": [{"type": "null"}],
    "additionalProperties": False,
    "default": {"properties": {"b": {}}},
}


def test_children_are_found_by_keyword_and_name() -> None:
    assert list(children(SCHEMA)) == [
        Child("properties", "a", {"type": "string"}),
        Child("properties", "properties", {"default": {"items": {}}}),
        Child("items", "", {"const": 1}),
        Child("anyOf", "", {"type": "null"}),
    ]


def test_data_is_never_taken_for_a_schema() -> None:
    assert len(list(descendants(SCHEMA))) == 5


def test_a_changed_copy_leaves_the_original_alone() -> None:
    before = repr(SCHEMA)
    copy = with_children(SCHEMA, lambda child: {**child, "x": 1})
    assert copy["properties"]["a"] == {"type": "string", "x": 1}
    assert copy["items"] == [{"const": 1, "x": 1}, True]
    assert copy["additionalProperties"] is False
    assert copy["default"] == SCHEMA["default"]
    assert repr(SCHEMA) == before


def test_one_schema_as_the_items_is_a_child() -> None:
    assert list(children({"items": {"type": "null"}})) == [
        Child("items", "", {"type": "null"})
    ]
    assert with_children({"items": {}}, lambda child: {"x": 1}) == {"items": {"x": 1}}
