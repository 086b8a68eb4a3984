"""Filling in a form as a browser does: what is read is what was given."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.test import override_settings
from django.utils import translation

from django_mcp.providers.forms.arguments import FormArguments
from django_mcp.providers.forms.posting import posted, posted_files
from tests.providers.forms.fields import FIELDS, form_of


def filled(form_class: Any, values: dict[str, Any], **kwargs: Any) -> Any:
    """Return the bound form of what a client sent."""
    checked = FormArguments(form_class, source="here").validated(values)
    blank = form_class(**kwargs)
    data, files = posted(blank, checked), posted_files(blank, checked)
    return form_class(data, files, **kwargs)


LANGUAGES = [
    ("en", False),
    ("de", False),
    ("de", True),
    ("fr", True),
    ("de-ch", True),
    ("ar", True),
]


@pytest.mark.parametrize(("language", "grouped"), LANGUAGES)
@pytest.mark.parametrize("prefix", [None, "some-prefix"])
@pytest.mark.parametrize("name", FIELDS)
def test_what_is_read_is_what_was_given(
    name: str, prefix: str | None, language: str, grouped: bool
) -> None:
    make, value = FIELDS[name]
    field = make()
    form_class = form_of(field=field)
    with (
        override_settings(USE_THOUSAND_SEPARATOR=grouped),
        translation.override(language),
    ):
        checked = FormArguments(form_class, source="here").validated({"field": value})
        form = filled(form_class, {"field": value}, prefix=prefix)
        assert form.is_valid(), form.errors
        found = form.cleaned_data["field"]
    if isinstance(field, forms.FileField):
        assert (found.name, found.read(), found.content_type) == (
            "a.txt",
            b"words",
            "text/plain",
        )
    elif name == "phone":
        assert found == "49 30 123456"
    elif name.startswith("json") or name.startswith("typed"):
        assert found == value
    else:
        assert found == checked["field"]
