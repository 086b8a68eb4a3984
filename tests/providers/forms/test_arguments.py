"""What forms and sets of forms take, as arguments."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.core.exceptions import ImproperlyConfigured

from django_mcp.providers.forms.arguments import FormArguments
from django_mcp.schema.errors import ArgumentErrors
from tests.providers.forms.fields import CHOICES, FIELDS, dynamic, form_of


def schema_of(**fields: Any) -> Any:
    """Return the schema of a form with these fields."""
    return FormArguments(form_of(**fields), source="here").schema


def schema_of_one(field: Any) -> Any:
    """Return the schema of one field."""
    return schema_of(field=field)["properties"]["field"]


def test_the_schema_names_what_is_required_and_refuses_the_rest() -> None:
    schema = schema_of(
        name=forms.CharField(max_length=5, help_text="In short."),
        size=forms.IntegerField(initial=3, min_value=1),
        note=forms.CharField(required=False, label="Anything else"),
    )
    assert schema == {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 5, "description": "In short."},
            "size": {"type": "integer", "minimum": 1, "default": 3},
            "note": {"type": "string", "title": "Anything else"},
        },
        "required": ["name"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("split_moment", {"type": "string", "format": "date-time"}),
        ("combo", {"type": "string", "maxLength": 20}),
        (
            "choice",
            {"enum": ["a", "b", "c"], "description": "a: Alpha; b: Beta; c: Gamma"},
        ),
        ("dynamic", {"type": "string"}),
        ("null_boolean", {"type": ["boolean", "null"]}),
        ("json", {}),
    ],
)
def test_fields_of_every_sort(name: str, schema: Any) -> None:
    made, _ = FIELDS[name]
    assert schema_of_one(made()) == schema


def test_parts_are_a_list_with_a_place_for_each() -> None:
    make, _ = FIELDS["phone"]
    assert schema_of_one(make()) == {
        "type": "array",
        "prefixItems": [
            {"type": ["integer", "null"], "minimum": 1},
            {"type": ["string", "null"], "maxLength": 12},
        ],
        "minItems": 2,
        "maxItems": 2,
    }


def test_what_nobody_can_send_is_left_out_or_refused() -> None:
    hidden = forms.CharField(widget=forms.HiddenInput, initial="kept")
    disabled = forms.CharField(disabled=True)
    assert schema_of(hidden=hidden, disabled=disabled)["properties"] == {}

    class Odd(forms.MultiValueField):
        widget = forms.TextInput

    odd = Odd(fields=(forms.CharField(),), required=False)
    assert schema_of(odd=odd)["properties"] == {}
    odd.required = True
    with pytest.raises(ImproperlyConfigured, match=r"here: SomeForm.odd is a Odd"):
        schema_of(odd=odd)


def test_a_form_in_a_url_has_no_files() -> None:
    form = form_of(file=forms.FileField(), name=forms.CharField())
    with pytest.raises(ImproperlyConfigured, match="SomeForm.file is a FileField"):
        FormArguments(form, source="here", method="GET")
    arguments = FormArguments(form, source="here", method="GET", exclude=["file"])
    assert list(arguments.arguments) == ["name"]


def test_what_is_left_out_must_be_there() -> None:
    with pytest.raises(ImproperlyConfigured, match="does not have: colour"):
        FormArguments(form_of(), source="here", exclude=["colour"])


def test_the_fields_of_a_form_that_was_made_count() -> None:
    class Made(forms.Form):
        def __init__(self) -> None:
            super().__init__()
            self.fields["size"] = forms.ChoiceField(choices=CHOICES)

    assert list(FormArguments(Made(), source="here").arguments) == ["size"]
    assert list(FormArguments(Made, source="here").arguments) == []


@pytest.mark.parametrize(("can_delete", "most"), [(False, 4), (True, 500)])
def test_a_set_of_forms_takes_rows(can_delete: bool, most: int) -> None:
    form = form_of(name=forms.CharField())
    made = forms.formset_factory(
        form, can_delete=can_delete, can_order=True, min_num=1, validate_min=True,
        max_num=4, validate_max=True,
    )  # fmt: skip
    schema = FormArguments(made, source="here").schema
    rows = schema["properties"]["rows"]
    assert schema["required"] == ["rows"]
    # Rows that go make room for others.
    assert (rows["minItems"], rows["maxItems"]) == (1, most)
    own = ["ORDER", "DELETE"] if can_delete else ["ORDER"]
    assert list(rows["items"]["properties"]) == ["name", *own]
    assert rows["items"]["required"] == ["name"]


def test_types_are_checked_and_limits_are_not() -> None:
    arguments = FormArguments(
        form_of(
            size=forms.IntegerField(max_value=3),
            kind=forms.ChoiceField(choices=dynamic),
        ),
        source="here",
    )
    assert arguments.validated({"size": 99, "kind": "none"})["size"] == 99
    with pytest.raises(ArgumentErrors) as caught:
        arguments.validated({"size": "many", "kind": [], "colour": 1})
    assert caught.value.lines == [
        "size: should be a valid integer",
        "kind: should be one of the choices",
        "colour: unknown argument; allowed are size, kind",
    ]
