"""Fields of forms as arguments: what clients read, and what comes through."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.db import connection

from django_mcp import MCPServer
from django_mcp.providers.fields.inputs import input_from
from tests.providers.models.asking import call, refusal
from tests.providers.models.writing import task, tasks, team
from tests.testapp.models import Author, Task

SCHEMA = {
    "team": {"type": "integer"},
    "number": {"type": "integer", "minimum": 0},
    "title": {"type": "string", "maxLength": 50, "description": "In a few words."},
    "slug": {"type": "string", "maxLength": 50},
    "kind": {"enum": ["bug", "wish"]},
    "due": {"type": ["string", "null"], "format": "date"},
    "begins": {"type": ["string", "null"], "format": "date-time"},
    "ends": {"type": ["string", "null"], "format": "date-time"},
    "lasts": {"type": ["string", "null"], "format": "duration"},
    "cost": {"type": "number"},
    "done": {"type": "boolean"},
    "urgent": {"type": "boolean"},
    "data": {},
    "parent": {"type": ["integer", "null"]},
    "country": {"type": ["string", "null"]},
    "labels": {"type": "array", "items": {"type": "integer"}, "maxItems": 500},
    "remark": {"type": "string"},
}


def properties(server: MCPServer, name: str) -> Any:
    tool = server.registry.tools.peek(name)
    assert tool is not None
    return tool.input_schema["properties"]


def test_the_schema_says_what_each_field_takes() -> None:
    assert properties(tasks(), "create_task") == SCHEMA
    assert properties(tasks(), "update_task") == {"id": {"type": "integer"}} | SCHEMA
    assert properties(tasks(), "delete_task") == {"id": {"type": "integer"}}


CHOICES = [("a", "A"), ("More", [("b", "B")])]


@pytest.mark.parametrize(
    ("field", "schema"),
    [
        (forms.EmailField(), {"type": "string", "maxLength": 320, "format": "email"}),
        (forms.URLField(label="Its page", assume_scheme="https"),
         {"type": "string", "format": "uri", "title": "Its page"}),
        (forms.UUIDField(), {"type": "string", "format": "uuid"}),
        (forms.TimeField(), {"type": "string", "format": "time"}),
        (forms.FloatField(min_value=0.5), {"type": "number", "minimum": 0.5}),
        (forms.IntegerField(max_value=lambda: 3), {"type": "integer", "maximum": 3}),
        (forms.ChoiceField(choices=CHOICES), {"enum": ["a", "b"]}),
        (forms.ChoiceField(choices=lambda: CHOICES), {"type": "string"}),
        (forms.ChoiceField(choices=CHOICES, required=False), {"enum": ["a", "b", None]}),
        (forms.MultipleChoiceField(choices=CHOICES),
         {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 500}),
        (forms.NullBooleanField(required=False), {"type": ["boolean", "null"]}),
        (forms.ModelChoiceField(None), {"type": ["integer", "string"]}),
        (forms.ModelChoiceField(Author.objects.all(), to_field_name="name"),
         {"type": "string"}),
    ],
)  # fmt: skip
def test_fields_of_every_sort(field: forms.Field, schema: Any) -> None:
    made = input_from("page", field, None)
    assert made is not None
    assert made.schema == schema


@pytest.mark.parametrize(
    "field", [forms.FileField(), forms.SplitDateTimeField(), forms.ImageField()]
)
def test_files_and_parts_have_no_shape(field: forms.Field) -> None:
    assert input_from("x", field, None) is None


HUGE = 10**400
HOSTILE: list[tuple[str, Any, str]] = [
    ("nothing_known", 1, "unknown argument"),
    ("pin", "1", "unknown argument"),
    ("team__name", "x", "unknown argument"),
    ("version", 7, "unknown argument"),
    ("team", 2**63, "should be at most"),
    ("team", -(2**70), ""),
    ("team", HUGE, ""),
    ("team", "1 OR 1=1", "should be a valid integer"),
    ("team", {"name": "x"}, "should be a valid integer"),
    ("team", True, "should be a valid integer"),
    ("number", 2**63, "should be at most"),
    ("number", -1, "greater than or equal to 0"),
    ("number", 1.5, "should be a valid integer"),
    ("number", "", "should be a valid integer"),
    ("number", HUGE, ""),
    ("title", "x" * 51, "at most 50 characters"),
    ("title", "x" * 2_000_000, "should have at most 1000000 characters"),
    ("title", "a\x00b", "should have no null characters"),
    ("title", "\ud800", "valid"),
    ("title", 5, "should be a valid string"),
    ("title", ["x"], "should be a valid string"),
    ("title", "", "This field is required."),
    ("title", "   ", "This field is required."),
    ("slug", "no slug", "Enter a valid"),
    ("kind", "worse", "should be one of bug, wish"),
    ("kind", "\x00", "should have no null characters"),
    ("kind", {"a": 1}, "should be one of the choices"),
    ("kind", 10**30, "should be one of the choices"),
    ("due", "2026-02-30", "should be a valid date"),
    ("due", "0001-01-01", "should be in the years 2 to 9998"),
    ("due", 5, "should be a valid string"),
    ("begins", "9999-12-31T23:59:59Z", "should be in the years 2 to 9998"),
    ("begins", "now", "should be a valid datetime"),
    ("begins", "2026-01-01T00:00:00+99:00", "should be a valid datetime"),
    ("lasts", "P9999999999D", ""),
    ("lasts", "later", "should be a valid timedelta"),
    ("cost", "12.345", "2 decimal places"),
    ("cost", "1e400", "valid number"),
    ("cost", 99999, "4 digits before the decimal point"),
    ("cost", "NaN", "should be a finite number"),
    ("cost", float("inf"), "should be a finite number"),
    ("cost", HUGE, "should be a valid number"),
    ("done", "yes", "should be a valid boolean"),
    ("done", 1, "should be a valid boolean"),
    ("data", {"a": ["\x00"]}, "should have no null characters"),
    ("data", {"\x00": 1}, "should have no null characters"),
    ("data", {"a": "\udfff"}, "should be valid text"),
    ("data", [float("nan")], "should have finite numbers"),
    ("parent", 10**9, "there is no task with this id"),
    ("country", "\x00", "should have no null characters"),
    ("country", "xx", "there is no country with this id"),
    ("country", "x" * 2000, "at most 1000 characters"),
    ("labels", [1] * 501, "at most 500 items"),
    ("labels", [[1]], "should be a valid integer"),
    ("labels", [10**9], "there is no label with this id"),
    ("labels", ["x"], "should be a valid integer"),
    ("labels", {"a": 1}, "should be a valid array"),
    ("labels", 5, "should be a valid array"),
    ("remark", "forbidden", "A rule about these values does not hold."),
    ("ends", "2020-01-01T00:00:00Z", "It ends before it begins."),
    ("id", 2**63, "should be at most"),
    ("id", [1], "should be a valid integer"),
    ("id", "\x00", "should be a valid integer"),
]


@pytest.mark.django_db
@pytest.mark.parametrize("tool", ["create_task", "update_task", "update_tasks"])
@pytest.mark.parametrize(("name", "value", "reason"), HOSTILE)
def test_hostile_values_are_refused_by_name_and_write_nothing(
    tool: str, name: str, value: Any, reason: str
) -> None:
    made = task(begins="2026-01-01T00:00:00Z")
    before = list(Task.objects.values())
    arguments: dict[str, Any] = {name: value}
    if tool == "create_task":
        start = {"team": team().pk, "number": 2, "title": "T"}
        arguments = {**start, "begins": "2026-01-01T00:00:00Z", **arguments}
        reason = "unknown argument" if name == "id" else reason
    else:
        arguments = {"id": made.pk, **arguments}
    server = tasks(max_bulk=2) if tool.endswith("s") else tasks()
    words = refusal(
        server, tool, {"rows": [arguments]} if tool[-1] == "s" else arguments
    )
    assert reason in words
    assert len(words) < 400
    if name != "remark":
        assert words.startswith((name, f"rows[0].{name}"))
    assert "secret_rule" not in words
    assert list(Task.objects.values()) == before


@pytest.mark.django_db
def test_numbers_fit_their_column() -> None:
    made = task()
    _, most = connection.ops.integer_field_range("PositiveSmallIntegerField")
    assert most is not None
    words = refusal(tasks(), "update_task", id=made.pk, number=most + 1)
    assert words.startswith("number: ")
    assert call(tasks(), "update_task", id=made.pk, number=most)["number"] == most


@pytest.mark.django_db
def test_deep_json_is_stored_or_refused() -> None:
    made = task()
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    assert refusal(tasks(), "update_task", id=made.pk, data=deep).startswith("data: ")
