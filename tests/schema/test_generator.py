"""Schemas without noise."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal

from django.db.models import IntegerChoices, TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from django_mcp.schema.generator import inlined, is_choices, schema_from_adapter


class Colour(Enum):
    RED = "red"


class Size(IntegerChoices):
    SMALL = 1, "Small"
    LARGE = 2, _("Large")


class Format(TextChoices):
    PAPER = "paper", "On paper"


class Price(BaseModel):
    amount: int
    colour: Colour


@dataclass
class Point:
    x: int


class Titled(BaseModel):
    model_config = ConfigDict(title="Chosen")
    price: Price = Field(title="Also chosen")
    point: Point


class Node(BaseModel):
    children: list["Node"] = []


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


def schema(hint: Any) -> dict[str, Any]:
    return schema_from_adapter(TypeAdapter(hint), "validation")


def test_only_titles_that_somebody_wrote_stay() -> None:
    assert schema(Titled) == {
        "title": "Chosen",
        "type": "object",
        "properties": {
            "price": {
                "title": "Also chosen",
                "type": "object",
                "properties": {
                    "amount": {"type": "integer"},
                    "colour": {"type": "string", "enum": ["red"]},
                },
                "required": ["amount", "colour"],
            },
            "point": {
                "type": "object",
                "properties": {"x": {"type": "integer"}},
                "required": ["x"],
            },
        },
        "required": ["price", "point"],
    }


def test_what_is_used_twice_stays_defined() -> None:
    found = schema(tuple[Price, Price])
    assert found["prefixItems"] == [{"$ref": "#/$defs/Price"}] * 2
    assert list(found["$defs"]) == ["Price"]
    assert found["$defs"]["Price"]["properties"]["colour"]["enum"] == ["red"]


def test_recursion_stays_a_reference() -> None:
    found = schema(list[Node])
    assert found["items"] == {"$ref": "#/$defs/Node"}
    assert found["$defs"]["Node"]["properties"]["children"]["items"] == found["items"]
    assert schema(Node)["$defs"]["Node"]["type"] == "object"


def test_what_a_discriminator_names_stays_defined() -> None:
    found = schema(Annotated[Cat | Dog, Field(discriminator="kind")])
    assert set(found["$defs"]) == {"Cat", "Dog"}
    assert found["discriminator"]["mapping"]["cat"] == "#/$defs/Cat"


def test_what_nothing_uses_is_left_out() -> None:
    assert inlined({"type": "null", "$defs": {"A": {}}}) == {"type": "null"}


def test_choices_say_what_their_values_mean() -> None:
    assert schema(Format) == {
        "enum": ["paper"],
        "type": "string",
        "description": "paper: On paper",
    }
    described = Annotated[Format, Field(description="How it is printed")]
    assert schema(list[described])["items"]["description"] == (
        "How it is printed (paper: On paper)"
    )


def test_labels_to_be_translated_are_translated_late() -> None:
    description = schema(Size)["description"]
    assert isinstance(description, Promise)
    assert str(description) == "1: Small; 2: Large"
    both = schema(dict[str, Annotated[Size, Field(description="Size")]])
    late = both["additionalProperties"]["description"]
    assert isinstance(late, Promise)
    assert str(late) == "Size (1: Small; 2: Large)"


def test_choices_are_told_from_other_classes() -> None:
    assert is_choices(Format)
    assert not is_choices(Colour)
    assert not is_choices(Price)
    assert not is_choices("Format")
