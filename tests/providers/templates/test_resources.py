"""A template is a resource: what a function finds at a URI, as text."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404

from django_mcp import Context, MCPServer
from django_mcp.methods.lists import resources, templates
from django_mcp.protocol.errors import ProtocolError
from tests.calls import asked, context_for, members
from tests.providers.templates.telling import (
    Write,
    contents,
    mistakes_of,
    person,
    served,
)
from tests.testapp.models import Author


def server_with(uri: str, template: str, **options: Any) -> MCPServer:
    server = MCPServer("tests")
    server.resource_template(uri, template=template, **options)
    return served(server)


def missing(server: MCPServer, uri: str, user: Any = None) -> bool:
    with pytest.raises(ProtocolError, match="Resource not found"):
        contents(server, uri, user)
    return True


def test_a_static_uri_is_one_resource(write: Write) -> None:
    write("hours.md", "Open until {{ hour }}.\n")
    server = server_with("shop://hours", "hours.md", context={"hour": 8})
    assert contents(server, "shop://hours") == {
        "uri": "shop://hours",
        "mimeType": "text/markdown",
        "text": "Open until 8.\n",
    }
    listed: Any = resources(
        server, (e := asked("resources/list")), context_for(server, e)
    )
    assert members(listed)["resources"] == [
        {"name": "hours", "uri": "shop://hours", "mimeType": "text/markdown"}
    ]


def shelf(number: int, context: Context) -> dict[str, Any] | None:
    """One shelf of the shop."""
    if number == 404:
        raise Http404
    if number == 405:
        return {"author": Author.objects.get(pk=0)}
    return {"books": ["a", "b"], "who": context.user} if number < 9 else None


def test_the_variables_of_a_uri_go_to_the_function_and_to_the_template(
    write: Write,
) -> None:
    write("shelf.md", "{{ who }} at {{ number }}: {{ books|join:', ' }}")
    server = server_with("shop://shelf/{number}", "shelf.md", context=shelf)
    assert contents(server, "shop://shelf/3")["text"] == "AnonymousUser at 3: a, b"
    listed: Any = templates(
        server, (e := asked("resources/templates/list")), context_for(server, e)
    )
    assert members(listed)["resourceTemplates"] == [
        {
            "name": "shelf",
            "description": "One shelf of the shop.",
            "uriTemplate": "shop://shelf/{number}",
            "mimeType": "text/markdown",
        }
    ]


@pytest.mark.django_db
def test_what_is_not_there_is_not_found(write: Write) -> None:
    write("shelf.md", "{{ books }}")
    server = server_with("shop://shelf/{number}", "shelf.md", context=shelf)
    for number in ("9", "404", "405", "three", "../x"):
        assert missing(server, f"shop://shelf/{number}")


def test_without_a_function_variables_are_text(write: Write) -> None:
    write("a.txt", "{{ name }}-{{ size }}-{{ more }}")
    server = server_with("shop://{name}{?size}", "a.txt", context={"more": "x"})
    assert contents(server, "shop://n?size=2")["text"] == "n-2-x"
    assert contents(server, "shop://n")["text"] == "n--x"


def test_html_is_escaped(write: Write) -> None:
    write("a.html", "<p>{{ name }}</p>")
    write("b.md", "{{ name }}")
    assert contents(server_with("shop://{name}", "a.html"), "shop://<&") == {
        "uri": "shop://<&",
        "mimeType": "text/html",
        "text": "<p>&lt;&amp;</p>",
    }
    assert contents(server_with("shop://{name}", "b.md"), "shop://<&")["text"] == "<&"


@pytest.mark.parametrize("kind", ["text/html", "text/html;profile=mcp-app"])
def test_what_is_sent_as_html_is_escaped_whatever_its_file(
    write: Write, kind: str
) -> None:
    write("a.txt", "<p>{{ name }}</p>")
    server = server_with("shop://{name}", "a.txt", mime_type=kind)
    assert contents(server, "shop://<&")["text"] == "<p>&lt;&amp;</p>"


def test_a_uri_never_chooses_a_template(write: Write) -> None:
    write("a.md", "\n{% include name %}")
    server = MCPServer("tests")
    server.resource_template("shop://{name}", template="a.md")
    [(_, found)] = mistakes_of(server)
    assert "a.md:2: who calls would choose the template, by 'name'" in found
    write("b.md", "{% include page %}")
    write("page.md", "Page")
    server = server_with(
        "shop://{name}", "b.md", context=lambda name: {"page": "page.md"}
    )
    assert contents(server, "shop://x")["text"] == "Page"


def test_the_type_may_be_given(write: Write) -> None:
    write("a.txt", "a,b")
    server = server_with("shop://a", "a.txt", mime_type="text/csv")
    assert contents(server, "shop://a")["mimeType"] == "text/csv"


@pytest.mark.django_db
def test_a_permission_hides_it_from_others(write: Write) -> None:
    write("a.txt", "{{ user }} {{ perms.auth.add_user }}")
    server = server_with("shop://{x}", "a.txt", permission="auth.add_user", name="b")
    assert missing(server, "shop://1")
    clerk = person("clerk", "auth.add_user")
    assert contents(server, "shop://1", clerk)["text"] == "clerk True"


async def later() -> dict[str, Any]:
    return {}


def test_what_can_be_refused_is_refused_at_once() -> None:
    server = MCPServer("tests")
    with pytest.raises(ImproperlyConfigured, match="are not its parameters"):
        server.resource_template("shop://{x}", template="a.md", context=shelf)
    with pytest.raises(ImproperlyConfigured, match="braces do not match"):
        server.resource_template("shop://{x", template="a.md")
    with pytest.raises(TypeError, match="must not be async"):
        server.resource_template("shop://x", template="a.md", context=later)
    with pytest.raises(TypeError, match="named by a text"):
        server.resource_template("shop://x", template="")
    assert not server.declarations


def test_a_function_that_returns_no_dictionary_is_an_error(write: Write) -> None:
    write("a.md", "")
    wrong: Any = lambda: 3  # noqa: E731
    server = server_with("shop://x", "a.md", context=wrong)
    with pytest.raises(TypeError, match="must return a dictionary"):
        contents(server, "shop://x")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\n{% nonsense %}", "a.md:2: Invalid block tag"),
        ("{% load mcp %}\n{% argument b %}", "a.md:2: the tags of {% load mcp %}"),
    ],
)
def test_an_unfit_template_is_a_mistake(write: Write, text: str, words: str) -> None:
    write("a.md", text)
    server = MCPServer("tests")
    server.resource_template("shop://x", template="a.md")
    [(check, found)] = mistakes_of(server)
    assert check == "django_mcp.E016"
    assert words in found
    assert not len(server.registry.resources)


def test_a_variable_that_nothing_gives_is_a_warning(write: Write) -> None:
    write("a.md", "{{ name }} {{ user }}\n{{ nam }}")
    server = MCPServer("tests")
    server.resource_template("shop://{name}", template="a.md")
    [(check, found)] = mistakes_of(server)
    assert check == "django_mcp.W008"
    assert "a.md:2: nothing gives 'nam'" in found
    assert contents(server, "shop://x")["text"] == "x AnonymousUser\n"
