"""What a function promises to return, and whether it does."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Awaitable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from django_mcp.content import Image, Result
from django_mcp.schema.results import promise_from_function
from tests.testapp.models import Author, Book


class BookOut(BaseModel):
    title: str
    stock: int = Field(ge=0, alias="copies")

    model_config = {"populate_by_name": True}


class AuthorOut(BaseModel):
    name: str


class Total(TypedDict):
    result: int


@dataclass
class Point:
    x: int


class Strange: ...


def returning(hint: Any) -> Any:
    def function() -> None: ...

    function.__annotations__["return"] = hint
    return function


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (int, {"type": "integer"}),
        (str, {"type": "string"}),
        (str | None, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (Iterator[int], {"type": "array", "items": {"type": "integer"}}),
        (AsyncIterator[int], {"type": "array", "items": {"type": "integer"}}),
        (Awaitable[int], {"type": "integer"}),
        (datetime.date, {"type": "string", "format": "date"}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (Total, {"type": "object", "properties": {"result": {"type": "integer"}},
                 "required": ["result"]}),
        (Point, {"type": "object", "properties": {"x": {"type": "integer"}},
                 "required": ["x"]}),
        (BookOut, {"type": "object", "properties": {
            "title": {"type": "string"},
            "copies": {"type": "integer", "minimum": 0}}, "required": ["title", "copies"]}),
    ],
)  # fmt: skip
def test_a_promise_becomes_a_schema(hint: Any, schema: dict[str, Any]) -> None:
    promised = promise_from_function(returning(hint))
    assert promised is not None
    assert promised.schema == schema


@pytest.mark.parametrize(
    "hint",
    [
        None, Any, object, dict, list, dict[str, Any], list[dict[str, Any]], bytes, Image, Result,
        list[Image], Image | str, list[str | Image], HttpResponse, JsonResponse, Book,
        list[Book], QuerySet, QuerySet[Book], Strange, list[Strange],
    ],
)  # fmt: skip
def test_what_promises_nothing_or_too_much_gets_none(hint: Any) -> None:
    assert promise_from_function(returning(hint)) is None


def test_no_annotation_gets_none() -> None:
    def function():  # type: ignore[no-untyped-def]
        ...

    assert promise_from_function(function) is None


def test_an_annotation_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="function"):
        promise_from_function(returning("Missing"))


def checked(hint: Any, value: Any) -> Any:
    promised = promise_from_function(returning(hint))
    assert promised is not None
    return promised.check(value)


BOOK = BookOut(title="A", copies=1)


@pytest.mark.parametrize(
    ("hint", "value", "result"),
    [
        (int, 3, 3),
        (float, Decimal("1.5"), 1.5),
        (str, _("lazy"), "lazy"),
        (dict[str, str], {"a": _("lazy")}, {"a": "lazy"}),
        (BookOut, {"title": "A", "copies": 1}, BOOK),
        (list[BookOut], [Book(title="A", stock=1)], [BOOK]),
        (list[BookOut], (BOOK for _ in range(2)), [BOOK, BOOK]),
        (Total, {"result": 1, "secret": 2}, {"result": 1}),
        (list[Point], [Point(1)], [Point(1)]),
    ],
)
def test_a_result_is_made_to_fit(hint: Any, value: Any, result: Any) -> None:
    assert checked(hint, value) == result


def test_instances_are_accepted_as_they_are() -> None:
    assert checked(BookOut, BOOK) is BOOK


@pytest.mark.parametrize("value", [Image(b"", mime_type="image/png"), Result("no")])
def test_content_passes_whatever_was_promised(value: Any) -> None:
    assert checked(int, value) is value
    assert checked(list[int], [value]) == [value]


@pytest.mark.django_db
def test_rows_become_what_was_promised() -> None:
    Author.objects.create(name="Ursula")
    assert checked(list[AuthorOut], Author.objects.all()) == [AuthorOut(name="Ursula")]


def test_an_awaitable_is_checked_when_it_is_awaited() -> None:
    async def later() -> int:
        return 3

    assert asyncio.run(checked(int, later())) == 3


@pytest.mark.parametrize(
    ("hint", "value"),
    [(int, "x"), (Total, {}), (int, None), (BookOut, Strange()), (list[int], Book())],
)
def test_a_broken_promise_is_a_mistake_and_names_the_function(
    hint: Any, value: Any
) -> None:
    with pytest.raises(TypeError, match=r"returning.*function returned"):
        checked(hint, value)
