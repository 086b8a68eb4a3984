"""Sorts of form fields, and the choices they offer."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms

from django_mcp.schema.formfields import offered, sort_of, ungrouped


class Money(forms.DecimalField):
    """A field of a project's own."""


class HStoreField(forms.CharField):
    """It is known by its name, without a driver of PostgreSQL."""


@pytest.mark.parametrize(
    ("field", "sort"),
    [
        (forms.ImageField(), "file"),
        (forms.SplitDateTimeField(), "parts"),
        (forms.TypedMultipleChoiceField(), "choices"),
        (forms.NullBooleanField(), "boolean"),
        (forms.DateTimeField(), "datetime"),
        (forms.JSONField(), "json"),
        (forms.SlugField(), "text"),
        (forms.Field(), "other"),
        (Money(), "decimal"),
        (HStoreField(), "hstore"),
    ],
)
def test_a_subclass_is_of_its_own_sort_before_that_of_its_base(
    field: forms.Field, sort: str
) -> None:
    assert sort_of(field) == sort


@pytest.mark.parametrize(
    "choices",
    [
        [("", "---"), ("a", "A"), ("Group", [("b", "B"), (None, "-")])],
        {"": "---", "a": "A", "Group": {"b": "B", None: "-"}},
    ],
)
def test_choices_are_offered_without_groups_and_without_nothing(choices: Any) -> None:
    assert list(offered(choices)) == ["a", "b"]
    assert list(ungrouped(choices))[1] == ("a", "A")
