"""What resources are called, and where they were declared."""

from __future__ import annotations

import inspect
from functools import partial

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_mcp.providers.files.options import (
    check_plain,
    check_positive,
    fields_from,
    template_from,
)


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("media://covers/", "covers"),
        ("media://", "media"),
        ("shop://new books/{author}/x", "new_books_x"),
        ("shop:feed{?format}", "feed"),
        (f"x://{'a' * 200}", "a" * 128),
        ("x://büro", "b_ro"),
    ],
)
def test_a_name_is_made_of_the_address(uri: str, name: str) -> None:
    fields = fields_from("A resource", uri, "What it is", {})
    assert fields["name"] == name
    assert fields["description"] == "What it is"
    assert fields["blocking"]


def test_a_source_is_the_line_of_the_project() -> None:
    line = inspect.currentframe().f_lineno + 1  # type: ignore[union-attr]
    fields = fields_from("A resource", "x://", "", {"name": "mine"})
    assert fields["source"] == f"{__file__}:{line}"
    assert fields["name"] == "mine"


@pytest.mark.parametrize("uri", ["covers", "/a", "", None, 3, "1a://b"])
def test_what_is_no_address_is_refused(uri: object) -> None:
    with pytest.raises(ImproperlyConfigured, match="A resource needs an address"):
        template_from("A resource", uri)


def test_a_template_with_two_readings_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="separates"):
        template_from("A resource", "x://{a}{b}")


def test_numbers_are_positive_and_functions_plain() -> None:
    check_positive("a", 1)
    for wrong in (0, -1, 1.5, True, "1", None):
        with pytest.raises(ImproperlyConfigured, match="a must be a positive number"):
            check_positive("a", wrong)

    async def later() -> None: ...

    check_plain("a", len)

    class Later:
        async def __call__(self) -> None: ...

    for asynchronous in (later, partial(later), Later()):
        with pytest.raises(ImproperlyConfigured, match="a cannot be asynchronous"):
            check_plain("a", asynchronous)
