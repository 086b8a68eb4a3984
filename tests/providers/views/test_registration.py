"""What can be said about a view, and what is refused with words."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from django import forms
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.http import Http404
from django.views.generic import View
from pydantic import BaseModel, Field

from django_mcp import MCPServer, mcp
from django_mcp.providers.views import options as options_module
from django_mcp.providers.views.calling import deciding_middleware
from django_mcp.providers.views.registration import name_of
from django_mcp.schema.errors import ArgumentErrors
from tests.providers.views.calls import called, mistake_of, tool_of
from tests.testapp import pages
from tests.testapp.models import Author
from tests.testapp.pages import ContactForm, SearchForm


class Size(BaseModel):
    width: int


class Filters(BaseModel):
    limit: int = Field(10, ge=1, le=50)
    tags: list[str] = []
    open: bool | None = None
    kind: Literal["a", "b"] = "a"


class Order(BaseModel):
    title: str = Field(alias="called")
    size: Size


def test_a_decorated_view_is_returned_as_it_is() -> None:
    server = MCPServer("tests")
    before = dict(vars(pages.whoami))
    assert server.view(pages.whoami, answer="json") is pages.whoami
    assert server.view(answer="json", name="again")(pages.whoami) is pages.whoami
    assert server.view(pages.BookList) is pages.BookList
    server.go_live()
    assert vars(pages.whoami) == before
    assert {tool.name for tool in server.registry.tools} >= {"whoami", "again"}


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("shop:book-detail", "shop_book_detail"),
        ("/shop/<int:pk>/edit/", "shop_int_pk_edit"),
        (pages.whoami, "whoami"),
        (pages.BookList, "book_list"),
        (pages.BookList.as_view(), "book_list"),
        (pages.AsyncItems, "async_items"),
    ],
)
def test_a_tool_is_named_after_its_view(target: Any, name: str) -> None:
    assert name_of(target) == name


def test_what_every_tool_takes_a_view_takes() -> None:
    tool = tool_of(
        "whoami",
        answer="json",
        name="me",
        title="Me",
        description="Who am I?",
        tags=["people"],
        scopes=["profile"],
        timeout=3,
        idempotent=True,
        open_world=False,
    )
    assert (tool.name, tool.title, tool.description) == ("me", "Me", "Who am I?")
    assert tool.tags == {"people"} and tool.scopes == {"profile"}
    assert tool.timeout == 3
    assert (tool.idempotent, tool.open_world) == (True, False)
    assert tool_of("whoami", answer="json").description == "Say who is asking."
    there = tool_of("login", answer="text", method="GET").description
    assert there == "GET /login/ of this site."


def test_a_view_that_asks_for_a_secret_is_warned_of() -> None:
    server = MCPServer("tests")
    server.view("login", answer="text")
    server.view("login", answer="text", exclude=["password"], name="without")
    server.view("login", answer="text", method="GET", name="page")
    server.settle()
    [mistake] = server.declarations.mistakes
    assert (mistake.id, mistake.is_error) == ("django_mcp.W010", False)
    assert mistake.text.startswith("AuthenticationForm.password asks for a secret")


class SignUpForm(ContactForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["word"] = forms.CharField(widget=forms.PasswordInput)


def test_a_secret_that_a_form_asks_for_when_it_is_made_is_warned_of() -> None:
    server = MCPServer("tests")
    server.view("contact-class", form=SignUpForm)
    server.settle()
    [mistake] = server.declarations.mistakes
    assert mistake.text.startswith("SignUpForm.word asks for a secret")


@pytest.mark.parametrize("target", [5, "", int, object()])
def test_what_is_no_view_is_refused_at_once(target: Any) -> None:
    with pytest.raises(TypeError, match="is no view"):
        MCPServer("tests").view(target)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "get"}, "method is one of GET"),
        ({"answer": "xml"}, "answer is one of html"),
        ({"form": dict}, "is no form"),
        ({"query": dict}, "query is a form"),
        ({"body": SearchForm}, "body is a pydantic model"),
        ({"body": Order, "form": ContactForm}, "no form beside it"),
        ({"body": Order, "method": "GET"}, "no GET"),
        ({"form": SearchForm, "query": SearchForm, "method": "GET"}, "give one"),
        ({"fields": "title"}, "fields is a list"),
        ({"fields": ["author.name"]}, "fields is a list"),
        ({"fields": ["_state"]}, "fields is a list"),
        ({"fields": ["author___state"]}, "fields is a list"),
        ({"context": "books"}, "context is a list"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(options: Any, words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=words):
        MCPServer("tests").view("whoami", **options)


def test_an_option_nobody_knows_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="colour"):
        MCPServer("tests").view("whoami", colour="red")


@pytest.mark.parametrize(
    ("target", "options", "words"),
    [
        ("whoami", {"fields": ["title"], "answer": "json"}, "say with context"),
        ("contact", {"form": ContactForm, "query": ContactForm}, "takes copies, name"),
        ("contact-class", {"exclude": ["nothing"]}, "does not have: nothing"),
    ],
)
def test_what_does_not_fit_the_view_is_a_mistake(
    target: str, options: Any, words: str
) -> None:
    assert words in mistake_of(target, **options)


def test_an_async_view_and_atomic_requests_do_not_go_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    assert "ATOMIC_REQUESTS" in mistake_of("waits", answer="json")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("middleware", [False, True])
@pytest.mark.parametrize("atomic", [False, True])
def test_a_view_that_raises_is_undone_where_the_project_says_so(
    monkeypatch: pytest.MonkeyPatch, atomic: bool, middleware: bool
) -> None:
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", atomic)
    with pytest.raises(RuntimeError):
        called(tool_of("failing", answer="json", middleware=middleware))
    assert Author.objects.exists() is not atomic


# -- bodies and queries ------------------------------------------------------------


def test_a_model_is_the_body() -> None:
    tool = tool_of("echo", body=Order, answer="json")
    assert set(tool.input_schema["properties"]) == {"called", "size"}
    found = called(tool, called="Emma", size={"width": 3}).structured
    assert found["body"] == '{"called":"Emma","size":{"width":3}}'
    assert (found["method"], found["post"]) == ("POST", {})
    with pytest.raises(ArgumentErrors, match="size.width"):
        called(tool, called="Emma", size={"width": "wide"})
    with pytest.raises(ArgumentErrors, match="text"):
        called(tool, called="\ud800", size={"width": 3})


def test_a_model_is_the_query() -> None:
    tool = tool_of("echo-int", query=Filters, answer="json")
    assert tool.input_schema["required"] == ["number"]
    found = called(tool, number=1, tags=["a", "b&c"], open=True, limit=5).structured
    assert found["query"] == {"tags": ["a", "b&c"], "open": ["true"], "limit": ["5"]}
    assert called(tool, number=1).structured["query"] == {}
    with pytest.raises(ArgumentErrors) as caught:
        called(tool, number=-1, limit=99, other=1)
    assert {line.partition(":")[0] for line in caught.value.lines} == {
        "number", "limit", "other",
    }  # fmt: skip


class Slug(BaseModel):
    slug: str


def test_a_name_of_the_path_gives_way() -> None:
    tool = tool_of("one:echo", query=Slug, answer="json")
    assert set(tool.input_schema["properties"]) == {"url_slug", "slug"}
    found = called(tool, url_slug="path", slug="query").structured
    assert (found["kwargs"]["slug"], found["query"]) == ("path", {"slug": ["query"]})
    with pytest.raises(ArgumentErrors, match="url_slug"):
        called(tool, slug="query", url_slug="no slug")


# -- what the checks tell ----------------------------------------------------------


def test_the_checks_name_the_line_of_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp, "declarations", type(mcp.declarations)())
    mcp.view("no-such-name", answer="json")
    [found] = [m for m in run_checks(databases=[]) if m.id == "django_mcp.E015"]
    line = test_the_checks_name_the_line_of_a_mistake.__code__.co_firstlineno + 2
    assert found.msg == f"{__file__}:{line}: There is no URL named 'no-such-name'."


def test_middleware_that_is_skipped_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    name = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, name]
    monkeypatch.setattr(mcp, "declarations", type(mcp.declarations)())
    snapshot = mcp.registry.snapshot()
    mcp.view("whoami", answer="json", middleware=False)
    found: list[Any] = [
        m for m in run_checks(databases=[]) if m.id == "django_mcp.W009"
    ]
    mcp.registry.restore(snapshot)
    assert name in found[0].msg


def test_middleware_that_only_tells_who_it_is_decides_nothing(settings: Any) -> None:
    name = "django.contrib.auth.middleware.RemoteUserMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, name]
    assert not deciding_middleware()


def test_urls_of_one_name_and_another_view_are_left_out() -> None:
    server = MCPServer("tests")
    server.view("echoes", answer="json")
    server.settle()
    [doubt] = server.declarations.mistakes
    assert (doubt.id, doubt.is_error) == ("django_mcp.W009", False)
    assert "echoes/other/" in doubt.text
    [tool] = server.registry.tools
    assert not tool.input_schema["properties"]


# -- without the extra ---------------------------------------------------------------


@pytest.fixture
def _no_html(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options_module, "find_spec", lambda name: None)


@pytest.mark.usefixtures("_no_html")
def test_pages_need_the_extra_unless_the_view_answers_otherwise() -> None:
    assert "django-mcp-channels[html]" in mistake_of("page")
    with pytest.raises(ImproperlyConfigured, match="html"):
        MCPServer("tests").view("page", answer="html")
    for target in (pages.whoami, "books", "contact-class", "streams"):
        tool_of(target)
    tool_of("report", context=["total"])


@pytest.mark.django_db
@pytest.mark.usefixtures("_no_html")
def test_what_needs_no_page_is_told_without_the_extra() -> None:
    Author.objects.create(name="Austen")
    assert (
        called(tool_of("books", fields=["title"]), page=1).structured["objects"] == []
    )
    found = called(tool_of("contact-class"), name="Ann")
    assert found.structured["location"] == "/thanks/"
    with pytest.raises(ArgumentErrors, match="name"):
        called(tool_of("contact-class"), name="x" * 30)
    with pytest.raises(Http404):
        called(tool_of("book"), pk=1)


def test_a_view_that_is_declared_where_it_is_written_is_found() -> None:
    server = MCPServer("tests")

    class Late(View):
        pass

    server.view(Late)
    server.settle()
    [mistake] = server.declarations.mistakes
    assert "Late has no URL" in mistake.text
