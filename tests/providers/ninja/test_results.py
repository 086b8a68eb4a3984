"""Answers keep what the output schema promises."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("ninja")

from django_mcp import MCPServer
from tests.providers.ninja.calling import tool_of, value_of

pytestmark = pytest.mark.needs("ninja")


@pytest.mark.needs("jsonschema")
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("data", {}),
        ("lean", {}),
        ("alias", {}),
        ("page", {"page": 1}),
        ("lines", {"count": 2}),
        ("events", {"count": 2}),
    ],
)
def test_an_answer_fits_its_schema(
    answers: MCPServer, name: str, arguments: dict[str, Any]
) -> None:
    jsonschema = pytest.importorskip("jsonschema_rs")
    schema = tool_of(answers, name).output_schema
    assert schema is not None
    validator = jsonschema.validator_for(schema)
    assert validator.is_valid(value_of(answers, name, arguments))
    assert not validator.is_valid(1)


def test_a_schema_is_that_of_the_response(answers: MCPServer) -> None:
    schema = tool_of(answers, "data").output_schema
    assert schema is not None
    assert schema["required"] == ["id", "when", "colour", "price"]
    # As ninja's encoder writes members of a plain enum.
    assert schema["properties"]["colour"]["enum"] == ["Colour.RED", "Colour.BLUE"]
    assert value_of(answers, "data")["colour"] == "Colour.RED"


def test_names_are_those_that_go_out(answers: MCPServer) -> None:
    schema = tool_of(answers, "alias").output_schema
    assert schema is not None
    assert list(schema["properties"]) == ["fullName", "note"]
    # Members that were not set are left out.
    assert "required" not in schema


@pytest.mark.parametrize("name", ["raises", "several", "nothing"])
def test_what_promises_nothing_or_several_things_has_no_schema(
    answers: MCPServer, name: str
) -> None:
    assert tool_of(answers, name).output_schema is None
