"""What a view answers, and what its tool says of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.test import Client
from django.urls import path, resolve
from django.utils.html import format_html

from django_mcp.content import File, Image, ResourceLink
from django_mcp.exceptions import ToolError
from django_mcp.providers.views import bodies
from django_mcp.providers.views.calling import ViewFailed
from django_mcp.schema.errors import ArgumentErrors
from tests.providers.views.calls import called, mistake_of, result_of, text_of, tool_of
from tests.testapp.models import Author, Book
from tests.testapp.pages import SearchForm

pytestmark = [pytest.mark.django_db, pytest.mark.needs("html")]


urlpatterns: list[Any] = []


@pytest.fixture
def answer(settings: Any) -> Callable[..., Any]:
    """Call a view that answers with something."""
    settings.ROOT_URLCONF = __name__

    def ask(response: Any, /, method: str = "GET", **options: Any) -> Any:
        def view(request: HttpRequest) -> HttpResponse:
            found: HttpResponse = response(request) if callable(response) else response
            return found

        global urlpatterns
        urlpatterns = [path("", view, name="view")]
        settings.ROOT_URLCONF = "tests.urls"
        settings.ROOT_URLCONF = __name__
        return called(tool_of("view", method=method, **options))

    return ask


def of_kind(kind: str, **options: Any) -> Any:
    return called(tool_of("answer", **options), kind=kind)


@pytest.mark.parametrize("middleware", [False, True])
@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("missing", Http404, "There is no such book."),
        ("denied", PermissionDenied, "Only for clerks."),
        ("suspicious", ToolError, "The site calls this a bad request."),
        ("bad", ToolError, "The site calls this a bad request."),
        ("forbidden", ToolError, r"Not \*\*you\*\*."),
        ("plainly-forbidden", PermissionDenied, "^$"),
        ("conflict", ToolError, '{"error": "sold out"}'),
        ("unavailable", ViewFailed, "answered 503"),
        ("broken", RuntimeError, "the secret is out"),
        ("invalid", ViewFailed, "raised ValidationError"),
        ("absent", ViewFailed, "raised DoesNotExist"),
        ("nan", ViewFailed, "cannot be read"),
    ],
)
def test_a_refusal_has_the_views_words(
    kind: str, error: Any, words: str, middleware: bool
) -> None:
    with pytest.raises(error, match=words):
        of_kind(kind, middleware=middleware)


def test_a_refusal_with_a_page_of_the_urlconf_shows_none_of_it(answer: Any) -> None:
    with pytest.raises(Http404) as caught:
        answer(lambda request: resolve("/nowhere/"))
    assert not str(caught.value)


@pytest.mark.parametrize("middleware", [False, True])
def test_files_are_what_they_are(middleware: bool) -> None:
    image = of_kind("image", middleware=middleware)
    assert isinstance(image, Image) and image.mime_type == "image/png"
    bill = of_kind("file", middleware=middleware)
    assert isinstance(bill, File) and bill.uri == "file:///bill.pdf"
    table = of_kind("csv", middleware=middleware)
    assert table.name == "list.csv" and table.contents("x:")["text"] == "a,b\n"
    assert of_kind("text", middleware=middleware) == "in words"
    assert of_kind("stream", middleware=middleware) == "one,two\nthree,four\n"
    assert of_kind("astream", middleware=middleware) == "one two"
    assert of_kind("nothing", middleware=middleware) is None


def test_json_is_data_whatever_is_in_it() -> None:
    # A dictionary that looks like a block of content is none.
    result = result_of(tool_of("whoami", answer="json"))
    assert result["structuredContent"]["type"] == "text"
    assert result["content"][0]["text"].startswith("{")


def test_a_redirect_is_told_and_not_followed() -> None:
    result = of_kind("away")
    assert result.structured == {
        "location": "https://evil.example/?next=/x/",
        "messages": [],
    }
    assert result.content == ("It goes on at https://evil.example/?next=/x/",)


def test_what_was_said_to_the_person_is_told(answer: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        messages.warning(request, "The shop closes at six.")
        return HttpResponse("Hello", content_type="text/plain")

    assert answer(view) == "The shop closes at six.\n\nHello"

    def data(request: HttpRequest) -> HttpResponse:
        messages.info(request, "New!")
        return HttpResponse("[1]", content_type="application/json")

    found = answer(data)
    assert (found.content, found.structured) == (("New!", "[1]"), [1])

    def nothing(request: HttpRequest) -> HttpResponse:
        messages.info(request, "Saved.")
        return HttpResponse(status=204)

    assert answer(nothing) == "Saved."


def test_a_form_for_the_query_is_no_error_of_what_was_sent(answer: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        form = SearchForm(request.GET)
        assert not form.is_valid()
        return TemplateResponse(request, "testapp/pages/list.html", {"form": form})

    assert isinstance(answer(view, "POST"), str)


def test_a_message_in_html_is_read_and_one_about_an_error_is_an_error(
    answer: Any,
) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        link = format_html('<a href="/books/1/">{}</a>', "R&D")
        messages.success(request, format_html("The book {} is saved.", link))
        messages.success(request, "<b> & a_b")
        return redirect("/thanks/")

    found = answer(view)
    saved = "The book [R&D](/books/1/) is saved."
    assert found.structured["messages"] == [saved, "<b> & a_b"]
    assert not found.is_error

    def failing(request: HttpRequest) -> HttpResponse:
        messages.error(request, "The book is sold.")
        return redirect("/thanks/")

    assert answer(failing).is_error


# -- bounds ------------------------------------------------------------------------


def endless() -> Iterator[bytes]:
    for _ in itertools.count():
        yield b"x" * 1000


class Closing:
    """A stream that notes that it was closed."""

    closed = False

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        self.closed = True


def test_a_stream_is_bounded_and_closed(answer: Any, settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "MAX_RESPONSE_SIZE": 10_000}
    stream = Closing(endless())
    found = answer(StreamingHttpResponse(stream, content_type="text/plain"))
    assert found.endswith("… (cut here)") and len(found) < 8000
    assert stream.closed


def test_a_stream_that_takes_for_ever_is_given_up(
    answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "MAX_SECONDS", 0.05)

    async def slowly() -> AsyncIterator[bytes]:
        yield b"begun"
        await asyncio.sleep(60)

    events = StreamingHttpResponse(slowly(), content_type="text/event-stream")
    assert answer(events) == "begun\n… (cut here)"

    def quickly() -> Iterator[bytes]:
        while True:
            yield b"."

    found = answer(StreamingHttpResponse(quickly(), content_type="text/plain"))
    assert found.endswith("… (cut here)")


def test_a_response_is_closed_when_it_is_refused(answer: Any) -> None:
    stream = Closing(iter([b"no"]))
    with pytest.raises(ToolError, match="no"):
        answer(StreamingHttpResponse(stream, status=409, content_type="text/plain"))
    assert stream.closed
    stream = Closing(iter([b"no"]))
    with pytest.raises(ViewFailed):
        answer(StreamingHttpResponse(stream, status=500))
    assert stream.closed


def test_a_file_that_is_too_large_is_a_link(answer: Any, settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "MAX_RESPONSE_SIZE": 1000}
    large = HttpResponse(b"x" * 2000, content_type="application/zip")
    found = answer(large)
    assert isinstance(found, ResourceLink)
    assert found.uri == "http://testserver/"
    # What a POST answers is not there to be fetched.
    with pytest.raises(ToolError, match="too large"):
        answer(large, method="POST")
    data = HttpResponse(b"[" + b"1," * 2000 + b"1]", content_type="application/json")
    with pytest.raises(ToolError, match="too large"):
        answer(data)


@pytest.mark.parametrize(
    ("promise", "kind"), [("json", "text"), ("text", "file"), ("html", "image")]
)
def test_a_view_that_breaks_its_promise_fails(promise: str, kind: str) -> None:
    with pytest.raises(ViewFailed, match=f"not {promise}"):
        of_kind(kind, answer=promise)


def test_a_method_that_is_not_taken_is_told() -> None:
    message = mistake_of("publish", method="GET", answer="json")
    assert message == "The view 'publish' does not take GET, but POST."


def test_the_words_of_a_small_answer_are_read(answer: Any) -> None:
    with pytest.raises(ToolError, match="^Slow down.$"):
        answer(HttpResponse("Slow down.", status=429))
    with pytest.raises(ToolError, match="^Too Many Requests.$"):
        answer(HttpResponse(status=429))
    with pytest.raises(ToolError, match="^Unknown Status Code.$"):
        answer(HttpResponse(status=499))
    with pytest.raises(ToolError, match="^The view does not take GET, but PUT.$"):
        answer(HttpResponse(status=405, headers={"Allow": "PUT"}))


# -- contexts and objects ----------------------------------------------------------


@pytest.fixture
def _books() -> None:
    author = Author.objects.create(name="Austen")
    for title in ("Emma", "Lady Susan", "Persuasion"):
        Book.objects.create(title=title, author=author, stock=2)


@pytest.mark.usefixtures("_books")
def test_named_variables_of_a_context_are_data() -> None:
    found = called(tool_of("report", context=["books", "total"]))
    assert found.structured["total"] == 3
    assert found.structured["books"][0] == {"title": "Emma"}
    assert "secret" not in str(found)
    found = called(
        tool_of("report", context=["books"], fields=["title", "author__name"])
    )
    assert found.structured["books"][0] == {"title": "Emma", "author__name": "Austen"}


@pytest.mark.usefixtures("_books")
def test_a_list_is_its_objects_page_by_page() -> None:
    tool = tool_of("books", fields=["title", "author", "get_format_display"])
    found = called(tool, page=2).structured
    assert (found["page"], found["pages"], found["total"]) == (2, 2, 3)
    [book] = found["objects"]
    assert book["title"] == "Persuasion"
    assert book["author"] == {"title": "Austen"}
    assert book["get_format_display"] == "Paperback"
    with pytest.raises(Http404):
        called(tool, page=9)
    with pytest.raises(ArgumentErrors, match="page"):
        called(tool, page="last")


@pytest.mark.usefixtures("_books")
def test_fields_of_relations_are_read_at_once(django_assert_num_queries: Any) -> None:
    fields = ["title", "author__name"]
    for number in range(3):
        Author.objects.create(name=str(number)).book_set.create(title=f"D{number}")
    tool = tool_of("report", context=["books", "total"], fields=fields)
    with django_assert_num_queries(3):  # how many, the books, their authors
        found = called(tool).structured
    assert found["books"][0] == {"title": "D0", "author__name": "0"}
    tool = tool_of("books", fields=fields)
    with django_assert_num_queries(3):
        found = called(tool).structured
    assert found["objects"][1] == {"title": "D1", "author__name": "1"}


@pytest.mark.usefixtures("_books")
def test_a_list_is_its_page_as_well() -> None:
    found = called(tool_of("books"))
    assert found.content == ("- Emma\n- Lady Susan",)
    assert found.structured["objects"] == [{"title": "Emma"}, {"title": "Lady Susan"}]


@pytest.mark.usefixtures("_books")
def test_a_detail_is_its_object() -> None:
    key = Book.objects.get(title="Emma").pk
    assert called(tool_of("book"), pk=key).content == ("# Emma\n\n2 left",)
    found = called(tool_of("book", fields=["title", "stock"]), pk=key)
    assert found.structured == {"title": "Emma", "stock": 2}


@pytest.mark.usefixtures("_books")
def test_what_changes_data_is_not_looked_up() -> None:
    with pytest.raises(ViewFailed, match="changes data"):
        called(tool_of("books", fields=["delete"]))
    assert Book.objects.count() == 3
    with pytest.raises(ViewFailed, match="no field"):
        called(tool_of("books", fields=["nothing"]))


def test_a_context_that_is_not_there_is_the_developers_to_hear_of() -> None:
    with pytest.raises(ViewFailed, match="no TemplateResponse"):
        called(tool_of("page", context=["user"]))
    with pytest.raises(ViewFailed, match="has no other"):
        called(tool_of("report", context=["other"]))


def test_the_browser_shows_the_same(client: Client, _books: None) -> None:
    html = client.get("/books/").content.decode()
    assert all(title in html for title in ("Emma", "Lady Susan"))
    assert text_of(result_of(tool_of("books"))) == "- Emma\n- Lady Susan"
