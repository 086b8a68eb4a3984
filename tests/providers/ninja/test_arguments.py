"""What an operation takes, as arguments."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("ninja")

from django.contrib.auth.models import User

from django_mcp import MCPServer
from tests.providers.ninja import apis
from tests.providers.ninja.calling import tool_of, value_of

pytestmark = pytest.mark.needs("ninja")

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@pytest.fixture
def shapes(server: MCPServer) -> MCPServer:
    server.ninja(apis.shapes, operations=METHODS)
    return server


def properties(server: MCPServer, name: str) -> dict[str, Any]:
    schema = tool_of(server, name).input_schema
    assert schema["additionalProperties"] is False
    assert "title" not in schema
    return schema["properties"]  # type: ignore[no-any-return]


def test_a_query_is_flat_and_says_what_it_takes(shapes: MCPServer) -> None:
    assert tool_of(shapes, "query").input_schema["required"] == ["limit"]
    assert properties(shapes, "query") == {
        "limit": {"type": "integer", "description": "At most so many."},
        "search": {"type": "string", "description": "Part of the name."},
        "ids": {"type": "array", "items": {"type": "integer"}, "default": []},
        "colour": {"type": "string", "enum": ["red", "blue"]},
        "on": {"type": "string", "format": "date"},
        "exact": {"type": "boolean", "default": False},
        "ratio": {"type": "number", "default": 1.0},
        "tags": {"type": "array", "items": {"type": "string"}, "default": []},
        "from": {
            "type": "string",
            "default": "start",
            "description": "Where to begin.",
        },
        "shown": {"type": "string", "default": "", "examples": ["a word"]},
    }


def test_the_values_of_a_query_arrive(shapes: MCPServer) -> None:
    sent = {
        "limit": 5,
        "search": "a&b=c ü",
        "ids": [1, 2],
        "colour": "red",
        "on": "2026-01-02",
        "exact": True,
        "ratio": 0.5,
        "tags": ["x", "y"],
        "from": "there",
    }
    assert value_of(shapes, "query", sent) == {
        "limit": 5,
        "filters": {"search": "a&b=c ü", "ids": [1, 2], "colour": "Colour.RED"},
        "on": "2026-01-02",
        "exact": True,
        "ratio": 0.5,
        "tags": ["x", "y"],
        "from": "there",
        "hidden": "no",
    }


def test_null_and_one_value_of_several_mean_what_they_must(shapes: MCPServer) -> None:
    sent = {"limit": 5, "search": None, "ids": 7, "tags": '["x"]'}
    answer = value_of(shapes, "query", sent)
    assert answer["filters"]["search"] is None
    assert answer["filters"]["ids"] == [7]
    assert answer["tags"] == ["x"]


def test_a_model_in_the_path_is_flat_too(shapes: MCPServer) -> None:
    assert list(properties(shapes, "address")) == ["year", "month", "word", "year2"]
    sent = {"year": 2026, "month": 2, "word": "a b"}
    assert value_of(shapes, "address", sent) == sent


def test_converters_say_what_the_address_takes(shapes: MCPServer) -> None:
    key = "12345678-1234-5678-1234-567812345678"
    sent = {"number": 3, "key": key, "rest": "a/b"}
    assert value_of(shapes, "typed", sent) == sent


def test_parts_of_the_address_that_nobody_reads_are_arguments(
    server: MCPServer,
) -> None:
    server.ninja(apis.tenants)
    assert value_of(server, "here", {"tenant": "acme"}) == "acme"
    assert properties(server, "there") == {"tenant": {"type": "string"}}
    assert value_of(server, "there", {"tenant": "acme"}) == {"tenant": "not read"}


def test_the_members_of_the_only_body_are_arguments(shapes: MCPServer) -> None:
    schema = tool_of(shapes, "one_body").input_schema
    assert list(schema["properties"]) == ["name", "price", "unitPrice"]
    assert schema["required"] == ["name"]
    sent = {"name": "tea", "unitPrice": 3}
    answer = {"name": "tea", "price": "1", "unit_price": 3}
    assert value_of(shapes, "one_body", sent) == answer


def test_a_body_whose_members_would_clash_stays_whole(shapes: MCPServer) -> None:
    assert list(properties(shapes, "clashing")) == ["name", "item"]
    answer = value_of(shapes, "clashing", {"name": "x", "item": {"name": "tea"}})
    assert (answer["name"], answer["item"]["name"]) == ("x", "tea")


def test_several_bodies_have_a_name_each_and_may_contain_themselves(
    shapes: MCPServer,
) -> None:
    schema = tool_of(shapes, "two_bodies").input_schema
    assert schema["properties"]["tree"] == {"$ref": "#/$defs/Tree"}
    assert list(schema["$defs"]) == ["Tree"]
    tree = {"name": "a", "children": [{"name": "b", "children": []}]}
    answer = value_of(shapes, "two_bodies", {"item": {"name": "tea"}, "tree": tree})
    assert (answer["tree"], answer["note"]) == (tree, "")


def test_a_body_may_be_left_out_if_it_is_optional(shapes: MCPServer) -> None:
    assert "required" not in tool_of(shapes, "optional_body").input_schema
    assert value_of(shapes, "optional_body") is None
    assert value_of(shapes, "optional_body", {"name": "tea"})["name"] == "tea"


def test_a_discriminated_union_is_one_argument(shapes: MCPServer) -> None:
    schema = tool_of(shapes, "union").input_schema
    assert schema["properties"]["pet"]["discriminator"]["propertyName"] == "kind"
    assert set(schema["$defs"]) == {"Cat", "Dog"}
    pet = {"kind": "dog", "tricks": ["sit"]}
    assert value_of(shapes, "union", {"pet": pet}) == pet
    assert value_of(shapes, "union", {"pet": '{"kind": "cat", "lives": 9}'}) == {
        "kind": "cat",
        "lives": 9,
    }


def test_a_body_of_either_kind_stays_whole(shapes: MCPServer) -> None:
    assert list(properties(shapes, "either")) == ["pet"]
    tree = {"name": "a", "children": []}
    assert value_of(shapes, "either", {"pet": tree}) == {
        "name": "a",
        "children": [],
    }
    assert list(properties(shapes, "perhaps")) == ["year", "month"]
    assert value_of(shapes, "perhaps") is None
    day = {"year": 2026, "month": 2}
    assert value_of(shapes, "perhaps", day) == day


def test_a_list_is_a_body(shapes: MCPServer) -> None:
    assert value_of(shapes, "numbers", {"numbers": [1, 2, 3]}) == 6


def test_a_patch_holds_what_was_sent_and_no_more(shapes: MCPServer) -> None:
    assert "required" not in tool_of(shapes, "patch").input_schema
    assert value_of(shapes, "patch", {"name": "tea"}) == {"name": "tea"}
    assert value_of(shapes, "patch", {"unitPrice": None}) == {"unit_price": None}


def test_a_form_is_flat(shapes: MCPServer) -> None:
    answer = value_of(shapes, "form", {"name": "tea", "n": [1, 2]})
    assert answer == {
        "item": {"name": "tea", "price": "1", "unit_price": None},
        "n": [1, 2],
    }


def test_headers_and_cookies_are_no_arguments(shapes: MCPServer) -> None:
    assert properties(shapes, "headers") == {}
    answer = value_of(shapes, "headers")
    assert (answer["x_key"], answer["theme"]) == ("none", "dark")


def test_what_needs_a_header_is_not_served_and_said(shapes: MCPServer) -> None:
    shapes.settle()
    assert shapes.registry.tools.peek("needs_header") is None
    [mistake] = shapes.declarations.mistakes
    assert mistake.id == "django_mcp.W013"
    assert not mistake.is_error
    assert "needs_header is not served: it needs the header x_key" in mistake.text


def test_a_pagination_is_typed_arguments(server: MCPServer) -> None:
    server.ninja(apis.answers)
    assert properties(server, "page") == {
        "page": {"type": "integer", "minimum": 1, "default": 1},
        "page_size": {"type": "integer", "minimum": 1},
    }
    assert value_of(server, "page", {"page": 2}) == {"items": [3, 4, 5], "count": 10}


def test_every_schema_is_one(shapes: MCPServer) -> None:
    jsonschema = pytest.importorskip("jsonschema_rs")
    shapes.settle()
    for tool in shapes.registry.tools:
        jsonschema.validator_for(tool.input_schema)


def test_no_user_is_needed_to_read_what_anybody_may(shapes: MCPServer) -> None:
    assert value_of(shapes, "old", user=User(username="ada")) == "old"
