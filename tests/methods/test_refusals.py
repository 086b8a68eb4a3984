"""The words of a refusal."""

from __future__ import annotations

import pytest
from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    ValidationError,
)
from django.http import Http404

from django_mcp import PermissionRequired, ToolError
from django_mcp.methods.refusals import EXPECTED, MAX_LENGTH, MISSING, words


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ToolError("No."), "No."),
        (ToolError(), "The call was refused."),
        (PermissionDenied(), "You do not have permission to do this."),
        (PermissionDenied("Ask Ann."), "Ask Ann."),
        (PermissionRequired(), "You do not have permission to do this."),
        (Http404(), "Not found."),
        (ObjectDoesNotExist("No book."), "No book."),
        (ValidationError("Too long."), "Too long."),
        (ValidationError(["One.", "Two."]), "One.\nTwo."),
        (ValidationError("%(n)s is odd.", params={"n": 3}), "3 is odd."),
        (
            ValidationError({"title": ["Too long."], "__all__": ["No."]}),
            "title: Too long.\nNo.",
        ),
    ],
)
def test_a_refusal_has_words(error: Exception, said: str) -> None:
    assert isinstance(error, EXPECTED)
    assert words(error) == said


def test_words_have_an_end() -> None:
    assert len(words(ToolError("x" * 100_000))) == MAX_LENGTH


def test_what_is_missing_is_expected() -> None:
    assert set(MISSING) <= set(EXPECTED)
