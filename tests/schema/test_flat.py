"""Pydantic models as flat forms, and answers held against ready schemas."""

from __future__ import annotations

import datetime
import enum
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st
from mcp_types import ElicitRequestFormParams
from pydantic import AnyUrl, BaseModel, Field, SecretStr

from django_mcp.exceptions import ToolError
from django_mcp.protocol.revisions import REVISIONS, STATELESS
from django_mcp.schema.flat import flat_schema, problems

OLD = REVISIONS["2025-06-18"]


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Trip(BaseModel):
    name: Annotated[str, Field(min_length=2, max_length=9, description="Yours")]
    age: Annotated[int, Field(ge=18, le=99)] = 30
    price: Annotated[Decimal, Field(ge=0)] = Decimal(1)
    score: float | None = None
    ready: bool = False
    day: datetime.date
    at: datetime.datetime | None = None
    home: AnyUrl | None = None
    colour: Colour = Colour.RED
    size: Literal["s", "m"] = Field(default="s", title="How big")
    only: Literal["x"] = "x"
    extras: list[Literal["map", "hat"]] = Field(default=["map"], max_length=2)


def test_a_model_becomes_a_flat_schema() -> None:
    schema = flat_schema(Trip, STATELESS)
    assert schema["type"] == "object"
    assert schema["required"] == ["name", "day"]
    members = {
        name: {key: value for key, value in member.items() if key != "title"}
        for name, member in schema["properties"].items()
    }
    assert members == {
        "name": {
            "type": "string",
            "minLength": 2,
            "maxLength": 9,
            "description": "Yours",
        },
        "age": {"type": "integer", "minimum": 18, "maximum": 99, "default": 30},
        "price": {"type": "number", "minimum": 0, "default": 1},
        "score": {"type": "number"},
        "ready": {"type": "boolean", "default": False},
        "day": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "date-time"},
        "home": {"type": "string", "format": "uri", "minLength": 1},
        "colour": {"type": "string", "enum": ["red", "blue"], "default": "red"},
        "size": {"type": "string", "enum": ["s", "m"], "default": "s"},
        "only": {"type": "string", "enum": ["x"], "default": "x"},
        "extras": {
            "type": "array",
            "items": {"type": "string", "enum": ["map", "hat"]},
            "maxItems": 2,
            "default": ["map"],
        },
    }
    assert schema["properties"]["size"]["title"] == "How big"
    ElicitRequestFormParams(message="?", requested_schema=schema)


def test_older_revisions_have_neither_several_choices_nor_most_defaults() -> None:
    with pytest.raises(ToolError, match="2025-06-18"):
        flat_schema(Trip, OLD)

    class Small(BaseModel):
        age: int = 3
        ready: bool = True

    properties = flat_schema(Small, OLD)["properties"]
    assert "default" not in properties["age"]
    assert properties["ready"]["default"] is True


class Inner(BaseModel):
    x: int


@pytest.mark.parametrize(
    "kind",
    [
        Inner,
        dict[str, int],
        list[str],
        list[int],
        Literal[1, 2],
        int | str,
        Inner | None,
    ],
)
def test_a_field_that_is_not_flat_is_refused_by_name(kind: Any) -> None:
    class Form(BaseModel):
        odd: kind

    with pytest.raises(ImproperlyConfigured, match=r"Form\.odd is not flat"):
        flat_schema(Form, STATELESS)


def test_a_secret_is_refused() -> None:
    class Form(BaseModel):
        token: SecretStr

    with pytest.raises(ImproperlyConfigured, match="elicit_url"):
        flat_schema(Form, STATELESS)


TITLED = [{"const": "a", "title": "A"}, {"const": "b", "title": "B"}]
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 2, "maxLength": 3},
        "age": {"type": "integer", "minimum": 1, "maximum": 9},
        "score": {"type": "number"},
        "ready": {"type": "boolean"},
        "pick": {"type": "string", "enum": ["a", "b"]},
        "titled": {"type": "string", "oneOf": TITLED},
        "many": {"type": "array", "items": {"anyOf": TITLED}, "maxItems": 2},
        "some": {"type": "array", "items": {"type": "string", "enum": ["a"]}},
    },
    "required": ["name"],
}


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        ({"name": "ab"}, []),
        ({}, ["name: this field is required"]),
        ({"name": 3}, ["name: should be a text"]),
        ({"name": None}, ["name: should be a text"]),
        ({"name": "a"}, ["name: should be at least 2 characters"]),
        ({"name": "abcd"}, ["name: should be at most 3 characters"]),
        ({"age": 2.0}, []),
        ({"age": 2.5}, ["age: should be a whole number"]),
        ({"age": True}, ["age: should be a whole number"]),
        ({"age": 10**400}, ["age: should be a whole number"]),
        ({"age": 0}, ["age: should be at least 1"]),
        ({"score": 2}, []),
        ({"score": float("nan")}, ["score: should be a number"]),
        ({"score": "2"}, ["score: should be a number"]),
        ({"ready": 1}, ["ready: should be true or false"]),
        ({"pick": "b"}, []),
        ({"pick": "c"}, ["pick: should be one of a, b"]),
        ({"titled": "A"}, ["titled: should be one of a, b"]),
        ({"many": ["a", "b"]}, []),
        ({"many": "a"}, ["many: should be a list of texts"]),
        ({"many": ["a", "c"]}, ["many: should be one of a, b"]),
        ({"many": ["a", "b", "a"]}, ["many: should be at most 2 choices"]),
        ({"some": ["b"]}, ["some: should be one of a"]),
        ({"unknown": 1}, []),
    ],
)
def test_an_answer_is_held_against_the_schema(answer: Any, lines: Any) -> None:
    answer = (
        answer if "name: this field is required" in lines else {"name": "ab", **answer}
    )
    assert problems(SCHEMA, answer) == lines


def test_a_member_without_a_type_takes_nothing() -> None:
    [line] = problems({"properties": {"x": {}}}, {"x": 1})
    assert line == "x: has a type no client can show"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(list(SCHEMA["properties"])), _json))
def test_no_answer_makes_the_check_fail(answer: Any) -> None:
    assert all(isinstance(line, str) for line in problems(SCHEMA, answer))
