"""A form with a field of every sort, and values that fit them."""

from __future__ import annotations

import base64
import functools
from typing import Any

from django import forms
from django.core.validators import RegexValidator

CHOICES = [("a", "Alpha"), ("More", [("b", "Beta"), ("c", "Gamma")])]
NUMBERS = [(1, "One"), (2, "Two")]


def dynamic() -> list[tuple[str, str]]:
    """Choices that are made when they are needed."""
    return [("x", "Ex"), ("y", "Why")]


def phone() -> forms.Field:
    """A field of two widgets."""

    class PhoneWidget(forms.MultiWidget):
        def decompress(self, value: Any) -> list[Any]:
            return value.split(" ", 1) if value else ["", ""]

    class PhoneField(forms.MultiValueField):
        def compress(self, data_list: list[Any]) -> str:
            return " ".join(map(str, data_list))

    parts = (forms.IntegerField(min_value=1), forms.CharField(max_length=12))
    widgets: dict[str, Any] = {"country": forms.NumberInput, "": forms.TextInput}
    return PhoneField(fields=parts, widget=PhoneWidget(widgets))


#: A field, what is sent, and what the form makes of it.
FIELDS: dict[str, tuple[Any, Any]] = {
    "char": (lambda: forms.CharField(max_length=50), "Grüße, “Welt”"),
    "area": (lambda: forms.CharField(widget=forms.Textarea), "two\nlines"),
    "secret": (lambda: forms.CharField(widget=forms.PasswordInput), "s3cret"),
    "email": (forms.EmailField, "ada@example.com"),
    "url": (
        functools.partial(forms.URLField, assume_scheme="https"),
        "https://example.com/a?b=1",
    ),
    "slug": (forms.SlugField, "a-slug"),
    "regex": (lambda: forms.RegexField(r"^[A-Z]{3}$"), "ABC"),
    "valid": (lambda: forms.CharField(validators=[RegexValidator("^x")]), "xy"),
    "integer": (forms.IntegerField, -1234567),
    "local_integer": (lambda: forms.IntegerField(localize=True), 1234567),
    "float": (forms.FloatField, 1234.5),
    "local_float": (lambda: forms.FloatField(localize=True), 1234567.125),
    "decimal": (lambda: forms.DecimalField(max_digits=12), "1234567.891"),
    "local_decimal": (lambda: forms.DecimalField(localize=True), "1234.567"),
    "boolean": (forms.BooleanField, True),
    "unchecked": (lambda: forms.BooleanField(required=False), False),
    "yes_no": (
        lambda: forms.BooleanField(
            required=False, widget=forms.Select(choices=[(True, "Y"), (False, "N")])
        ),
        False,
    ),
    "null_boolean": (lambda: forms.NullBooleanField(required=False), False),
    "null_boolean_unknown": (lambda: forms.NullBooleanField(required=False), None),
    "choice": (lambda: forms.ChoiceField(choices=CHOICES), "b"),
    "radio": (
        lambda: forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect),
        "c",
    ),
    "dynamic": (lambda: forms.ChoiceField(choices=dynamic), "y"),
    "typed": (lambda: forms.TypedChoiceField(choices=NUMBERS, coerce=int), 2),
    "several": (lambda: forms.MultipleChoiceField(choices=CHOICES), ["a", "c"]),
    "boxes": (
        lambda: forms.MultipleChoiceField(
            choices=CHOICES, widget=forms.CheckboxSelectMultiple
        ),
        ["b"],
    ),
    "none_of_several": (
        lambda: forms.MultipleChoiceField(choices=CHOICES, required=False),
        [],
    ),
    "typed_several": (
        lambda: forms.TypedMultipleChoiceField(choices=NUMBERS, coerce=int),
        [2, 1],
    ),
    "date": (forms.DateField, "2026-02-28"),
    "local_date": (lambda: forms.DateField(localize=True), "2026-03-04"),
    "picky_date": (lambda: forms.DateField(input_formats=["%d/%m/%Y"]), "0998-03-04"),
    "selected_date": (
        lambda: forms.DateField(widget=forms.SelectDateWidget(years=[2025, 2026])),
        "2026-03-04",
    ),
    "time": (forms.TimeField, "12:30:15.000123"),
    "local_time": (lambda: forms.TimeField(localize=True), "12:30:15"),
    "moment": (forms.DateTimeField, "2026-02-28T12:30:15.5+02:00"),
    "picky_moment": (
        lambda: forms.DateTimeField(input_formats=["%d.%m.%Y %H Uhr"]),
        "2026-02-28T12:00:00Z",
    ),
    "split_moment": (forms.SplitDateTimeField, "2026-02-28T12:30:15Z"),
    "hidden_moment": (
        lambda: forms.SplitDateTimeField(widget=forms.SplitHiddenDateTimeWidget),
        "2026-02-28T12:30:15Z",
    ),
    "duration": (forms.DurationField, "-P1DT2H3M4.5S"),
    "uuid": (forms.UUIDField, "6f1f2a9e-24a8-4f6a-8a5b-3a8a3bd1f5f0"),
    "json": (forms.JSONField, {"a": [1, 2.5, None, "ü"], "b": "1"}),
    "json_text": (forms.JSONField, "just text"),
    "address": (forms.GenericIPAddressField, "2001:db8::1"),
    "combo": (
        lambda: forms.ComboField(
            fields=[forms.CharField(max_length=20), forms.EmailField()]
        ),
        "ada@example.com",
    ),
    "phone": (phone, [49, "30 123456"]),
    "file": (
        forms.FileField,
        {"name": "a.txt", "data": base64.b64encode(b"words").decode()},
    ),
    "nothing": (lambda: forms.IntegerField(required=False), None),
    "empty": (lambda: forms.CharField(required=False), ""),
}


def form_of(**fields: forms.Field) -> type[forms.Form]:
    """Return a class of forms with these fields."""
    return type("SomeForm", (forms.Form,), dict(fields))
