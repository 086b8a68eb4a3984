"""Completions that follow from hints."""

from enum import Enum
from typing import Annotated, Any, Literal

import pytest

from django_mcp.schema.completions import completions_from_hints
from django_mcp.schema.parameters import Parameter
from tests.testapp.models import Book


class Colour(Enum):
    RED = "red"
    ROSE = "rose"
    TWO = 2


def completed(hint: Any, start: str) -> list[str]:
    parameter = Parameter(name="x", key="x", hint=hint)
    complete: Any = completions_from_hints([parameter])["x"]
    return list(complete(None, start, {}))


@pytest.mark.parametrize(
    ("hint", "start", "values"),
    [
        (Literal["new", "next", "old", 3], "n", ["new", "next"]),
        (Literal["new", "next", "old", 3], "", ["new", "next", "old", "3"]),
        (Literal[Colour.RED, None, True], "", ["red", "true"]),
        (Colour, "R", ["red", "rose"]),
        (Annotated[Colour | None, "a colour"], "2", ["2"]),
        (Book.Format, "hard", ["hardback"]),
        (bool, "", ["true", "false"]),
        (bool | None, "f", ["false"]),
    ],
)
def test_values_that_begin_so_are_offered(
    hint: Any, start: str, values: list[str]
) -> None:
    assert completed(hint, start) == values


@pytest.mark.parametrize("hint", [str, int, Any, list[bool], str | None])
def test_open_types_offer_nothing(hint: Any) -> None:
    assert completions_from_hints([Parameter(name="x", key="x", hint=hint)]) == {}
