"""Values are suggested to who may see them, and never without end."""

from __future__ import annotations

from typing import Any

import pytest

from django_mcp import MCPServer, ModelToolset
from django_mcp.context import Context
from tests.providers.templates.telling import (
    Write,
    listed,
    mistakes_of,
    person,
    refused,
    served,
    server_with,
    suggested,
    wrong,
)
from tests.testapp.models import Author, Book, Item

pytestmark = pytest.mark.django_db

AUTHOR = '{% load mcp %}{% argument who complete="testapp.Author.name" %}{{ who }}'


class Visible(ModelToolset):
    """Hides Bob from everybody."""

    fields = ("id", "name")

    def get_queryset(self, context: Context) -> Any:
        return super().get_queryset(context).exclude(name="Bob")

    def has_view_permission(self, context: Context, obj: Any = None) -> bool:
        return True


@pytest.fixture
def _authors() -> None:
    for name in ("Ann", "Bob", "Anne", "Ann"):
        Author.objects.create(name=name)


@pytest.mark.usefixtures("_authors")
def test_a_field_is_suggested_to_who_may_view_the_model(write: Write) -> None:
    write("a.md", AUTHOR)
    server = server_with("a.md")
    assert suggested(server, "a", "who") == []
    viewer = person("viewer", "testapp.view_author")
    assert suggested(server, "a", "who", "", viewer) == ["Ann", "Anne", "Bob"]
    assert suggested(server, "a", "who", "AN", viewer) == ["Ann", "Anne"]
    assert suggested(server, "a", "who", "\x00", viewer) == []
    assert suggested(server, "a", "who", "%", viewer) == []


@pytest.mark.usefixtures("_authors")
def test_a_toolset_guards_what_is_suggested(write: Write) -> None:
    write("a.md", AUTHOR)
    server = MCPServer("tests")
    server.register(Author, Visible)
    server.prompt_template("a.md")
    served(server)
    assert suggested(server, "a", "who") == ["Ann", "Anne"]


def test_a_field_that_the_toolset_does_not_list_is_refused(write: Write) -> None:
    write("a.md", AUTHOR)
    server = MCPServer("tests")
    server.register(Author, Visible, fields=["id"])
    server.prompt_template("a.md")
    [(check, text)] = mistakes_of(server)
    assert check == "django_mcp.E016"
    assert "does not list this field" in text


def test_no_more_is_suggested_than_an_answer_holds(write: Write) -> None:
    write("a.md", AUTHOR)
    Author.objects.bulk_create(Author(name=f"{n:04}") for n in range(300))
    viewer = person("viewer", "testapp.view_author")
    found = suggested(server_with("a.md"), "a", "who", "", viewer)
    assert len(found) == 100


def authors(value: str) -> Any:
    """Complete to a query set."""
    names = Author.objects.filter(name__startswith=value)
    return names.values_list("name", flat=True)


async def later(value: str) -> list[str]:
    """Complete in the event loop."""
    return [value]


@pytest.mark.usefixtures("_authors")
def test_a_function_is_named_by_its_path(write: Write) -> None:
    write("a.md", f'{{% load mcp %}}{{% argument b complete="{__name__}.authors" %}}')
    assert suggested(server_with("a.md"), "a", "b", "B") == ["Bob"]


def test_choices_of_a_field_are_its_own(write: Write) -> None:
    write("a.md", '{% load mcp %}{% argument b choices="testapp.Item.size" %}{{ b }}')
    server = server_with("a.md")
    values = [str(value) for value in Item.Size.values]
    assert suggested(server, "a", "b") == values
    label = str(Item.Size.choices[0][1])
    assert suggested(server, "a", "b", label[:3])[0] == values[0]
    assert refused(server, "a", {"b": "none"}).startswith("b: should be one of ")
    assert [one["name"] for one in listed(server)[0]["arguments"]] == ["b"]


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ('complete="testapp.Author.nonsense"', "Author has no field named"),
        ('complete="nowhere.at.all"', "neither a field"),
        ('complete="django.VERSION"', "is no function"),
        ('complete="testapp.Maker.api_token"', "api_token"),
        ('choices="testapp.Author.name"', "the field has no choices"),
        ('choices=" , "', "nothing to choose from"),
    ],
)
def test_what_cannot_be_suggested_is_refused(
    write: Write, option: str, words: str
) -> None:
    write("a.md", f"{{% load mcp %}}{{% argument b {option} %}}")
    assert words in wrong("a.md")
    assert not Book.objects.exists()
