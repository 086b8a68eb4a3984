"""Tags send resources along as the caller may read them, and tidy their words."""

from __future__ import annotations

from typing import Any

import pytest
from django.template import engines
from django.template.loader import render_to_string

from django_mcp import MCPServer
from tests.providers.templates.telling import (
    Write,
    messages,
    person,
    refused,
    said,
    server_with,
)


def with_books(server: MCPServer) -> MCPServer:
    @server.resource("shop://book/{isbn}")
    def book(isbn: str) -> str | None:
        return None if isbn == "0" else f"Book {isbn}"

    @server.resource("shop://cellar", permission="auth.add_user")
    def cellar() -> str:
        return "Secret"

    return server


def embedded(found: list[dict[str, Any]]) -> list[Any]:
    return [
        one["content"].get("text") or one["content"]["resource"]["text"]
        for one in found
    ]


def test_a_resource_is_sent_along_between_the_words(write: Write) -> None:
    write(
        "a.md",
        '{% load mcp %}{% argument isbn %}{% message "user" %}Read'
        ' {% resource "shop://book/{isbn}" %} and say.{% endmessage %}',
    )
    server = with_books(server_with("a.md"))
    found = messages(server, "a", {"isbn": "7"})
    assert {one["role"] for one in found} == {"user"}
    assert found[1]["content"] == {
        "type": "resource",
        "resource": {
            "uri": "shop://book/7",
            "mimeType": "text/plain",
            "text": "Book 7",
        },
    }
    assert embedded(found) == ["Read", "Book 7", "and say."]


def test_an_argument_stays_inside_of_its_place_in_a_uri(write: Write) -> None:
    write("a.md", '{% load mcp %}{% resource "shop://book/{isbn}" %}')
    server = with_books(server_with("a.md"))
    for isbn in ("../cellar", "7/8", "..", "\x00", "0"):
        assert "There is n" in refused(server, "a", {"isbn": isbn})
    assert embedded(messages(server, "a", {"isbn": "7?8#9"})) == ["Book 7?8#9"]


def test_the_variables_of_a_uri_may_be_values(write: Write) -> None:
    write(
        "a.md",
        '{% load mcp %}{% resource "shop://book/{isbn}" isbn=book.isbn %}'
        "{% resource uri %}",
    )
    values = {"book": {"isbn": 3}, "uri": "shop://book/4"}
    server = with_books(server_with("a.md", context=values))
    assert embedded(messages(server, "a")) == ["Book 3", "Book 4"]


@pytest.mark.django_db
def test_a_resource_is_read_as_the_caller_may(write: Write) -> None:
    write("a.md", '{% load mcp %}{% resource "shop://cellar" %}')
    server = with_books(server_with("a.md"))
    assert "There is no resource" in refused(server, "a")
    clerk = person("clerk", "auth.add_user")
    assert embedded(messages(server, "a", user=clerk)) == ["Secret"]


def test_a_resource_that_renders_a_prompt_says_nothing_here(write: Write) -> None:
    write("a.md", '{% load mcp %}{% resource "shop://other" %}')
    write("b.md", '{% load mcp %}{% message "assistant" %}Other{% endmessage %}')
    server = server_with("a.md")
    server.resource("shop://other", lambda: render_to_string("b.md"), name="other")
    found = messages(server, "a")
    assert [one["role"] for one in found] == ["user"]
    assert embedded(found) == ["Other"]


def test_the_margin_of_a_message_is_that_of_the_template(write: Write) -> None:
    write(
        "a.md",
        """{% load mcp %}{% argument text %}
{% message "user" %}
        First:
          - {{ text }}
        {{ text }}
{% if text %}
        Last.
{% endif %}
{% endmessage %}
""",
    )
    server = server_with("a.md")
    assert said(server, "a", {"text": "one\n  two"}) == [
        ("user", "First:\n  - one\n  two\none\n  two\n\nLast.")
    ]


def test_on_an_ordinary_page_messages_are_words(write: Write) -> None:
    write(
        "a.md",
        '{% load mcp %}{% mcp_prompt title="T" %}{% argument b %}'
        '{% message "user" %}Hi {{ b }}{% resource "x://y" %}{% image "no.png" %}'
        "{% endmessage %}",
    )
    template = engines.all()[0].get_template("a.md")
    assert template.render({"b": "you"}) == "Hi you"
