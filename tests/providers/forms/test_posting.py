"""Filling in a form as a browser does: what is read is what was given."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django import forms
from django.contrib.admin import AdminSite, widgets
from django.test import override_settings
from django.utils import translation

from django_mcp.providers.forms.arguments import FormArguments
from django_mcp.providers.forms.posting import posted, posted_files
from django_mcp.schema.errors import ArgumentErrors
from tests.providers.forms.fields import CHOICES, FIELDS, form_of
from tests.testapp.models import Label, Task


def filled(form_class: Any, values: dict[str, Any], **kwargs: Any) -> Any:
    """Return the bound form of what a client sent."""
    checked = FormArguments(form_class, source="here").validated(values)
    blank = form_class(**kwargs)
    data, files = posted(blank, checked), posted_files(blank, checked)
    return form_class(data, files, **kwargs)


@pytest.fixture
def array_fields() -> Any:
    """Return PostgreSQL's form fields, which need its driver."""
    pytest.importorskip("psycopg")
    return import_module("django.contrib.postgres.forms")


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


POSTGRES: dict[str, tuple[Any, Any, Any]] = {
    "array": (lambda p: p.SimpleArrayField(forms.IntegerField()), [1, 2], [1, 2]),
    "days": (
        lambda p: p.SimpleArrayField(forms.DateField(localize=True), delimiter="|"),
        ["2026-01-02"],
        [date(2026, 1, 2)],
    ),
    "none": (lambda p: p.SimpleArrayField(forms.CharField(), required=False), [], []),
    "slots": (
        lambda p: p.SplitArrayField(forms.IntegerField(required=False), size=3),
        [1, 2],
        [1, 2, None],
    ),
    "texts": (lambda p: p.HStoreField(), {"a": "b"}, {"a": "b"}),
    "numbers": (lambda p: p.IntegerRangeField(), {"lower": 1, "upper": 5}, (1, 5)),
    "open": (lambda p: p.DecimalRangeField(), {"lower": "1.5"}, (Decimal("1.5"), None)),
    "span": (
        lambda p: p.DateRangeField(),
        {"lower": "2026-01-02", "upper": "2026-02-03"},
        (date(2026, 1, 2), date(2026, 2, 3)),
    ),
    "moments": (
        lambda p: p.DateTimeRangeField(),
        {"lower": "2026-01-02T03:04:05Z", "upper": None},
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), None),
    ),
}


@pytest.mark.parametrize(("language", "grouped"), LANGUAGES)
@pytest.mark.parametrize("name", POSTGRES)
def test_fields_of_postgresql_read_what_was_given(
    array_fields: Any, name: str, language: str, grouped: bool
) -> None:
    make, value, cleaned = POSTGRES[name]
    with (
        override_settings(USE_THOUSAND_SEPARATOR=grouped),
        translation.override(language),
    ):
        form = filled(form_of(field=make(array_fields)), {"field": value})
        assert form.is_valid(), form.errors
    found = form.cleaned_data["field"]
    if isinstance(cleaned, tuple):
        found = (found.lower, found.upper)
    assert found == cleaned


def test_an_item_cannot_have_the_delimiter_in_it(array_fields: Any) -> None:
    form = form_of(field=array_fields.SimpleArrayField(forms.CharField()))
    with pytest.raises(ArgumentErrors, match="field: an item cannot have ',' in it"):
        filled(form, {"field": ["a,b"]})


# -- what is not sent ------------------------------------------------------------


def test_what_is_not_sent_is_as_the_form_begins() -> None:
    form_class = form_of(
        name=forms.CharField(initial="Ada"),
        sure=forms.BooleanField(initial=True, required=False),
        at=forms.SplitDateTimeField(
            initial=lambda: datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
        ),
        kinds=forms.MultipleChoiceField(
            choices=CHOICES, initial=["a", "b"], required=False
        ),
        hidden=forms.CharField(widget=forms.HiddenInput, initial="kept"),
        secret=forms.CharField(disabled=True, initial="own"),
        radio=forms.ChoiceField(
            choices=CHOICES, widget=forms.RadioSelect, required=False
        ),
    )
    sent = posted(form_class(), {})
    assert "secret" not in sent
    assert "radio" not in sent
    form = filled(form_class, {})
    assert form.is_valid()
    assert not form.has_changed()
    assert form.cleaned_data["hidden"] == "kept"
    assert form.cleaned_data["secret"] == "own"


def test_a_form_made_with_its_own_beginning_keeps_it() -> None:
    form_class = form_of(name=forms.CharField(), size=forms.IntegerField())
    form = filled(form_class, {"size": 3, "name": "Bob"}, initial={"name": "Ada"})
    assert form.changed_data == ["name", "size"]
    blank = form_class(initial={"name": "Ada"}, prefix="p")
    assert posted(blank, {"size": 3}).dict() == {"p-name": "Ada", "p-size": "3"}


def test_a_hidden_beginning_is_sent_along() -> None:
    form_class = form_of(
        at=forms.DateField(initial=date(2026, 1, 2), show_hidden_initial=True)
    )
    sent = posted(form_class(), {"at": date(2026, 3, 4)})
    assert sent.dict() == {"at": "2026-03-04", "initial-at": "2026-01-02"}


def test_what_is_sent_cannot_be_changed_as_that_of_a_request() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        posted(form_of()(), {})["x"] = "1"


def test_null_empties_and_a_file_is_cleared_by_false() -> None:
    field = forms.FileField(required=False, initial="old.txt")
    form_class = form_of(file=field, size=forms.IntegerField(initial=3, required=False))
    assert posted(form_class(), {"size": None}).dict() == {"size": ""}
    assert posted(form_class(), {"file": False})["file-clear"] == "on"


# -- sets ------------------------------------------------------------------------


def test_a_set_is_sent_with_its_management_form() -> None:
    form = form_of(name=forms.CharField())
    made = forms.formset_factory(form, extra=2, can_delete=True, max_num=9)
    blank = made(initial=[{"name": "Ada"}], prefix="p")
    counts = {"p-MIN_NUM_FORMS": "0", "p-MAX_NUM_FORMS": "9"}
    assert posted(blank, {}).dict() == {
        "p-TOTAL_FORMS": "1", "p-INITIAL_FORMS": "1", **counts, "p-0-name": "Ada",
    }  # fmt: skip
    rows = [{"name": "Ada!"}, {"name": "Bob"}, {"name": "Cyd", "DELETE": True}]
    sent = posted(blank, {"rows": rows})
    assert sent.dict() == {
        "p-TOTAL_FORMS": "3", "p-INITIAL_FORMS": "1", **counts,
        "p-0-name": "Ada!", "p-1-name": "Bob", "p-2-name": "Cyd", "p-2-DELETE": "on",
    }  # fmt: skip
    bound = made(sent, initial=[{"name": "Ada"}], prefix="p")
    assert bound.is_valid()
    assert [one.cleaned_data["name"] for one in bound.deleted_forms] == ["Cyd"]


# -- the admin's widgets ---------------------------------------------------------


@pytest.mark.django_db
def test_the_admins_widgets_are_filled_in_too() -> None:
    one, two = (Label.objects.create(name=name) for name in ("one", "two"))
    relation: Any = Task._meta.get_field("labels").remote_field
    select = widgets.FilteredSelectMultiple("labels", False)
    for widget in (
        widgets.RelatedFieldWidgetWrapper(select, relation, AdminSite()),
        widgets.ManyToManyRawIdWidget(relation, AdminSite()),
    ):
        field = forms.ModelMultipleChoiceField(Label.objects.all(), widget=widget)
        form = filled(form_of(labels=field), {"labels": [one.pk, two.pk]})
        assert form.is_valid(), form.errors
        assert set(form.cleaned_data["labels"]) == {one, two}
    moment = forms.SplitDateTimeField(widget=widgets.AdminSplitDateTime)
    form = filled(form_of(at=moment), {"at": "2026-01-02T03:04:05Z"})
    assert form.is_valid()
