"""What may be sent as data, and what must not."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import uuid
from collections import OrderedDict
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypedDict

import pytest
from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, Field

from django_mcp.content.encoding import encoded
from tests.testapp.models import Author, Book


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: float


class Row(TypedDict):
    id: int


class Named(BaseModel):
    first_name: str = Field(serialization_alias="firstName")


UTC = datetime.UTC


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": 1, "b": [True, None]}, b'{"a":1,"b":[true,null]}'),
        ([float("nan"), float("inf"), -float("inf")], b"[null,null,null]"),
        (datetime.datetime(2026, 7, 28, tzinfo=UTC), b'"2026-07-28T00:00:00Z"'),
        (datetime.date(2026, 7, 28), b'"2026-07-28"'),
        (datetime.timedelta(hours=1), b'"PT1H"'),
        (Decimal("1.50"), b'"1.50"'),
        (uuid.UUID(int=1), b'"00000000-0000-0000-0000-000000000001"'),
        (Colour.RED, b'"red"'),
        (Book.Format.PAPERBACK, b'"paperback"'),
        ({1}, b"[1]"),
        (frozenset({"a"}), b'["a"]'),
        (Point(1, 2.5), b'{"x":1,"y":2.5}'),
        (Row(id=1), b'{"id":1}'),
        (Named(first_name="Ada"), b'{"firstName":"Ada"}'),
        (OrderedDict(a=1), b'{"a":1}'),
        (MappingProxyType({"a": 1}), b'{"a":1}'),
        ({"a": 1}.values(), b"[1]"),
        (range(3), b"[0,1,2]"),
        ((number for number in (1, 2)), b"[1,2]"),
        ({"lazy": _("Ünï")}, '{"lazy":"Ünï"}'.encode()),
        ([b"\xff\xfe"], b'["__4="]'),
        ({Colour.RED: 1, 2: 3}, b'{"red":1,"2":3}'),
    ],
)
def test_values_become_compact_json(value: Any, expected: Any) -> None:
    assert encoded(value) == expected


def test_a_row_of_a_model_is_refused_and_the_message_says_what_to_do() -> None:
    for value in (Author(name="Ada"), {"author": Author(name="Ada")}):
        with pytest.raises(TypeError, match=r"^A Author instance .*values\(\)"):
            encoded(value)


@pytest.mark.parametrize("value", [object(), {"a": len}, ContentFile(b"x"), Author])
def test_what_has_no_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot be turned into JSON"):
        encoded(value)


@pytest.mark.django_db
def test_a_query_is_refused_unless_its_fields_are_chosen() -> None:
    Author.objects.create(name="Ada")
    Author.objects.create(name="Bo")
    with pytest.raises(TypeError, match="never sent whole"):
        encoded(Author.objects.all())
    with pytest.raises(TypeError, match="never sent whole"):
        encoded({"rows": Author.objects.raw("SELECT * FROM testapp_author")})
    names = Author.objects.order_by("name")
    assert encoded(names.values("name")) == b'[{"name":"Ada"},{"name":"Bo"}]'
    assert encoded(names.values_list("name", flat=True)[:1]) == b'["Ada"]'
