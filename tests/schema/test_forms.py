"""Django forms as the flat schemas that clients show, and answers bound to them."""

from __future__ import annotations

import datetime
import threading
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp_types import ElicitRequestFormParams
from mcp_types.methods import parse_server_request
from pydantic import BaseModel

from django_mcp.exceptions import ToolError
from django_mcp.languages import spoken
from django_mcp.protocol.revisions import REVISIONS, STATELESS
from django_mcp.schema.forms import CONFIRM, InvalidAnswer, bind, schema_from
from tests.testapp.models import Author, Book

OLD, NEW = REVISIONS["2025-06-18"], REVISIONS["2025-11-25"]


class ReturnForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Why?"),
        choices=[
            ("", "---"),
            ("late", "Too late"),
            ("Damage", [("torn", "Torn"), (3, "Wet")]),
        ],
        initial="late",
    )
    note = forms.CharField(max_length=50, required=False, help_text="In your own words")
    copies = forms.IntegerField(min_value=1, max_value=lambda: 9, initial=lambda: 2)
    refund = forms.DecimalField(min_value=Decimal("0.5"), required=False)
    rating = forms.FloatField(required=False, initial=4.5)
    email = forms.EmailField(required=False)
    page = forms.URLField(assume_scheme="https", required=False)
    day = forms.DateField(initial=datetime.date(2026, 1, 2), input_formats=["%d.%m.%Y"])
    pickup = forms.DateTimeField(required=False)
    at = forms.TimeField(required=False, input_formats=["%I %p"])
    agreed = forms.BooleanField(required=False, initial=True)
    spoken = forms.MultipleChoiceField(
        choices=[("de", "German"), ("en", "English")], initial=["en"]
    )
    fixed = forms.CharField(initial="x", disabled=True)

    def clean_note(self) -> Any:
        if self.cleaned_data["note"] == "bad":
            raise forms.ValidationError("Be kind.")
        return self.cleaned_data["note"].upper()

    def clean(self) -> None:
        if self.cleaned_data.get("copies") == 9:
            raise forms.ValidationError("Nine is too many.")


ANSWER = {
    "reason": "3",
    "copies": 2,
    "day": "2026-03-04",
    "at": "13:00",
    "spoken": ["de", "en"],
    "agreed": False,
}


def test_a_form_becomes_a_flat_schema() -> None:
    schema = schema_from(ReturnForm, STATELESS)
    assert schema == {
        "type": "object",
        "properties": {
            "reason": {
                "type": "string",
                "oneOf": [
                    {"const": "late", "title": "Too late"},
                    {"const": "torn", "title": "Torn"},
                    {"const": "3", "title": "Wet"},
                ],
                "title": "Why?",
                "default": "late",
            },
            "note": {
                "type": "string",
                "maxLength": 50,
                "title": "Note",
                "description": "In your own words",
            },
            "copies": {
                "type": "integer",
                "minimum": 1,
                "maximum": 9,
                "title": "Copies",
                "default": 2,
            },
            "refund": {"type": "number", "minimum": 0.5, "title": "Refund"},
            "rating": {"type": "number", "title": "Rating", "default": 4.5},
            "email": {
                "type": "string",
                "maxLength": 320,
                "format": "email",
                "title": "Email",
            },
            "page": {"type": "string", "format": "uri", "title": "Page"},
            "day": {
                "type": "string",
                "format": "date",
                "title": "Day",
                "default": "2026-01-02",
            },
            "pickup": {"type": "string", "format": "date-time", "title": "Pickup"},
            "at": {"type": "string", "title": "At"},
            "agreed": {"type": "boolean", "title": "Agreed", "default": True},
            "spoken": {
                "type": "array",
                "items": {
                    "anyOf": [
                        {"const": "de", "title": "German"},
                        {"const": "en", "title": "English"},
                    ]
                },
                "minItems": 1,
                "title": "Spoken",
                "default": ["en"],
            },
        },
        "required": ["reason", "copies", "day", "spoken"],
    }
    params = {"mode": "form", "message": "?", "requestedSchema": schema}
    ElicitRequestFormParams.model_validate(params)
    parse_server_request("elicitation/create", NEW.name, params)


def test_older_revisions_show_choices_in_the_older_way() -> None:
    class Form(forms.Form):
        reason = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], initial="a")
        sure = forms.BooleanField(initial=True)

    assert schema_from(Form, OLD)["properties"] == {
        "reason": {
            "type": "string",
            "enum": ["a", "b"],
            "enumNames": ["A", "B"],
            "title": "Reason",
        },
        "sure": {"type": "boolean", "title": "Sure", "default": True},
    }
    with pytest.raises(ToolError, match="2025-06-18"):
        schema_from(ReturnForm, OLD)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (forms.CharField(widget=forms.PasswordInput), "elicit_url"),
        (forms.CharField(widget=forms.HiddenInput), "is hidden and has no initial"),
        (forms.ComboField(fields=[forms.JSONField()]), "is a ComboField"),
        (forms.MultiValueField([], widget=forms.TextInput), "is a MultiValueField"),
        (forms.FileField(), "is a FileField"),
        (forms.ImageField(), "is a ImageField"),
        (forms.JSONField(), "is a JSONField"),
        (forms.ChoiceField(choices=[(n, n) for n in range(301)]), "more than 300"),
    ],
)
def test_a_field_no_client_can_show_is_refused_by_name(field: Any, words: Any) -> None:
    form = forms.Form()
    form.fields["odd"] = field
    with pytest.raises(ImproperlyConfigured, match=rf"Form\.odd .*{words}"):
        schema_from(form, STATELESS)


@pytest.mark.parametrize("form", [3, object, "shop.forms.ReturnForm", []])
def test_what_is_no_form_is_refused(form: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="is not a form"):
        schema_from(form, STATELESS)


def test_a_choice_of_nothing_is_refused_in_words_for_the_model() -> None:
    class Form(forms.Form):
        book = forms.ChoiceField(choices=[("", "---")])

    with pytest.raises(ToolError, match="nothing to choose"):
        schema_from(Form, STATELESS)


def test_what_need_not_be_chosen_is_not_asked_where_there_is_nothing() -> None:
    class Form(forms.Form):
        book = forms.ChoiceField(choices=[("", "---")], required=False)
        books = forms.MultipleChoiceField(choices=[], required=False)
        note = forms.CharField()

    assert list(schema_from(Form, NEW)["properties"]) == ["note"]
    assert bind(Form, {"note": "x"}) == {"book": "", "books": [], "note": "x"}


def test_an_answer_is_cleaned_by_the_form() -> None:
    found = bind(ReturnForm, {**ANSWER, "note": "fine", "fixed": "y", "other": 1})
    assert found["reason"] == "3"
    assert found["note"] == "FINE"
    assert found["copies"] == 2
    assert found["day"] == datetime.date(2026, 3, 4)
    assert found["at"] == datetime.time(13)
    assert found["agreed"] is False
    assert found["spoken"] == ["de", "en"]
    assert found["fixed"] == "x"


def test_numbers_and_moments_arrive_in_their_own_types() -> None:
    answer = {**ANSWER, "refund": 1.5, "rating": 3, "copies": 3.0}
    found = bind(ReturnForm, {**answer, "pickup": "2026-03-04T05:06:07Z"})
    assert found["refund"] == Decimal("1.5")
    assert found["rating"] == 3.0
    assert found["copies"] == 3
    moment = datetime.datetime(2026, 3, 4, 5, 6, 7, tzinfo=datetime.UTC)
    assert found["pickup"] == moment


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"note": "bad"}, "note: Be kind."),
        ({"copies": 9}, "Nine is too many."),
        ({"copies": 10}, "copies: Ensure this value is less than or equal to 9."),
        ({"copies": None}, "copies: This field is required."),
        ({"day": "2026-13-45"}, "day: Enter a valid date."),
        ({"day": "soon"}, "day: Enter a valid date."),
        ({"at": "25:00"}, "at: Enter a valid time."),
        ({"spoken": []}, "spoken: This field is required."),
        ({"spoken": "de"}, "spoken: should be a valid array"),
        ({"at": "13:30"}, "at: Enter a valid time."),
        ({"agreed": "yes"}, "agreed: should be a valid boolean"),
        ({"copies": "many"}, "copies: should be a valid integer"),
        ({"copies": 10**30}, "copies: should be at most 9223372036854775807"),
        ({"spoken": [1]}, "spoken: [0]: should be a valid string"),
        ({"note": {"a": 1}}, "note: should be a valid string"),
        ({"note": 10**5000}, "note: should be a valid string"),
        ({"rating": float("inf")}, "rating: should be a finite number"),
        ({"note": "x" * 100_001}, "note: String should have at most 100000 characters"),
        ({"note": "a\0b"}, "note: Null characters are not allowed."),
    ],
)
def test_a_wrong_answer_is_refused_with_the_forms_own_words(
    change: Any, line: Any
) -> None:
    with pytest.raises(InvalidAnswer) as refusal:
        bind(ReturnForm, {**ANSWER, **change})
    assert refusal.value.messages == [line]
    assert str(refusal.value) == line


@pytest.mark.parametrize("content", [None, 12345, "a", [], [1]])
@pytest.mark.parametrize("form", [ReturnForm, None, CONFIRM])
def test_an_answer_that_is_no_object_is_refused(form: Any, content: Any) -> None:
    with pytest.raises(InvalidAnswer, match="no content"):
        bind(form, content)


class PickForm(forms.Form):
    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.options: dict[str, Any] = {"lock": threading.Lock(), "seen": 0}
        choices = [(name, name) for name in user.names]
        self.fields["pick"] = forms.ChoiceField(choices=choices)

    def clean_pick(self) -> Any:
        self.options["seen"] += 1
        assert self.options["seen"] == 1
        return f"{self.user.names[0]}:{self.cleaned_data['pick']}"


class Person:
    names = ["a", "b"]

    def __deepcopy__(self, memo: Any) -> Any:
        raise AssertionError("what a form refers to is not copied")


def test_a_form_instance_is_asked_with_its_own_choices_and_never_changed() -> None:
    form = PickForm(Person(), prefix="p")
    assert form["pick"].value() is None
    assert len(schema_from(form, STATELESS)["properties"]["pick"]["oneOf"]) == 2
    assert bind(form, {"pick": "b"}) == {"pick": "a:b"}
    assert bind(form, {"pick": "a"}) == {"pick": "a:a"}
    with pytest.raises(InvalidAnswer, match="pick: Select a valid choice"):
        bind(form, {"pick": "c"})
    assert not form.is_bound
    assert form["pick"].value() is None
    assert not hasattr(form, "cleaned_data")


@pytest.mark.django_db
def test_rows_are_chosen_from_among_those_the_form_allows(
    django_assert_max_num_queries: Any,
) -> None:
    class Form(forms.Form):
        author = forms.ModelChoiceField(Author.objects.order_by("name"))
        books = forms.ModelMultipleChoiceField(Book.objects.all(), required=False)

    ada = Author.objects.create(name="Ada")
    Author.objects.create(name="Bo")
    book = Book.objects.create(title="Notes", author=ada)
    with django_assert_max_num_queries(2):
        schema = schema_from(Form(initial={"author": ada, "books": [book]}), NEW)
    author, books = schema["properties"]["author"], schema["properties"]["books"]
    assert [choice["title"] for choice in author["oneOf"]] == ["Ada", "Bo"]
    assert author["default"] == str(ada.pk)
    assert books["default"] == [str(book.pk)]
    found = bind(Form, {"author": str(ada.pk), "books": [str(book.pk)]})
    assert found["author"] == ada
    assert list(found["books"]) == [book]
    for change in ({"author": "0"}, {"author": "9" * 30}, {"author": "x"}):
        with pytest.raises(InvalidAnswer, match="author: Select a valid choice"):
            bind(Form, change)
    for odd in ("0", "9" * 30, "x"):
        with pytest.raises(InvalidAnswer, match=r"books: |no such choice"):
            bind(Form, {"author": str(ada.pk), "books": [odd]})
    Author.objects.bulk_create(Author(name=str(n)) for n in range(300))
    with pytest.raises(ImproperlyConfigured, match=r"author has more than 300"):
        schema_from(Form, NEW)


@pytest.mark.django_db
def test_a_model_form_leaves_its_instance_alone() -> None:
    class Form(forms.ModelForm):  # type: ignore[type-arg]  # at run time it takes none
        class Meta:
            model = Author
            fields = ["name"]

    author = Author(name="Ada")
    form = Form(instance=author)
    assert schema_from(form, NEW)["properties"]["name"]["default"] == "Ada"
    assert bind(form, {"name": "Bo"}) == {"name": "Bo"}
    assert author.name == "Ada"


def test_yes_or_no_needs_no_form() -> None:
    assert schema_from(None, OLD) == spoken(CONFIRM)
    assert bind(None, {"confirm": True, "other": 1}) == {"confirm": True}
    for answer in ({}, {"confirm": "yes"}):
        with pytest.raises(InvalidAnswer, match="confirm: "):
            bind(None, answer)


def test_a_ready_schema_is_passed_through() -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    assert schema_from(schema, OLD) == schema
    assert bind(schema, {"name": "a", "other": 1}) == {"name": "a"}
    with pytest.raises(InvalidAnswer, match="name: should be a text"):
        bind(schema, {"name": 1})


class Trip(BaseModel):
    city: str
    day: datetime.date | None = None


def test_a_pydantic_model_is_asked_and_filled() -> None:
    assert schema_from(Trip, NEW)["required"] == ["city"]
    assert bind(Trip, {"city": "Bonn", "day": "2026-01-02"}) == Trip(
        city="Bonn", day=datetime.date(2026, 1, 2)
    )
    with pytest.raises(InvalidAnswer) as refusal:
        bind(Trip, {"day": "soon"})
    assert len(refusal.value.messages) == 2
    assert refusal.value.messages[0] == "city: field required"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(list(ReturnForm.base_fields)), _json)
    | st.builds(lambda change: {**ANSWER, **change}, st.fixed_dictionaries({}))
)
def test_any_answer_is_cleaned_or_refused(answer: Any) -> None:
    try:
        found = bind(ReturnForm, answer)
    except InvalidAnswer as refusal:
        assert refusal.messages
    else:
        assert isinstance(found, dict)
