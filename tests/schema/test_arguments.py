"""From hints to a schema, and from JSON to keyword arguments."""

import datetime
import timeit
import uuid
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from django_mcp.context import Context
from django_mcp.schema.arguments import ArgumentErrors, arguments_from_function
from tests.testapp.models import Book


class Colour(Enum):
    RED = "red"


@dataclass
class Point:
    x: int
    y: int = 0


class Range(TypedDict):
    gte: int


class Filters(BaseModel):
    price: Range
    kinds: list[str] = []


MARKER = object()


def add(a: int, b: int) -> int:
    return a + b


def search(
    title: Annotated[str, "Part of the title"],
    context: Context,
    limit: Annotated[int, Field(ge=1, le=50)] = 10,
    author: str | None = None,
) -> None:
    """Find books.

    Args:
        title: Not used, the hint says it.
        limit: At most so many.
    """


def everything(  # type: ignore[no-untyped-def]  # noqa: PLR0917
    filters: Filters,
    points: list[Point],
    any_of: dict[str, int] | None = None,
    kind: Literal["a", "b"] = "a",
    colour: Colour = Colour.RED,
    format: Book.Format = Book.Format.HARDBACK,
    day: datetime.date = datetime.date(2026, 1, 2),
    price: Decimal = Decimal("1.50"),
    key: uuid.UUID | None = None,
    wait: datetime.timedelta = datetime.timedelta(minutes=1),
    untyped=3,
    marker: Any = MARKER,
) -> None: ...


REQUIRED: dict[str, Any] = {"filters": {"price": {"gte": 1}}, "points": [{"x": 1}]}


def refused(function: Any, arguments: dict[str, Any]) -> list[str]:
    with pytest.raises(ArgumentErrors) as caught:
        arguments_from_function(function).validate(arguments)
    return str(caught.value).split("\n")


# -- the schema --------------------------------------------------------------


def test_the_schema_says_what_the_hints_say() -> None:
    arguments = arguments_from_function(search)
    assert arguments.json_schema == {
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": "Part of the title"},
            "limit": {
                "type": "integer",
                "minimum": 1,
                "maximum": 50,
                "description": "At most so many.",
                "default": 10,
            },
            "author": {
                "anyOf": [{"type": "string"}, {"type": "null"}],
                "default": None,
            },
        },
        "required": ["title"],
        "additionalProperties": False,
    }
    assert arguments.context_parameter == "context"


def test_no_parameters_make_an_empty_object() -> None:
    def nothing() -> None: ...

    assert arguments_from_function(nothing).json_schema == {
        "type": "object",
        "properties": {},
        "additionalProperties": False,
    }


def test_defaults_are_shown_as_json_where_there_are_words_for_them() -> None:
    properties = arguments_from_function(everything).json_schema["properties"]
    defaults = {name: node["default"] for name, node in properties.items()
                if "default" in node}  # fmt: skip
    assert defaults == {
        "any_of": None,
        "kind": "a",
        "colour": "red",
        "format": "hardback",
        "day": "2026-01-02",
        "price": "1.50",
        "key": None,
        "wait": "PT1M",
        "untyped": 3,
    }
    assert "marker" in properties


def test_words_to_be_translated_stay_so() -> None:
    def call(
        a: Annotated[int, _("Plain")],
        b: int = Field(description=_("Field")),  # type: ignore[call-overload]
    ) -> None: ...

    properties = arguments_from_function(call).json_schema["properties"]
    assert [type(node["description"]) for node in properties.values()] != [str, str]
    assert all(isinstance(n["description"], Promise) for n in properties.values())


def test_an_alias_is_the_name_outside() -> None:
    def call(since: Annotated[int, Field(alias="from")] = 3) -> None: ...

    arguments = arguments_from_function(call)
    assert list(arguments.json_schema["properties"]) == ["from"]
    assert arguments.validate({"from": "5"}) == {"since": 5}
    assert refused(call, {"since": 5}) == ["since: unknown argument; allowed are from"]


def test_a_default_in_a_field_is_filled_in() -> None:
    def call(limit: int = Field(10, le=50), tags: list[str] = Field(default_factory=list)) -> None: ...  # fmt: skip # noqa: B008

    arguments = arguments_from_function(call)
    assert arguments.validate({}) == {"limit": 10, "tags": []}
    assert "required" not in arguments.json_schema


def test_names_that_mean_something_elsewhere_are_fine() -> None:
    def call(json: int, schema: int, model_config: int, self_: int, copy: int) -> None: ...  # fmt: skip

    values = {"json": 1, "schema": 2, "model_config": 3, "self_": 4, "copy": 5}
    assert arguments_from_function(call).validate(values) == values


def test_a_type_without_a_schema_is_refused_and_the_function_named() -> None:
    class Strange: ...

    def call(value: Strange) -> None: ...

    with pytest.raises(ImproperlyConfigured, match="call.*Strange"):
        arguments_from_function(call)


# -- values ------------------------------------------------------------------


def test_values_become_what_the_hints_say() -> None:
    values = arguments_from_function(everything).validate(
        {
            **REQUIRED,
            "colour": "red",
            "format": "paperback",
            "day": "2026-02-03",
            "price": 2.5,
            "key": "12345678-1234-5678-1234-567812345678",
            "wait": "PT5S",
        }
    )
    assert values == {
        "filters": Filters(price={"gte": 1}),
        "points": [Point(1)],
        "colour": Colour.RED,
        "format": Book.Format.PAPERBACK,
        "day": datetime.date(2026, 2, 3),
        "price": Decimal("2.5"),
        "key": uuid.UUID("12345678-1234-5678-1234-567812345678"),
        "wait": datetime.timedelta(seconds=5),
    }
    assert type(values["format"]) is Book.Format


def test_absent_arguments_are_left_to_the_function() -> None:
    assert arguments_from_function(search).validate({"title": "x"}) == {"title": "x"}


def test_the_clients_arguments_are_not_changed() -> None:
    sent = {"title": "x"}
    arguments_from_function(search).validate(sent)["context"] = 1
    assert sent == {"title": "x"}


def test_strict_hints_still_take_json() -> None:
    def call(day: Annotated[datetime.date, Field(strict=True)]) -> None: ...

    validate = arguments_from_function(call).validate
    assert validate({"day": "2026-01-02"}) == {"day": datetime.date(2026, 1, 2)}


def test_json_in_a_string_counts_where_no_string_is_wanted() -> None:
    validate = arguments_from_function(everything).validate
    values = validate(
        {
            "filters": '{"price": {"gte": 1}}',
            "points": '[{"x": 2}]',
            "any_of": '{"a": 3}',
        }
    )
    assert values == {
        "filters": Filters(price={"gte": 1}),
        "points": [Point(2)],
        "any_of": {"a": 3},
    }


def test_json_in_a_string_stays_a_string_where_one_is_wanted() -> None:
    def call(text: str, either: str | list[int], number: int) -> None: ...

    values = {"text": "[1]", "either": "[1]", "number": 1}
    assert arguments_from_function(call).validate(values) == values
    assert refused(call, {**values, "number": "[1]"}) == [
        "number: should be a valid integer"
    ]


def test_text_becomes_numbers_where_everything_is_text() -> None:
    def call(size: Literal[1, 2], when: datetime.date, flag: bool = False) -> None: ...

    validate = arguments_from_function(call, strings=True).validate
    assert validate({"size": "2", "when": "2026-01-02", "flag": "true"}) == {
        "size": 2,
        "when": datetime.date(2026, 1, 2),
        "flag": True,
    }


# -- errors ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "arguments", "lines"),
    [
        (search, {}, ["title: field required"]),
        (search, {"title": "x", "limit": 51}, ["limit: should be at most 50"]),
        (
            search,
            {"title": "x", "x": 1},
            ["x: unknown argument; allowed are title, limit, author"],
        ),
        (search, {"title": "x", "context": 1},
         ["context: unknown argument; allowed are title, limit, author"]),
        (
            everything,
            {"filters": {"price": {"gte": "x"}}, "points": [{"x": 1}, {}]},
            ["filters.price.gte: should be a valid integer",
             "points[1].x: field required"],
        ),
        (everything, {**REQUIRED, "filters": "{broken"}, ["filters: should be an object"]),
        (everything, {**REQUIRED, "points": '"text"'}, ["points: should be a valid array"]),
        (search, {"title": "x", "limit": 10**5000}, ["limit: should be at most 50"]),
        (search, {"title": "x", "\udc80": 1},
         ["should be a valid string, unable to parse raw data as a unicode string"]),
        (everything, {**REQUIRED, "price": float("nan")}, ["price: should be a finite number"]),
    ],
)  # fmt: skip
def test_errors_are_short_and_say_where(
    function: Any, arguments: dict[str, Any], lines: list[str]
) -> None:
    assert refused(function, arguments) == lines


def test_a_function_without_parameters_says_so() -> None:
    def nothing() -> None: ...

    assert refused(nothing, {"x": 1}) == ["x: unknown argument; there are none"]


def test_errors_never_repeat_what_was_sent() -> None:
    text = "\n".join(
        refused(everything, {**REQUIRED, "kind": "hunter2", "day": "hunter2"})
    )
    assert "hunter2" not in text  # fmt: skip
    assert "http" not in text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
names = st.sampled_from(["filters", "points", "day", "price", "key", "any_of"])
EVERYTHING = arguments_from_function(everything)


@given(st.dictionaries(names | st.text(), json_values))
def test_any_json_is_taken_or_refused_with_bounded_words(
    arguments: dict[str, Any],
) -> None:
    try:
        EVERYTHING.validate(arguments)
    except ArgumentErrors as error:
        assert 0 < len(error.lines) <= 10
        assert all(0 < len(line) <= 300 for line in error.lines)


def test_validation_is_fast() -> None:
    validate = arguments_from_function(add).validate
    times = timeit.repeat(lambda: validate({"a": 1, "b": 2}), number=20_000, repeat=5)
    # 0.5 µs where this was written; the bound leaves room for a busy machine.
    assert min(times) / 20_000 < 5e-6
