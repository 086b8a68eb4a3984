"""Completions given by hand, beside those of the hints."""

from typing import Any, Literal

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_mcp.providers.completions import completions_for
from django_mcp.schema.parameters import signature_of
from tests.testapp.models import Author


def buy(isbn: str, size: Literal["small", "large"] = "small") -> None: ...


def completed(given: Any, key: str, start: str) -> Any:
    completions = completions_for(buy, signature_of(buy).parameters, given)
    return completions[key](None, start, {"size": "large"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "key", "values"),
    [
        (None, "size", ["small"]),
        ({"isbn": ["s1", "t2", "S3"]}, "isbn", ["s1", "S3"]),
        ({"isbn": (1, 2)}, "isbn", []),
        ({"isbn": lambda value: [value + "!"]}, "isbn", ["s!"]),
        ({"isbn": lambda c, value, others: [others["size"]]}, "isbn", ["large"]),
        ({"size": ["sized"]}, "size", ["sized"]),
    ],
)
def test_values_come_from_what_was_given_or_from_the_hints(
    given: Any, key: str, values: list[str]
) -> None:
    assert completed(given, key, "s") == values


def test_an_argument_without_completions_has_none() -> None:
    assert set(completions_for(buy, signature_of(buy).parameters, None)) == {"size"}


@pytest.mark.parametrize(
    "given",
    [{"other": ["a"]}, {"isbn": lambda a, b: []}, {"isbn": Author.objects.all()}],
)
def test_what_cannot_serve_is_refused_and_the_function_named(given: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="buy"):
        completions_for(buy, signature_of(buy).parameters, given)
