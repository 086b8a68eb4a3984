"""Fields of forms as clients show them, and answers that come back."""

from __future__ import annotations

import datetime
import enum
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.contrib.admin import AdminSite, widgets
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp_types import ElicitRequestFormParams

from django_mcp.protocol.revisions import REVISIONS, STATELESS
from django_mcp.providers.forms.arguments import FormArguments
from django_mcp.providers.forms.posting import posted
from django_mcp.schema.forms import InvalidAnswer, bind, schema_from
from tests.providers.forms.fields import FIELDS, form_of
from tests.testapp.models import Author, Task

OLD, NEW = REVISIONS["2025-06-18"], REVISIONS["2025-11-25"]
#: What no client shows, or what nobody should be asked for.
NOT_ASKED = {"file", "hidden_moment", "json", "json_text", "phone", "secret"}
ASKED = {name: FIELDS[name] for name in FIELDS.keys() - NOT_ASKED}


def shown(field: Any, **kwargs: Any) -> Any:
    """Return what clients see of a field."""
    return schema_from(form_of(x=field)(**kwargs), NEW)["properties"]["x"]


def answered(field: Any, answer: Any) -> Any:
    """Return what becomes of an answer."""
    return bind(form_of(x=field), {"x": answer})["x"]


def refusal(field: Any, answer: Any) -> list[str]:
    """Return why an answer is refused."""
    with pytest.raises(InvalidAnswer) as refused:
        answered(field, answer)
    return refused.value.messages


def as_answer(value: Any) -> Any:
    """Choices are texts."""
    return [str(one) for one in value] if isinstance(value, list) else value


# -- the same as arguments -----------------------------------------------------


@pytest.mark.parametrize(
    ("language", "grouped"), [("en", False), ("de", True), ("fr", True), ("ar", True)]
)
@pytest.mark.parametrize("prefix", [None, "some-prefix"])
@pytest.mark.parametrize("name", sorted(ASKED))
def test_an_answer_becomes_what_the_argument_would(
    name: str, prefix: str | None, language: str, grouped: bool
) -> None:
    make, value = ASKED[name]
    form_class = form_of(field=make())
    with (
        override_settings(USE_THOUSAND_SEPARATOR=grouped),
        translation.override(language),
    ):
        checked = FormArguments(form_class, source="x").validated({"field": value})
        form = form_class(posted(form_class(), checked))
        assert form.is_valid(), form.errors
        answer = {"field": as_answer(value)}
        assert bind(form_class(prefix=prefix), answer) == form.cleaned_data


@pytest.mark.parametrize("name", sorted(ASKED))
def test_limits_words_and_formats_are_those_of_the_argument(name: str) -> None:
    field = ASKED[name][0]()
    field.label, field.help_text = "A <name>", _("Not <b>too</b> long &amp; clear.")
    argument = FormArguments(form_of(x=field), source="x").schema["properties"]["x"]
    flat = schema_from(form_of(x=field), NEW)
    ElicitRequestFormParams(message="?", requested_schema=flat)
    one = flat["properties"]["x"]
    assert one["title"] == str(argument["title"]) == "A <name>"
    assert one["description"] == "Not too long & clear."
    assert str(argument["description"]).startswith("Not too long & clear.")
    limits = {"minimum", "maximum", "minLength", "maxLength"}
    for word in limits & argument.keys():
        assert one[word] == argument[word]
    shown_formats = {"email", "uri", "date", "date-time"}
    assert one.get("format") == (
        argument.get("format") if argument.get("format") in shown_formats else None
    )


@pytest.mark.parametrize("name", sorted(NOT_ASKED))
def test_what_is_not_flat_or_not_to_be_asked_is_refused(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"SomeForm\.x"):
        shown(FIELDS[name][0]())


# -- filled in as a browser does ----------------------------------------------


class JoinedWidget(forms.MultiWidget):
    """Two controls for one text."""

    def __init__(self) -> None:
        super().__init__([forms.TextInput, forms.TextInput])

    def decompress(self, value: Any) -> list[Any]:
        return value.split("-", 1) if value else [None, None]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return "-".join(filter(None, super().value_from_datadict(data, files, name)))


class OwnBoxes(forms.CheckboxSelectMultiple):
    """A widget that reads what a request has, as many of third parties do."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.getlist(name)


def test_widgets_read_what_a_browser_would_send() -> None:
    assert answered(forms.CharField(widget=JoinedWidget), "49-123") == "49-123"
    boxes = forms.MultipleChoiceField(choices=[("a", "A")], widget=OwnBoxes)
    assert answered(boxes, ["a"]) == ["a"]
    split = forms.SplitDateTimeField(widget=widgets.AdminSplitDateTime)
    moment = datetime.datetime(2026, 3, 4, 5, 6, 7, tzinfo=datetime.UTC)
    assert answered(split, "2026-03-04T05:06:07Z") == moment


def test_a_day_in_parts_is_never_dropped_because_it_is_wrong() -> None:
    field = forms.DateField(widget=forms.SelectDateWidget, required=False)
    assert answered(field, "2026-03-04") == datetime.date(2026, 3, 4)
    assert "should be a valid date" in refusal(field, "soon")[0]
    split = forms.SplitDateTimeField(required=False)
    assert "should be a valid datetime" in refusal(split, "soon")[0]


def test_moments_may_be_written_as_the_field_has_them() -> None:
    assert answered(forms.DateField(), "10/25/2026") == datetime.date(2026, 10, 25)
    at = forms.TimeField(input_formats=["%I %p"])
    assert answered(at, "01 PM") == answered(at, "13:00") == datetime.time(13)
    assert refusal(at, "soon") == ["x: Enter a valid time."]
    long = datetime.timedelta(days=1, hours=2)
    for text in ("P1DT2H", "1 02:00:00"):
        assert answered(forms.DurationField(), text) == long


@override_settings(USE_TZ=False)
def test_a_moment_fits_the_database() -> None:
    found = answered(forms.DateTimeField(), "2026-03-04T05:06:07Z")
    assert found.tzinfo is None


def test_a_number_is_no_larger_than_a_database_can_hold() -> None:
    for answer in (2**63, "9" * 30):
        words = "x: should be at most 9223372036854775807"
        assert refusal(forms.IntegerField(), answer) == [words]
    assert answered(forms.IntegerField(), 2**63 - 1) == 2**63 - 1


def test_a_number_is_read_as_it_was_written_in_every_language() -> None:
    field = forms.DecimalField(localize=True)
    with override_settings(USE_THOUSAND_SEPARATOR=True), translation.override("de"):
        assert answered(field, "1.125") == answered(field, 1.125) == Decimal("1.125")


def test_a_number_for_a_text_is_a_text() -> None:
    assert answered(forms.CharField(), 123) == "123"
    choice = forms.ChoiceField(choices=[(3, "Three")])
    assert answered(choice, 3) == "3"


def test_hidden_and_disabled_fields_stay_as_they_began() -> None:
    class Form(forms.Form):
        token = forms.CharField(widget=forms.HiddenInput)
        kept = forms.CharField(widget=forms.HiddenInput, required=False)
        fixed = forms.CharField(disabled=True)
        word = forms.CharField(initial="abc", show_hidden_initial=True)

        def clean(self) -> None:
            self.cleaned_data["changed"] = self.changed_data

    form = Form(initial={"token": "t", "fixed": "f"})
    assert list(schema_from(form, NEW)["properties"]) == ["word"]
    answer = {"word": "abc", "token": "forged", "kept": "forged", "fixed": "forged"}
    assert bind(form, answer) == {
        "token": "t", "kept": "", "fixed": "f", "word": "abc", "changed": [],
    }  # fmt: skip
    with pytest.raises(ImproperlyConfigured, match=r"Form\.token is hidden"):
        schema_from(Form, NEW)


def test_what_the_person_left_out_is_empty_whatever_it_began_with() -> None:
    class Form(forms.Form):
        news = forms.BooleanField(initial=True, required=False)
        note = forms.CharField(initial="abc", required=False)
        kind = forms.ChoiceField(
            choices=[("a", "A")], initial="a", required=False, widget=forms.RadioSelect
        )
        several = forms.MultipleChoiceField(
            choices=[("a", "A")], initial=["a"], required=False
        )
        day = forms.DateField(
            initial=datetime.date(2026, 1, 2),
            required=False,
            widget=forms.SelectDateWidget,
        )

    nothing = {"news": False, "note": "", "kind": "", "several": [], "day": None}
    assert bind(Form, {}) == bind(Form, dict.fromkeys(nothing)) == nothing


@pytest.mark.django_db
def test_the_admins_widgets_are_filled_in_too() -> None:
    site = AdminSite()
    remote: Any = Task._meta.get_field("labels").remote_field
    related = widgets.RelatedFieldWidgetWrapper(
        forms.Select(), remote, site, can_add_related=False
    )
    author = Author.objects.create(name="Ada")
    field = forms.ModelChoiceField(Author.objects.all(), widget=related)
    assert shown(field)["oneOf"] == [{"const": str(author.pk), "title": "Ada"}]
    assert answered(field, str(author.pk)) == author


# -- what it begins with -------------------------------------------------------


class Size(enum.Enum):
    SMALL = "s"


@pytest.mark.parametrize(
    ("field", "initial", "default"),
    [
        (forms.IntegerField, "5", 5),
        (forms.IntegerField, "five", None),
        (forms.DecimalField, Decimal("2.50"), 2.5),
        (forms.DecimalField, Decimal("NaN"), None),
        (forms.FloatField, float("inf"), None),
        (forms.BooleanField, "False", False),
        (forms.NullBooleanField, None, None),
        (forms.DateField, "10/25/2026", "2026-10-25"),
        (forms.DateField, datetime.datetime(2026, 1, 2, 3), "2026-01-02"),
        (
            forms.DateTimeField,
            datetime.datetime(2026, 1, 2, 3, 4),
            "2026-01-02T03:04:00-06:00",
        ),
        (forms.DurationField, datetime.timedelta(days=1), "1 00:00:00"),
        (forms.CharField, "", None),
        (forms.CharField, lambda: "made", "made"),
    ],
)
def test_defaults_are_of_the_schemas_own_type(
    field: Any, initial: Any, default: Any
) -> None:
    assert shown(field(initial=initial)).get("default") == default


def test_a_default_is_one_of_the_choices() -> None:
    choices = [("s", "Small"), ("l", "Large")]
    for initial, default in (("l", "l"), (Size.SMALL, "s"), ("xl", None)):
        field = forms.ChoiceField(choices=choices, initial=initial)
        assert shown(field).get("default") == default
    for several, defaults in (("l", ["l"]), ({"s", "xl"}, ["s"]), (None, None)):
        many = forms.MultipleChoiceField(choices=choices, initial=several)
        assert shown(many).get("default") == defaults


def test_markup_in_words_is_not_shown() -> None:
    link = format_html('I take the <a href="{}">terms</a> &amp; rules', "/terms")
    title = mark_safe("<b>Red</b> room")
    choices = [("r", title), ("b", "<Blue>")]
    box = forms.BooleanField(label=link)
    choice = forms.ChoiceField(choices=choices)
    assert shown(box)["title"] == "I take the terms & rules"
    assert [one["title"] for one in shown(choice)["oneOf"]] == ["Red room", "<Blue>"]
    form_class = form_of(box=box, choice=choice)
    found = FormArguments(form_class, source="x").schema["properties"]
    assert found["box"]["title"] == "I take the terms & rules"
    assert str(found["choice"]["description"]) == "r: Red room; b: <Blue>"


def test_a_field_may_have_no_words() -> None:
    assert shown(forms.BooleanField(label="")) == {"type": "boolean"}


# -- secrets -------------------------------------------------------------------


@pytest.mark.parametrize(
    "widget",
    [
        forms.PasswordInput(),
        forms.TextInput(attrs={"type": "password"}),
        forms.TextInput(attrs={"autocomplete": "one-time-code"}),
        forms.TextInput(attrs={"autocomplete": "billing cc-number"}),
        forms.MultiWidget([forms.TextInput, forms.PasswordInput]),
    ],
)
def test_secrets_are_not_asked_for(widget: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"x asks for a secret.*elicit_url"):
        shown(forms.CharField(widget=widget))


# -- anything ------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
HURTFUL = [
    10**400, -(2**63) - 1, 1e308, float("nan"), "\0", "\ud800", "9" * 5000, "1e999999",
    "0001-01-01", "9999-12-31T23:59:59Z", "0000-00-00", "24:00:00", "P999999999999D",
    "NaN", "Infinity", ["\0"], ["a"] * 1000, {"a": 1}, True, "true", [], [[]], "[]",
]  # fmt: skip


@pytest.mark.parametrize("name", sorted(ASKED))
def test_any_answer_to_any_field_is_cleaned_or_refused(name: str) -> None:
    form_class = form_of(x=ASKED[name][0]())

    def judge(answer: Any) -> None:
        try:
            bind(form_class, {"x": answer})
        except InvalidAnswer as refusal:
            assert refusal.messages

    for answer in HURTFUL:
        judge(answer)

    @settings(deadline=None, max_examples=40)
    @given(answer=ANYTHING)
    def check(answer: Any) -> None:
        judge(answer)

    check()


@pytest.mark.parametrize("revision", [OLD, NEW, STATELESS])
def test_any_default_is_taken_as_the_answer(revision: Any) -> None:
    for name, (make, _value) in ASKED.items():
        field = make()
        several = isinstance(field, forms.MultipleChoiceField)
        if several and not revision.elicitation_choices:
            continue
        cleaned = answered(field, as_answer(ASKED[name][1]))
        if hasattr(cleaned, "microsecond"):  # No widget shows those.
            cleaned = cleaned.replace(microsecond=0)
        form = form_of(x=field)(initial={"x": cleaned})
        default = schema_from(form, revision)["properties"]["x"].get("default")
        if default is not None:
            assert answered(field, default) == cleaned
