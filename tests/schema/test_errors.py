"""What a model reads when its arguments do not fit."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, ValidationError

from django_mcp.schema.errors import ArgumentErrors, bounded, lines_from, path_text


class Price(BaseModel):
    gte: int


class Filters(BaseModel, extra="forbid"):
    price: Price
    kind: int | bool | None = None


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]


def refuse(value: int) -> int:
    raise ValueError("only on Mondays")


def lines(hint: Any, value: Any) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(hint).validate_python(value)
    return lines_from(caught.value, value)


@pytest.mark.parametrize(
    ("hint", "value", "expected"),
    [
        (Filters, {"price": {"gte": "x"}}, ["price.gte: should be a valid integer"]),
        (Filters, {}, ["price: field required"]),
        (Filters, {"price": {"gte": 1}, "x": 1}, ["x: unknown field"]),
        (list[Price], [{"gte": 1}, {}], ["[1].gte: field required"]),
        (dict[str, list[int]], {"rows": [1, "x"]}, ["rows[1]: should be a valid integer"]),
        (Annotated[int, Field(le=50)], 51, ["should be at most 50"]),
        (Annotated[int, Field(ge=1)], 0, ["should be at least 1"]),
        (Annotated[int, AfterValidator(refuse)], 1, ["only on Mondays"]),
        (Literal["a", "b"], "c", ["should be 'a' or 'b'"]),
    ],
)  # fmt: skip
def test_a_line_says_where_and_why(hint: Any, value: Any, expected: list[str]) -> None:
    assert lines(hint, value) == expected


def test_members_of_a_union_share_a_line_and_are_not_steps() -> None:
    value = {"price": {"gte": 1}, "kind": "x"}
    assert lines(Filters, value) == [
        "kind: should be a valid integer or should be true or false"
    ]
    assert lines(list[Price | Cat], [{"lives": 1}]) == [
        "[0].gte: field required",
        "[0].kind: field required",
    ]


def test_the_tag_of_a_union_is_not_repeated() -> None:
    hint = Annotated[Cat | Dog, Field(discriminator="kind")]
    assert lines(hint, {"kind": "secret"}) == [
        "should say one of 'cat', 'dog' in 'kind'"
    ]


def test_the_number_and_the_length_of_lines_are_bounded() -> None:
    found = lines(list[int], ["x"] * 10_000)
    assert len(found) == 10
    assert found[-1] == "… and more"
    assert [len(line) for line in bounded(["x" * 1000])] == [300]


def test_a_line_is_one_line() -> None:
    error = ArgumentErrors(["a\nb: c", "d: e"])
    assert str(error) == "a b: c\nd: e"
    assert error.lines == ["a b: c", "d: e"]


def test_a_path_reads_as_in_most_languages() -> None:
    assert path_text(("rows", 3, "id")) == "rows[3].id"
