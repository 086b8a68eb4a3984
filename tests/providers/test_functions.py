"""Tools, resources and prompts from plain functions."""

import asyncio
import datetime
from typing import Annotated, Any, Literal

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from pydantic import Field

from django_mcp.context import Context
from django_mcp.exceptions import NotRegistered
from django_mcp.primitives import (
    Icon,
    PromptArgument,
    Resource,
    ResourceTemplate,
    anyone,
)
from django_mcp.providers.functions import (
    prompt_from_function,
    resource_from_function,
    tool_from_function,
)
from django_mcp.schema.arguments import ArgumentErrors
from tests.providers.callers import context_of

CONTEXT = context_of()


def stock_of(isbn: str, where: Literal["shop", "store"] = "shop") -> int:
    """Count the copies of a book.

    Args:
        isbn: The 13 digits.
    """
    return len(isbn)


async def astock_of(isbn: str, context: Context) -> int:
    return len(isbn)


def wrong() -> int:
    return "many"  # type: ignore[return-value]


# -- tools ---------------------------------------------------------------------


def test_a_tool_says_what_its_function_says() -> None:
    tool = tool_from_function(stock_of, read_only=True)
    assert tool.name == "stock_of"
    assert tool.description == "Count the copies of a book."
    assert tool.source == f"{__name__}.stock_of"
    assert tool.input_schema["properties"]["isbn"]["description"] == "The 13 digits."
    assert tool.output_schema == {"type": "integer"}
    assert tool.allowed is anyone
    assert tool.blocking
    assert tool.call(CONTEXT, {"isbn": "abc"}) == 3
    assert tool.complete["where"](CONTEXT, "s", {}) == ["shop", "store"]


def test_an_async_tool_returns_an_awaitable_and_does_not_block() -> None:
    tool = tool_from_function(astock_of)
    assert not tool.blocking
    result: Any = tool.call(CONTEXT, {"isbn": "abc"})
    assert asyncio.run(result) == 3


def test_options_are_kept() -> None:
    icon = Icon(src="https://example.com/a.png")
    tool = tool_from_function(
        stock_of,
        name="shop.stock",
        title="Stock",
        description="Other words.",
        icons=[icon],
        meta={"a": 1},
        tags=["shop"],
        scopes=["shop:read"],
        destructive=False,
        idempotent=True,
        open_world=False,
        timeout=3,
        complete={"isbn": ["abc"]},
    )
    assert (tool.name, tool.title) == ("shop.stock", "Stock")
    assert tool.description == "Other words."
    assert (tool.icons, tool.meta, tool.timeout) == ((icon,), {"a": 1}, 3)
    assert (tool.tags, tool.scopes) == (frozenset({"shop"}), frozenset({"shop:read"}))
    assert (tool.destructive, tool.idempotent, tool.open_world) == (False, True, False)
    assert set(tool.complete) == {"isbn", "where"}


def test_an_unknown_option_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="red_only"):
        tool_from_function(stock_of, red_only=True)


@pytest.mark.parametrize("name", ["", "two words", "é", "x" * 129, "a\n"])
def test_a_name_no_client_would_take_is_refused(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="stock_of"):
        tool_from_function(stock_of, name=name)
    with pytest.raises(ImproperlyConfigured, match="stock_of"):
        prompt_from_function(stock_of, name=name)


def test_a_resource_without_variables_has_nothing_to_complete() -> None:
    def hours() -> str:
        return "9 to 5"

    with pytest.raises(ImproperlyConfigured, match=r"hours.*complete"):
        resource_from_function("shop://hours", hours, complete={"day": ["Monday"]})


def test_a_permission_is_a_rule() -> None:
    tool = tool_from_function(stock_of, permission="testapp.view_book")
    assert not tool.allowed(CONTEXT)


def test_a_result_against_the_annotation_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="wrong"):
        tool_from_function(wrong, read_only=True).call(CONTEXT, {})


def test_no_output_schema_means_no_check() -> None:
    tool = tool_from_function(wrong, read_only=True, output_schema=False)
    assert tool.output_schema is None
    assert tool.call(CONTEXT, {}) == "many"


def test_a_given_output_schema_is_passed_through() -> None:
    schema = {"type": "string"}
    tool = tool_from_function(wrong, read_only=True, output_schema=schema)
    assert tool.output_schema is schema


@pytest.mark.needs("jsonschema")
def test_a_given_input_schema_is_passed_through_and_checked() -> None:
    schema = {
        "type": "object",
        "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
    }

    def call(**arguments: Any) -> Any:
        return arguments

    tool = tool_from_function(call, input_schema=schema, read_only=True)
    assert tool.input_schema is schema
    assert tool.headers == {"region": ("region",)}
    assert tool.call(CONTEXT, {"region": "x", "more": 1}) == {"region": "x", "more": 1}
    with pytest.raises(ArgumentErrors, match="region"):
        tool.call(CONTEXT, {"region": 3})


def test_headers_come_from_hints() -> None:
    hint = Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})]

    def call(region: hint) -> None: ...

    assert tool_from_function(call).headers == {"region": ("region",)}


def test_a_header_no_client_would_take_is_refused() -> None:
    hint = Annotated[float, Field(json_schema_extra={"x-mcp-header": "Price"})]

    def call(price: hint) -> None: ...

    with pytest.raises(ImproperlyConfigured, match="call.*x-mcp-header"):
        tool_from_function(call)


def atomic_here() -> bool:
    return connection.in_atomic_block


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("options", "atomic"),
    [
        ({}, True),
        ({"atomic": "default"}, True),
        ({"atomic": False}, False),
        ({"read_only": True}, False),
    ],
)
def test_what_may_write_runs_in_a_transaction(
    options: dict[str, Any], atomic: bool
) -> None:
    assert tool_from_function(atomic_here, **options).call(CONTEXT, {}) is atomic


# -- resources -----------------------------------------------------------------


def test_a_uri_without_variables_is_a_resource() -> None:
    def catalogue(context: Context) -> str:
        """All books."""
        return f"for {context.user}"

    resource = resource_from_function(
        "shop://catalogue", catalogue, mime_type="text/plain", size=3
    )
    assert isinstance(resource, Resource)
    assert (resource.uri, resource.name) == ("shop://catalogue", "catalogue")
    assert (resource.mime_type, resource.size) == ("text/plain", 3)
    assert resource.description == "All books."
    assert resource.blocking
    assert resource.read(CONTEXT) == "for AnonymousUser"


def test_a_uri_with_variables_is_a_template() -> None:
    def sales(year: int, kind: Literal["new", "old"]) -> str:
        return f"{year + 1} {kind}"

    template = resource_from_function(
        "shop://sales/{year}/{kind}", sales, annotations={"priority": 1.0}
    )
    assert isinstance(template, ResourceTemplate)
    variables = template.match("shop://sales/2026/new")
    assert variables == {"year": "2026", "kind": "new"}
    assert template.match("shop://other") is None
    assert template.read(CONTEXT, "shop://sales/2026/new", variables) == "2027 new"
    assert template.complete["kind"](CONTEXT, "n", {}) == ["new"]
    assert template.annotations == {"priority": 1.0}
    with pytest.raises(NotRegistered, match="shop://sales/x/new"):
        template.read(CONTEXT, "shop://sales/x/new", {"year": "x", "kind": "new"})


@pytest.mark.parametrize(
    ("uri", "options"),
    [
        ("shop://book/{isbn}/{page}", {}),
        ("shop://book/{other}", {}),
        ("shop://book", {}),
        ("shop://book/{isbn}{where}", {}),
        ("shop://book/{isbn}/{where}", {"size": 3}),
    ],
)
def test_a_uri_that_does_not_fit_the_function_is_refused(
    uri: str, options: dict[str, Any]
) -> None:
    with pytest.raises(ImproperlyConfigured, match="stock_of"):
        resource_from_function(uri, stock_of, **options)


# -- prompts -------------------------------------------------------------------


def test_a_prompt_gets_text_and_gives_values() -> None:
    def recommend(
        mood: Literal["happy", "sad"],
        since: Annotated[datetime.date, Field(title="Since")] = datetime.date.min,
        count: int = 3,
        short: bool = False,
    ) -> list[Any]:
        """Recommend books.

        Args:
            count: How many.
        """
        return [mood, since.year, count + 1, short]

    prompt = prompt_from_function(recommend)
    assert prompt.name == "recommend"
    assert prompt.description == "Recommend books."
    assert prompt.arguments == (
        PromptArgument(name="mood", required=True),
        PromptArgument(name="since", title="Since"),
        PromptArgument(name="count", description="How many."),
        PromptArgument(name="short"),
    )
    assert set(prompt.complete) == {"mood", "short"}
    arguments = {"mood": "sad", "since": "2026-01-02", "count": "4", "short": "true"}
    assert prompt.get(CONTEXT, arguments) == ["sad", 2026, 5, True]
    with pytest.raises(ArgumentErrors, match="mood: field required"):
        prompt.get(CONTEXT, {})
