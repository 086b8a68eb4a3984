"""What a signature says."""

from __future__ import annotations

from functools import partial, wraps
from typing import TYPE_CHECKING, Annotated, Any, Optional

import pytest
from django.core.exceptions import ImproperlyConfigured
from pydantic import Field

from django_mcp.schema.parameters import (
    EMPTY,
    docstring_of,
    return_hint,
    signature_of,
    source_of,
)

if TYPE_CHECKING:
    from django_mcp.context import Context


def search(  # type: ignore[no-untyped-def]
    title: Annotated[str, "Part of it"],
    context: Context,
    *,
    limit: int = Field(10, le=50, title="Limit"),
    since: Annotated[int, Field(alias="from", description="A year")] = 1900,
    author: Annotated[str, "Who"] = None,  # type: ignore[assignment]
    other=None,
) -> list[str]:
    """Find books.

    Args:
        other: Something else.
        limit: At most so many.
    """
    return []


class Shop:
    def stock(self, isbn: str) -> int:
        """Count."""
        return 0

    def __call__(self, isbn: str) -> int:
        """Call."""
        return 0


def test_each_parameter_is_read() -> None:
    signature = signature_of(search)
    found = {
        p.name: (p.key, p.required, p.default, p.title, p.description)
        for p in signature.parameters
    }
    assert found == {
        "title": ("title", True, EMPTY, "", "Part of it"),
        "limit": ("limit", False, EMPTY, "Limit", "At most so many."),
        "since": ("from", False, 1900, "", "A year"),
        "author": ("author", False, None, "", "Who"),
        "other": ("other", False, None, "", "Something else."),
    }
    assert signature.context_parameter == "context"
    assert not signature.open


def test_a_default_of_none_allows_none() -> None:
    hints = {p.name: p.hint for p in signature_of(search).parameters}
    assert hints["author"] == Annotated[Optional[str], "Who"]  # noqa: UP045
    assert hints["other"] is Any


def test_parameters_can_be_skipped() -> None:
    signature = signature_of(search, skip={"title", "other"})
    assert [p.name for p in signature.parameters] == ["limit", "since", "author"]


def context_optional(context: Annotated[Context | None, "the call"]) -> None: ...


def context_unannotated(context, title) -> None:  # type: ignore[no-untyped-def]
    ...


def context_by_another_name(here: Context) -> None: ...


def context_of_something_else(context: str) -> None: ...


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (context_optional, "context"),
        (context_unannotated, "context"),
        (context_by_another_name, "here"),
        (context_of_something_else, None),
    ],
)
def test_the_context_is_found(function: Any, name: str | None) -> None:
    assert signature_of(function).context_parameter == name


def several(*values: int) -> None: ...


def anything(**values: int) -> None: ...


def positional(value: int, /) -> None: ...


def twice(one: Context, two: Context) -> None: ...


def unknown(value: Unknown) -> None:  # type: ignore[name-defined]  # noqa: F821
    ...


@pytest.mark.parametrize(
    "function", [several, anything, positional, twice, unknown, Shop, "text", print]
)
def test_what_cannot_be_called_by_name_is_refused_and_named(function: Any) -> None:
    name = getattr(function, "__name__", "text")
    with pytest.raises(ImproperlyConfigured, match=name):
        signature_of(function)


def test_any_argument_can_be_allowed() -> None:
    assert signature_of(anything, open=True).open


def decorated(function: Any) -> Any:
    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


@pytest.mark.parametrize(
    ("function", "end"),
    [
        (Shop().stock, "Shop.stock"),
        (Shop(), "Shop"),
        (partial(Shop().stock), "Shop.stock"),
        (decorated(Shop().stock), "Shop.stock"),
    ],
)
def test_every_kind_of_callable_is_read(function: Any, end: str) -> None:
    [parameter] = signature_of(function).parameters
    assert (parameter.name, parameter.hint) == ("isbn", str)
    assert return_hint(function) is int
    assert source_of(function).endswith(end)
    assert source_of(function).startswith(__name__)


def test_docstrings_are_found_behind_partial() -> None:
    assert docstring_of(partial(search, limit=3)).summary_and_body == "Find books."
    assert docstring_of(Shop().stock).summary_and_body == "Count."
