"""Whatever is sent to a form: it is taken, or refused in words, and no more."""

from __future__ import annotations

import base64
import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.test import override_settings
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_mcp.exceptions import ToolError
from django_mcp.providers.forms.arguments import FormArguments
from django_mcp.providers.forms.binding import Binding
from django_mcp.providers.forms.posting import posted
from django_mcp.schema.errors import ArgumentErrors
from tests.providers.callers import context_of
from tests.providers.forms.fields import FIELDS, form_of
from tests.testapp.models import Label, Maker, Task

pytestmark = pytest.mark.django_db

FAST = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class TaskForm(forms.ModelForm):  # type: ignore[type-arg]
    """A column of every sort that forms fill in."""

    class Meta:
        model = Task
        fields = "__all__"  # noqa: DJ007 -- that is what is tried here


def everything() -> dict[str, forms.Field]:
    """Return a field of every sort, and keys of rows."""
    return {
        **{name: make() for name, (make, _) in FIELDS.items()},
        "step": forms.IntegerField(step_size=3, required=False),
        "step_decimal": forms.DecimalField(step_size=Decimal("0.1"), required=False),
        "step_float": forms.FloatField(step_size=0.1, min_value=1, required=False),
        "row": forms.ModelChoiceField(Label.objects.all()),
        "rows": forms.ModelMultipleChoiceField(Label.objects.all()),
        "named": forms.ModelChoiceField(Maker.objects.all(), to_field_name="name"),
    }


NAMES = sorted(everything())
BINDINGS = {
    name: Binding(form_of(**{name: everything()[name]}), source="x") for name in NAMES
}
TASK = Binding(TaskForm, source="x")
ROWS = Binding(
    forms.formset_factory(
        form_of(size=forms.IntegerField(), when=forms.DateField(required=False)),
        can_delete=True,
        can_order=True,
        max_num=5,
        absolute_max=8,
    ),
    source="x",
)

NASTY = st.sampled_from([
    "", " ", "\x00", "\ud800", "a\x00b", "null", "true", "[]", "{}", "1e999999", "-0",
    "NaN", "Infinity", "-1e-999999", "9" * 5000, "٣", "1_000", "1,5", "1.5.5", "0001-01-01",
    "9999-12-31", "9999-12-31T23:59:59Z", "2026-03-29T02:30:00", "24:00", "P1Y", "PT1S",
    "P999999999D", "::1", "::ffff:0:0", "fe80::1%eth0", "http://[", "https://a" + "b" * 3000,
    "a@b", "../../etc/passwd", "\u202e", "ß" * 200, "1" * 310, True, False, None, 0, -1,
    2**31, 2**63, 2**64, 10**400, -(10**400), 0.1, -0.0, 1e308, math.inf, math.nan, 5e-324,
    [], {}, [[]], [None], [{}], {"": None}, {"lower": 1}, {"name": "x", "data": "!"},
    {"name": "", "data": ""}, {"name": "a/b/..", "data": "AAAA", "mime_type": "x"},
    ["a"] * 600, [1, "x", None], [2**70], [True], {"a": {"b": ["\x00"]}},
])  # fmt: skip
JSON = st.recursive(
    NASTY
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=20)
    | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)


def judged(binding: Binding, values: dict[str, Any]) -> None:
    """Bind what was sent: it fits, or it is refused in short words."""
    try:
        form = binding.bound(context_of(), values)
    except (ArgumentErrors, ToolError) as refusal:
        assert str(refusal)
        assert len(str(refusal)) < 4000
    else:
        assert form.is_valid()


@FAST
@given(name=st.sampled_from(NAMES), value=JSON)
def test_any_value_for_any_field_is_taken_or_refused(name: str, value: Any) -> None:
    judged(BINDINGS[name], {name: value})


@pytest.mark.parametrize("name", NAMES)
def test_what_is_known_to_hurt_is_taken_or_refused(name: str) -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    for value in [
        deep, "9" * 100_000, "1e1000000000", -(10**4000), 1e400, "\ud83d",
        {"a" * 10_000: "\x00"}, [{"x": float("nan")}], "0" * 999_999, "PT" + "9" * 60 + "S",
    ]:  # fmt: skip
        judged(BINDINGS[name], {name: value})


@FAST
@given(
    values=st.dictionaries(
        st.sampled_from(
            [*TaskForm.base_fields, "pk", "version", "csrfmiddlewaretoken"]
        ),
        JSON,
    )
)
def test_any_values_for_a_model_form(values: Any) -> None:
    judged(TASK, values)


@FAST
@given(
    rows=JSON
    | st.lists(
        st.dictionaries(
            st.sampled_from(["size", "when", "ORDER", "DELETE", "form-TOTAL_FORMS"]),
            JSON,
        ),
        max_size=9,
    ),
    more=st.dictionaries(
        st.sampled_from(["form-TOTAL_FORMS", "TOTAL_FORMS", "form-0-size"]), JSON
    ),
)
def test_any_rows_for_a_set(rows: Any, more: Any) -> None:
    judged(ROWS, {"rows": rows, **more})


def test_a_flood_of_choices_is_neither_listed_nor_named() -> None:
    made = 0

    def choices() -> Any:
        nonlocal made
        for number in range(100_000):
            made += 1
            yield str(number), "One of many"

    form_class = form_of(kind=forms.ChoiceField(choices=choices))
    binding = Binding(form_class, source="x")
    assert binding.schema["properties"]["kind"] == {"type": "string"}
    assert made == 0
    assert binding.bound(context_of(), {"kind": "7"}).is_valid()
    with pytest.raises(ArgumentErrors) as caught:
        binding.bound(context_of(), {"kind": "none"})
    assert caught.value.lines == ["kind: should be one of the choices"]


# -- what is read is what was given ------------------------------------------------

MOMENTS = st.datetimes(
    min_value=datetime(1000, 1, 3),
    max_value=datetime(9998, 12, 30),
    timezones=st.just(UTC),
)


def is_said_once(moment: datetime) -> bool:
    """Is there no other moment with the same day and time, as in autumn?"""
    local = timezone.localtime(moment)
    return local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset()


TYPED: dict[str, tuple[Any, Any]] = {
    "integer": (forms.IntegerField, st.integers(-(2**63), 2**63 - 1)),
    "float": (forms.FloatField, st.floats(allow_nan=False, allow_infinity=False)),
    "decimal": (forms.DecimalField, st.decimals(allow_nan=False, allow_infinity=False)),
    "date": (forms.DateField, st.datetimes().map(lambda m: m.date())),
    "time": (forms.TimeField, st.times()),
    "moment": (forms.DateTimeField, MOMENTS),
    # Its widgets have no place for an offset.
    "split": (forms.SplitDateTimeField, MOMENTS.filter(is_said_once)),
    "duration": (
        forms.DurationField,
        st.timedeltas(timedelta(days=-(10**6)), timedelta(days=10**6)),
    ),
    "uuid": (forms.UUIDField, st.uuids()),
    "boolean": (forms.NullBooleanField, st.none() | st.booleans()),
    "text": (
        lambda **kwargs: forms.CharField(strip=False, **kwargs),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    ),
    "json": (
        forms.JSONField,
        st.recursive(
            st.integers() | st.text(max_size=5) | st.booleans() | st.floats(-1, 1),
            lambda inner: (
                st.lists(inner, min_size=1, max_size=3)
                | st.dictionaries(st.text(max_size=3), inner, min_size=1, max_size=3)
            ),
        ),
    ),
}


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("language", ["en", "de", "fr", "de-ch", "fa"])
@pytest.mark.parametrize("localize", [False, True])
@pytest.mark.parametrize("name", TYPED)
def test_every_value_comes_through_in_every_language(
    name: str, localize: bool, language: str, grouped: bool
) -> None:
    make, values = TYPED[name]
    form_class = form_of(field=make(required=False, localize=localize))

    @settings(FAST, max_examples=20)
    @given(value=values)
    def check(value: Any) -> None:
        data = posted(form_class(prefix="p"), {"field": value})
        form = form_class(data, prefix="p")
        assert form.is_valid(), (form.errors, data)
        found = form.cleaned_data["field"]
        assert found == value or (value == "" and found is None)

    with (
        override_settings(USE_THOUSAND_SEPARATOR=grouped),
        translation.override(language),
    ):
        check()


def test_a_file_is_what_was_sent_however_it_is_named() -> None:
    form_class = form_of(file=forms.FileField())
    arguments = FormArguments(form_class, source="x")

    @settings(FAST, max_examples=200)
    @given(name=st.text(st.characters(codec="utf-8"), max_size=300), data=st.binary())
    def check(name: str, data: bytes) -> None:
        encoded = base64.b64encode(data).decode()
        try:
            file = arguments.validated({"file": {"name": name, "data": encoded}})[
                "file"
            ]
        except ArgumentErrors:
            return
        assert isinstance(file, UploadedFile)
        assert file.read() == data
        assert not {"/", "\\", "\x00"} & set(str(file.name))

    check()
