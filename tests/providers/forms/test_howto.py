"""The examples of the documentation, as they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django import forms

from django_mcp import MCPServer
from tests.providers.models.asking import person, result_of
from tests.testapp.models import Author, Book
from tests.wire import Client, Named

DOCS = Path(__file__).resolve().parents[3] / "docs" / "howto"


class OrderForm(forms.Form):
    book = forms.ModelChoiceField(Book.objects.none())

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["book"]
        field.queryset = Book.objects.filter(author__name=user.username)


class LoanForm(OrderForm):
    weeks = forms.IntegerField(max_value=4)


class BookForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Book
        fields = ["title", "stock"]


class TableForm(forms.Form):
    seats = forms.IntegerField(min_value=1)


def place_order(cleaned_data: dict[str, Any]) -> str:
    """Order a book."""
    return str(cleaned_data["book"])


def server_of(page: str) -> MCPServer:
    """Run a page's blocks of Python, with what they take for granted."""
    server = MCPServer("tests", authenticators=[Named()])
    given = {**globals(), "mcp": server}
    for code in re.findall(
        r"^```python\n(.*?)^```$", (DOCS / page).read_text(), re.S | re.M
    ):
        exec(compile(code, page, "exec"), given)  # noqa: S102
    server.settle()
    assert server.declarations.mistakes == []
    return server


def said(server: MCPServer, tool: str, arguments: Any, user: Any = None) -> str:
    """Call a tool and return what it says."""
    return str(result_of(server, tool, arguments, user)["content"][0]["text"])


@pytest.fixture
def book() -> Book:
    author = Author.objects.create(name="ada")
    return Book.objects.create(title="Notes", author=author, stock=3)


@pytest.mark.django_db
def test_the_page_about_forms_works(book: Book) -> None:
    server = server_of("forms.md")
    ada = person("ada", "testapp.change_book")
    bob = person("bob", "testapp.change_book")
    words = "there is no book with this id"
    assert said(server, "place_order", {"book": book.pk}, ada) == "Notes"
    assert words in said(server, "place_order", {"book": book.pk}, bob)
    change = {"id": book.pk, "stock": 4}
    assert said(server, "update_book", change, ada) == f'{{"id":{book.pk}}}'
    assert words in said(server, "update_book", change, bob)
    table = {"form": {"seats": 2}, "loud": False}
    assert said(server, "book_table", table) == "2 seats."
    table = {"form": {"seats": 0}, "loud": False}
    assert said(server, "book_table", table).startswith("form.seats: Ensure")


@pytest.mark.django_db(transaction=True)
async def test_the_page_about_asking_works(book: Book) -> None:
    server = server_of("asking.md")
    ada = {"authorization": "Bearer ada"}
    client = Client(server.asgi, headers=ada, capabilities={"elicitation": {}})
    asked = await client.call("lend")
    messages = []
    for weeks in (5, 4):
        question = asked.result["inputRequests"]["loan"]["params"]
        messages.append(question["message"])
        shown = question["requestedSchema"]["properties"]
        assert shown["weeks"]["default"] == 2
        assert shown["book"]["oneOf"] == [{"const": str(book.pk), "title": "Notes"}]
        content = {"book": str(book.pk), "weeks": weeks}
        asked = await client.call(
            "lend",
            requestState=asked.result["requestState"],
            inputResponses={"loan": {"action": "accept", "content": content}},
        )
    question = "Which book, and for how long?"
    refused = "weeks: Ensure this value is less than or equal to 4."
    assert messages == [question, f"{refused}\n\n{question}"]
    assert asked.text == "Notes is yours."
