"""``form_tool`` as a statement and as a decorator, before and while serving."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms

from django_mcp import AlreadyRegistered, MCPServer
from tests.testapp.models import Author


class AskForm(forms.Form):
    question = forms.CharField()


class AuthorForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Author
        fields = ["name"]


def names(server: MCPServer) -> set[str]:
    """Return the names of a server's tools."""
    return {tool.name for tool in server.registry.tools}


def test_a_statement_waits_for_a_function_and_then_saves() -> None:
    server = MCPServer("tests")
    server.form_tool(AuthorForm)
    assert names(server) == set()
    server.settle()
    assert names(server) == {"create_author"}


def test_a_decorator_has_its_function_at_once_and_saves_nothing() -> None:
    server = MCPServer("tests")

    @server.form_tool(AuthorForm)
    def add_author(form: Any) -> None: ...

    assert names(server) == {"add_author"}
    server.settle()
    assert names(server) == {"add_author"}
    assert server.declarations.mistakes == []


def test_the_function_comes_back_as_it_was() -> None:
    def ask(form: Any) -> None: ...

    assert MCPServer("tests").form_tool(AskForm, ask) is ask
    assert MCPServer("tests").form_tool(AskForm)(ask) is ask


def test_a_form_that_saves_nothing_needs_a_function() -> None:
    server = MCPServer("tests")
    server.form_tool(AskForm)
    server.settle()
    [mistake] = server.declarations.mistakes
    assert mistake.is_error
    assert mistake.id == "django_mcp.E015"
    assert "AskForm saves nothing, so its tool needs a function" in mistake.text
    assert mistake.source.startswith(f"{__file__}:")


def test_a_server_that_is_served_takes_forms_too() -> None:
    server = MCPServer("tests")
    server.go_live()

    @server.form_tool(AskForm)
    def ask(form: Any) -> None: ...

    server.form_tool(AuthorForm)
    assert names(server) == {"ask", "create_author"}

    @server.form_tool(AuthorForm, name="author_from_function")
    def add_author(form: Any) -> None: ...

    assert names(server) == {"ask", "create_author", "author_from_function"}
    assert server.declarations.mistakes == []


def test_a_name_is_given_once() -> None:
    server = MCPServer("tests")
    server.form_tool(AskForm, lambda form: None, name="ask")
    with pytest.raises(AlreadyRegistered):
        server.form_tool(AskForm, lambda form: None, name="ask")


def test_a_password_is_warned_of_once_for_each_field() -> None:
    class Login(forms.Form):
        name = forms.CharField()
        password = forms.CharField(widget=forms.PasswordInput)

    server = MCPServer("tests")
    server.form_tool(Login, lambda form: None, name="log_in")
    server.form_tool(forms.formset_factory(Login), lambda form: None, name="log_in_all")
    found = [(one.id, one.is_error) for one in server.declarations.mistakes]
    assert found == [("django_mcp.W010", False)] * 2
    server.form_tool(Login, lambda form: None, name="safe", exclude=["password"])
    assert len(server.declarations.mistakes) == 2
