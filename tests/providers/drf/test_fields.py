"""Every field of a serializer has a schema, as it comes in and as it goes out."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

pytest.importorskip("rest_framework", reason="needs the extra 'drf'")

from rest_framework import serializers as s

from django_mcp.providers.drf.serializers import (
    input_schema,
    output_schema,
)
from tests.testapp.models import Book, Country, Item, Maker

pytestmark = pytest.mark.needs("drf")

TEXT = {"type": "string"}


def both(field: Any) -> tuple[Any, Any]:
    """Return the schemas of one field, in and out, without what is about it."""
    kind: Any = type("One", (s.Serializer,), {"it": field, "get_it": lambda *a: 1})
    found: list[Any] = [None, None]
    for place, schema in enumerate((input_schema(kind()), output_schema(kind()))):
        if "it" in schema["properties"]:
            found[place] = dict(schema["properties"]["it"])
    return found[0], found[1]


class Twice(s.Field):
    """A field of a project's own, with hints."""

    def to_representation(self, value: Any) -> int:
        return 2 * int(value)

    def to_internal_value(self, data: Any) -> int:
        return int(data) // 2


class Loud(s.CharField):
    """Gives something else than it takes, and does not say what."""

    def to_representation(self, value: Any):  # type: ignore[no-untyped-def]
        return [value]


ROWS: list[tuple[Any, Any, Any]] = [
    (s.BooleanField(), {"type": "boolean"}, {"type": ["boolean", "null"]}),
    (
        s.CharField(min_length=2, max_length=5),
        {"type": "string", "minLength": 2, "maxLength": 5},
        {"type": ["string", "null"]},
    ),
    (
        s.EmailField(),
        {"type": "string", "format": "email"},
        {"type": ["string", "null"], "format": "email"},
    ),
    (
        s.RegexField(r"^[a-z]+\Z"),
        {"type": "string", "pattern": "^[a-z]+$"},
        {"type": ["string", "null"]},
    ),
    (
        s.RegexField(re.compile("a", re.IGNORECASE)),
        TEXT,
        {"type": ["string", "null"]},
    ),
    (
        s.SlugField(),
        {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
        {"type": ["string", "null"]},
    ),
    (
        s.URLField(),
        {"type": "string", "format": "uri"},
        {"type": ["string", "null"]},
    ),
    (
        s.UUIDField(),
        {"type": "string", "format": "uuid"},
        {"type": ["string", "null"]},
    ),
    (
        s.IPAddressField(protocol="ipv4"),
        {"type": "string", "format": "ipv4"},
        {"type": ["string", "null"], "format": "ipv4"},
    ),
    (s.IPAddressField(), TEXT, {"type": ["string", "null"]}),
    (
        s.IntegerField(min_value=1, max_value=9),
        {"type": "integer", "minimum": 1, "maximum": 9},
        {"type": ["integer", "null"]},
    ),
    (
        s.FloatField(max_value=1.5),
        {"type": "number", "maximum": 1.5},
        {"type": ["number", "null"]},
    ),
    (
        s.DecimalField(5, 2, min_value=0),
        {"type": ["string", "number"], "format": "decimal", "minimum": 0},
        {"type": ["string", "null"]},
    ),
    (
        s.DecimalField(5, 2, coerce_to_string=False),
        {"type": "number"},
        {"type": ["number", "null"]},
    ),
    (
        s.DateTimeField(),
        {"type": "string", "format": "date-time"},
        {"type": ["string", "null"], "format": "date-time"},
    ),
    (
        s.DateField(),
        {"type": "string", "format": "date"},
        {"type": ["string", "null"], "format": "date"},
    ),
    (
        s.TimeField(),
        {"type": "string", "format": "time"},
        {"type": ["string", "null"], "format": "time"},
    ),
    (
        s.DateField(format="%d.%m.%Y", input_formats=["%d.%m.%Y"]),
        {"type": "string", "description": "Written as DD.MM.YYYY."},
        {"type": ["string", "null"]},
    ),
    (s.DurationField(), TEXT, {"type": ["string", "null"]}),
    (
        s.ChoiceField([("a", "A"), ("b", "the second")]),
        {"enum": ["a", "b"], "description": "b: the second"},
        {"type": ["string", "null"]},
    ),
    (s.ChoiceField([1, 2], allow_blank=True), {"enum": [1, 2, ""]}, {}),
    (s.ChoiceField([1], allow_null=True), {"enum": [1, None]}, {}),
    (s.ChoiceField(range(500)), TEXT, {}),
    (
        s.MultipleChoiceField(choices=["a"], allow_empty=False),
        {"type": "array", "items": {"enum": ["a"]}, "minItems": 1},
        {"type": ["array", "null"]},
    ),
    (
        s.ListField(child=s.IntegerField(), max_length=3),
        {"type": "array", "items": {"type": "integer"}, "maxItems": 3},
        {"type": ["array", "null"], "items": {"type": ["integer", "null"]}},
    ),
    (
        s.DictField(child=s.IntegerField(), allow_empty=False),
        {
            "type": "object",
            "additionalProperties": {"type": "integer"},
            "minProperties": 1,
        },
        {
            "type": ["object", "null"],
            "additionalProperties": {"type": ["integer", "null"]},
        },
    ),
    (
        s.HStoreField(),
        {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
        {
            "type": ["object", "null"],
            "additionalProperties": {"type": ["string", "null"]},
        },
    ),
    (s.JSONField(), {}, {}),
    (s.JSONField(binary=True), TEXT, {"type": ["string", "null"]}),
    (
        s.PrimaryKeyRelatedField(queryset=Book.objects.all()),
        {"type": "integer"},
        {"type": ["integer", "null"]},
    ),
    (
        s.PrimaryKeyRelatedField(queryset=Country.objects.all(), many=True),
        {"type": "array", "items": TEXT},
        {"type": ["array", "null"], "items": TEXT},
    ),
    (
        s.PrimaryKeyRelatedField(queryset=Book.objects, pk_field=s.UUIDField()),
        {"type": "string", "format": "uuid"},
        {"type": ["string", "null"]},
    ),
    (
        s.SlugRelatedField("name", queryset=Maker.objects.all()),
        TEXT,
        {"type": ["string", "null"]},
    ),
    (
        s.HyperlinkedRelatedField("book-detail", queryset=Book.objects.all()),
        {"type": "string", "format": "uri-reference"},
        {"type": ["string", "null"], "format": "uri-reference"},
    ),
    (s.StringRelatedField(), None, {"type": ["string", "null"]}),
    (s.ReadOnlyField(), None, {}),
    (s.SerializerMethodField(), None, {}),
    (s.HiddenField(default=1), None, {"": None}),
    (s.FileField(), {"type": "object"}, {"type": ["string", "null"]}),
    (s.ModelField(Item._meta.get_field("count")), {"type": "integer"}, {"": None}),
    (Twice(), {"type": "integer"}, {"type": ["integer", "null"]}),
    (Loud(), TEXT, {}),
    (s.CharField(write_only=True), TEXT, None),
    (s.CharField(read_only=True), None, {"type": ["string", "null"]}),
    (
        s.IntegerField(
            default=3, allow_null=True, label="Number", help_text="Of them."
        ),
        {
            "type": ["integer", "null"],
            "default": 3,
            "title": "Number",
            "description": "Of them.",
        },
        {"type": ["integer", "null"], "title": "Number", "description": "Of them."},
    ),
    (s.UUIDField(default=uuid.uuid4), {"type": "string", "format": "uuid"}, {"": None}),
]


@pytest.mark.parametrize(
    ("field", "comes_in", "goes_out"), ROWS, ids=lambda one: type(one).__name__
)
def test_a_field_is_described_both_ways(
    field: Any, comes_in: Any, goes_out: Any
) -> None:
    found_in, found_out = both(field)
    if comes_in == {"type": "object"}:
        assert found_in["required"] == ["name", "data"]
    else:
        assert found_in == comes_in
    if goes_out != {"": None}:
        assert found_out == goes_out


def test_a_hint_of_a_method_field_is_believed() -> None:
    class Hinted(s.Serializer):
        it = s.SerializerMethodField()

        def get_it(self, row: Any) -> int:
            return 1

    assert output_schema(Hinted())["properties"]["it"] == {"type": ["integer", "null"]}


def test_a_model_serializer_promises_what_its_columns_keep() -> None:
    class Books(s.ModelSerializer):
        class Meta:
            model = Book
            fields = "__all__"

    schema = output_schema(Books())
    assert schema["required"] == list(schema["properties"])
    assert schema["properties"]["title"] == {"type": "string"}
    assert schema["properties"]["author"] == {"type": "integer"}
    comes_in = input_schema(Books())
    assert comes_in["required"] == ["title", "author"]
    assert comes_in["properties"]["stock"]["minimum"] == 0
    assert comes_in["properties"]["title"]["maxLength"] == 200


def test_what_must_be_unique_says_so() -> None:
    class Makers(s.ModelSerializer):
        class Meta:
            model = Maker
            fields = ["name"]

    name = input_schema(Makers())["properties"]["name"]
    assert name == {"type": "string", "maxLength": 50, "description": "Unique."}


def test_paths_on_the_server_are_not_told(tmp_path: Any) -> None:
    (tmp_path / "secret.txt").write_text("x")

    class Chosen(s.Serializer):
        path = s.FilePathField(path=str(tmp_path))

    schema = input_schema(Chosen())
    assert schema["properties"]["path"]["type"] == "string"
    assert "secret" not in str(schema)
