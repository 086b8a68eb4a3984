"""Arguments become a request; hostile ones become words."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("ninja")

from hypothesis import given
from hypothesis import strategies as st

from django_mcp import MCPServer
from tests.providers.ninja import apis
from tests.providers.ninja.calling import (
    browser,
    called,
    refusal_of,
    value_of,
)

pytestmark = pytest.mark.needs("ninja")

NAMES = st.sampled_from(
    ["limit", "search", "ids", "on", "name", "item", "pet", "first", "more", "numbers"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
METHODS = ["GET", "POST", "PATCH"]


def shapes() -> MCPServer:
    server = MCPServer("test")
    server.ninja(apis.shapes, operations=METHODS)
    server.settle()
    return server


@pytest.mark.parametrize(
    "name", ["query", "address", "typed", "one_body", "union", "form", "files", "patch"]
)
def test_whatever_is_sent_is_answered_or_refused(name: str) -> None:
    server = shapes()

    @given(st.dictionaries(NAMES | st.text(max_size=5), JSON, max_size=5))
    def check(arguments: dict[str, Any]) -> None:
        result = called(server, name, arguments)
        # Never an error of the protocol: nothing failed inside.
        assert "error" not in result, result

    check()


def test_values_of_a_query_arrive_as_they_were() -> None:
    server = shapes()

    @given(
        st.text(st.characters(exclude_categories=["Cs"])),
        st.lists(st.integers(min_value=-(10**20), max_value=10**20)),
        st.floats(allow_nan=False, allow_infinity=False),
    )
    def check(text: str, ids: list[int], ratio: float) -> None:
        sent = {"limit": 1, "search": text, "ids": ids, "ratio": ratio}
        answer = value_of(server, "query", sent)
        assert answer["filters"]["search"] == text
        assert answer["filters"]["ids"] == ids
        assert answer["ratio"] == ratio

    check()


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        (
            "query",
            {"limit": 1, "nope": 1},
            "nope: unknown argument; allowed are limit, search",
        ),
        ("query", {}, "limit: field required"),
        ("query", {"limit": "hunter2"}, "limit: should be a valid integer"),
        ("query", {"limit": [1]}, "limit: should be a single value"),
        ("query", {"limit": {}}, "limit: should be text, a number"),
        ("query", {"limit": 1, "ids": [1, "hunter2"]}, "ids[1]: should be a valid"),
        ("query", {"limit": 1, "colour": "hunter2"}, "colour: should be 'red' or"),
        ("query", {"limit": 10**5000}, "limit: is too long a number"),
        ("address", {"year": 1, "word": "x"}, "month: field required"),
        ("one_body", {}, "name: field required"),
        ("one_body", {"name": "x"}, "name: String should have at least 2"),
        ("one_body", {"name": "xx", "price": 0}, "price: should be greater than 0"),
        ("clashing", {"name": "x", "item": {}}, "item.name: field required"),
        (
            "two_bodies",
            {"item": {"name": "tea"}, "tree": {"name": "a", "children": [{}]}},
            "tree.children[0].name: field required",
        ),
        (
            "union",
            {"pet": {"kind": "hunter2"}},
            "pet: should say one of 'cat', 'dog' in 'kind'",
        ),
        ("union", {"pet": {"kind": "cat"}}, "pet.lives: field required"),
        ("numbers", {"numbers": [1, "hunter2"]}, "numbers[1]: should be a valid"),
        ("form", {"name": "x"}, "name: String should have at least 2"),
    ],
)
def test_what_does_not_fit_is_said_by_name_and_not_repeated(
    server: MCPServer, name: str, arguments: dict[str, Any], words: str
) -> None:
    server.ninja(apis.shapes, operations=METHODS)
    refused = refusal_of(server, name, arguments)
    assert refused.startswith(words)
    assert "hunter2" not in refused
    assert "pydantic" not in refused


def test_half_a_character_is_refused(server: MCPServer) -> None:
    server.ninja(apis.shapes, operations=METHODS)
    for name, sent in (
        ("query", {"limit": 1, "search": "\ud800"}),
        ("one_body", {"name": "\ud800\ud800"}),
        ("address", {"year": 1, "month": 1, "word": "\ud800"}),
    ):
        assert "cannot be sent" in refusal_of(server, name, sent)


def test_a_body_arrives_as_over_http(server: MCPServer) -> None:
    server.ninja(apis.shapes, operations=METHODS)
    sent = {"name": "tea", "price": 2.5, "unitPrice": None}
    response = browser().post("/shapes/items", sent, content_type="application/json")
    assert value_of(server, "one_body", sent) == json.loads(response.content)


def test_a_body_too_large_for_the_project_is_refused(
    server: MCPServer, settings: Any
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    server.ninja(apis.shapes, operations=METHODS)
    refused = refusal_of(server, "one_body", {"name": "x" * 200})
    assert refused == "The site calls this a bad request."
