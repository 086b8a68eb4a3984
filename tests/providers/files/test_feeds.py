"""Feeds that Django serves, as resources in three formats."""

from __future__ import annotations

import datetime
import json
from itertools import count
from typing import Any
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import User
from django.contrib.syndication.views import Feed
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.test import Client as Browser
from django.test import override_settings
from django.urls import path
from django.utils.feedgenerator import Atom1Feed, SyndicationFeed
from django.utils.translation import gettext_lazy, override

from django_mcp import MCPServer
from django_mcp.auth import AllowAnonymous
from django_mcp.protocol.errors import ProtocolError
from tests.providers.files.asking import (
    contents,
    is_missing,
    read,
    refused,
    settled,
    suggested,
)
from tests.testapp.models import Author, Book
from tests.wire import REVISIONS, Client

WHEN = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


class News(Feed):  # type: ignore[type-arg]
    """What is new."""

    title = "News"
    link = "/news/"
    description = "From the shop"

    def items(self) -> list[int]:
        """See ``Feed``."""
        return list(range(5))

    def item_title(self, item: Any) -> str:
        """See ``Feed``."""
        return f"Item &amp; {item}"

    def item_description(self, item: Any) -> str:
        """See ``Feed``."""
        return f"<p>All about <b>{item}</b>.</p><p>More.</p>"

    def item_link(self, item: Any) -> str:
        """See ``Feed``."""
        return f"/news/{item}/"

    def item_pubdate(self, item: Any) -> datetime.datetime:
        """See ``Feed``."""
        return WHEN


class Books(News):
    """The books of one author."""

    feed_type = Atom1Feed

    def get_object(self, request: HttpRequest, author: int) -> Author:
        """See ``Feed``."""
        return Author.objects.get(pk=author)

    def title(self, obj: Author) -> str:  # type: ignore[override]
        """See ``Feed``."""
        return f"Books by {obj.name}"

    def items(self, obj: Author) -> Any:  # type: ignore[override]
        """See ``Feed``."""
        return Book.objects.filter(author=obj).order_by("title")

    def item_title(self, item: Book) -> str:
        """See ``Feed``."""
        return item.title


class Untyped(Books):
    """Takes whatever comes, as many do."""

    def get_object(self, request, author):  # type: ignore[no-untyped-def]
        """See ``Feed``."""
        return Author.objects.get(pk=author)


class Loose(Books):
    """Takes all there is."""

    def get_object(self, request: HttpRequest, **values: Any) -> Author:  # type: ignore[override]
        """See ``Feed``."""
        return Author.objects.get(pk=values["author"])


news = News()
books = Books()
urlpatterns = [path("latest/", news), path("books/<int:author>/", books)]


def fed(feed: Any, uri: str = "news://", **options: Any) -> MCPServer:
    """Return a server with a feed of ``shop.example``."""
    options = {"domain": "shop.example", **options}
    server = settled(lambda server: server.feed_resource(uri, feed, **options))
    assert server.declarations.mistakes == []
    return server


# -- formats -------------------------------------------------------------------


@pytest.mark.parametrize("given", [News, news])
def test_a_feed_is_markdown_to_read(given: Any) -> None:
    found = read(fed(given, max_items=2), "news://")
    assert found["mimeType"] == "text/markdown"
    assert found["text"] == (
        "# News\n\nFrom the shop\n\n<https://shop.example/news/>\n\n"
        "## [Item & 0](https://shop.example/news/0/)\n\n2026-03-01\n\n"
        "All about 0.\n\nMore.\n\n"
        "## [Item & 1](https://shop.example/news/1/)\n\n2026-03-01\n\n"
        "All about 1.\n\nMore.\n"
    )


def test_the_feeds_own_xml_is_offered_too() -> None:
    server = fed(News)
    found = read(server, "news://?format=xml")
    assert found["mimeType"] == "application/rss+xml"
    root = ElementTree.fromstring(found["text"].encode())  # noqa: S314
    assert len(root.findall("channel/item")) == 5
    assert read(fed(News, format="xml"), "news://")["text"] == found["text"]


@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__)
def test_the_xml_is_what_a_browser_gets() -> None:
    author = Author.objects.create(name="Ann")
    Book.objects.create(title="A & B", author=author)
    for feed, uri, address in (
        (news, "news://", "/latest/"),
        (books, "books://{author}", f"/books/{author.pk}/"),
    ):
        server = fed(feed, uri, format="xml", domain="testserver", protocol="http")
        at = uri.replace("{author}", str(author.pk))
        assert read(server, at)["text"] == Browser().get(address).content.decode()


def test_json_feed_is_offered_too() -> None:
    found = read(fed(News), "news://?format=json")
    assert found["mimeType"] == "application/feed+json"
    page = json.loads(found["text"])
    assert page["version"] == "https://jsonfeed.org/version/1.1"
    assert page["items"][0]["url"] == "https://shop.example/news/0/"


def test_a_feed_has_no_other_formats() -> None:
    server = fed(News)
    for query in ("format=yaml", "format=", "x=1", "format=xml&format=xml"):
        assert is_missing(server, f"news://?{query}")
    found = suggested(server, "news://{?format}", "format", "")
    assert found == ["markdown", "json", "xml"]


def test_the_number_of_items_is_bounded_in_every_format() -> None:
    server = fed(News, max_items=2)
    assert read(server, "news://")["text"].count("## [") == 2
    assert len(json.loads(read(server, "news://?format=json")["text"])["items"]) == 2
    assert read(server, "news://?format=xml")["text"].count("<item>") == 2
    assert news.items() == list(range(5))


@pytest.mark.django_db
def test_no_more_rows_are_fetched_than_are_shown(
    django_assert_num_queries: Any,
) -> None:
    author = Author.objects.create(name="Ann")
    Book.objects.bulk_create(Book(author=author, title=str(n)) for n in range(5))
    server = fed(Books, "books://{author}", max_items=2)
    with django_assert_num_queries(2) as queries:
        text = str(contents(server, f"books://{author.pk}"))
    assert text.count("## [") == 2
    assert "LIMIT 2" in queries[1]["sql"]


class Endless(News):
    """Its items are made one by one, and are no method."""

    items = map(str, count())  # type: ignore[assignment]


def test_items_are_made_as_long_as_they_are_shown() -> None:
    assert read(fed(Endless, max_items=3), "news://")["text"].count("## [") == 3


class Whole(Feed):  # type: ignore[type-arg]
    """Makes the whole of it by itself, and has no items."""

    def get_feed(self, obj: Any, request: HttpRequest) -> SyndicationFeed:
        """See ``Feed``."""
        return Atom1Feed(title="Whole", link="/", description="")


def test_a_feed_may_make_the_whole_of_it() -> None:
    assert "# Whole" in read(fed(Whole), "news://")["text"]


class Translated(News):
    """Says what it is in the reader's language."""

    title: Any = gettext_lazy("Yes")
    description: Any = gettext_lazy("No")


def test_a_feed_is_described_in_the_callers_language() -> None:
    [resource] = fed(Translated).registry.resources
    assert str(resource.description) == "Yes: No"
    with override("de"):
        assert str(resource.description) == "Ja: Nein"


# -- what is offered ------------------------------------------------------------


@pytest.mark.parametrize("revision", REVISIONS)
async def test_clients_of_every_revision_read_a_feed(revision: str) -> None:
    server = MCPServer("tests", authenticators=[AllowAnonymous()])
    server.feed_resource("news://latest", News, name="latest")
    client = await Client(server.asgi, revision).open()
    [found] = (await client.ask("resources/list")).result["resources"]
    assert (found["uri"], found["name"]) == ("news://latest", "latest")
    assert found["description"] == "News: From the shop"
    listed = (await client.ask("resources/templates/list")).result["resourceTemplates"]
    assert [one["uriTemplate"] for one in listed] == ["news://latest{?format}"]
    answer = await client.ask("resources/read", {"uri": "news://latest"})
    assert "http://testserver/news/0/" in answer.result["contents"][0]["text"]
    params = {
        "ref": {"type": "ref/resource", "uri": "news://latest{?format}"},
        "argument": {"name": "format", "value": "x"},
    }
    completion = (await client.ask("completion/complete", params)).result["completion"]
    assert completion["values"] == ["xml"]


@pytest.mark.django_db
@pytest.mark.parametrize("feed", [Books, Untyped, Loose])
def test_variables_go_to_the_object_of_the_feed(feed: Any) -> None:
    author = Author.objects.create(name="Ann")
    Book.objects.create(title="Emma", author=author)
    server = fed(feed, "books://{author}")
    assert not len(server.registry.resources)
    text = contents(server, f"books://{author.pk}")
    assert text is not None
    assert text.startswith("# Books by Ann\n")
    assert "## [Emma]" in text
    for wrong in ("0", "x", "1.5", "%00", "9" * 30, "-1", "", "1/2"):
        assert is_missing(server, f"books://{wrong}")
    xml = read(server, f"books://{author.pk}?format=xml")
    assert xml["mimeType"] == "application/atom+xml"


def test_suggestions_for_variables_can_be_given() -> None:
    server = fed(Books, "books://{author}", complete={"author": ["1", "12", "2"]})
    template = "books://{author}{?format}"
    assert suggested(server, template, "author", "1") == ["1", "12"]
    assert suggested(server, template, "format", "j") == ["json"]


class Optional(News):
    """May be asked for one tag."""

    def get_object(self, request: HttpRequest, tag: str = "all") -> str:
        """See ``Feed``."""
        return tag

    def title(self, obj: str) -> str:  # type: ignore[override]
        """See ``Feed``."""
        return f"Tagged {obj}"


def test_variables_of_a_query_may_be_left_out() -> None:
    server = fed(Optional, "news://all{?tag}")
    assert [one.uri_template for one in server.registry.templates] == [
        "news://all{?tag}{&format}"
    ]
    for uri, title in {
        "news://all": "# Tagged all\n",
        "news://all?tag=new": "# Tagged new\n",
        "news://all?tag=new&format=markdown": "# Tagged new\n",
    }.items():
        assert str(contents(server, uri)).startswith(title)
    assert fed(Optional).registry.resources.peek("news://") is not None


@pytest.mark.parametrize(
    ("uri", "feed", "options", "reason"),
    [
        ("news", News, {}, "needs an address"),
        ("news://{a}", News, {}, "no get_object"),
        ("news://", Books, {}, "not what get_object"),
        ("news://{a}", Books, {}, "not what get_object"),
        ("news://{author}/{b}", Books, {}, "not what get_object"),
        ("news://{format}", Loose, {}, "twice"),
        ("news://", 3, {}, "needs a Feed"),
        ("news://", dict, {}, "needs a Feed"),
        ("news://", lambda request: None, {}, "needs a Feed"),
        ("news://", News, {"format": "html"}, "markdown, json, xml"),
        ("news://", News, {"max_items": 0}, "max_items"),
        ("news://", News, {"domain": "a/b"}, "no domain"),
        ("news://", News, {"complete": {"a": []}}, "completes what it does not take"),
    ],
)
def test_what_cannot_be_served_is_refused(
    uri: str, feed: Any, options: Any, reason: str
) -> None:
    assert reason in refused(lambda s: s.feed_resource(uri, feed, **options))


# -- a feed does what it does for a browser -------------------------------------


class Private(News):
    """Does something of its own when it is called."""

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """See ``Feed``."""
        if request.user.is_anonymous:
            return HttpResponseRedirect("/login/")
        if request.user.username == "bob":
            raise PermissionDenied
        if request.user.username == "cat":
            return HttpResponse("<kept/>", content_type="application/rss+xml")
        return super().__call__(request, *args, **kwargs)


def test_a_feed_that_asks_who_reads_is_asked() -> None:
    server = fed(Private)
    assert is_missing(server, "news://")
    assert "# News" in str(contents(server, "news://", User(username="ann")))
    with pytest.raises(ProtocolError, match="permission"):
        read(server, "news://", User(username="bob"))
    # What it kept from another time is all there is.
    assert read(server, "news://", User(username="cat"))["text"] == "<kept/>"


def test_the_feed_itself_stays_as_it_is() -> None:
    before = dict(vars(news))
    read(fed(news), "news://")
    assert vars(news) == before


class Broken(News):
    """Has a mistake in its items, which is no missing feed."""

    def item_link(self, item: Any) -> str:
        """See ``Feed``."""
        raise ValueError("a mistake")


def test_a_mistake_in_a_feed_is_not_hidden() -> None:
    with pytest.raises(ValueError, match="a mistake"):
        read(fed(Broken), "news://")


def test_over_stdio_a_domain_must_be_known() -> None:
    with pytest.raises(ProtocolError, match="not known over stdio"):
        read(fed(News, domain=""), "news://")


class Several(News):
    """Makes a feed of another feed."""

    def get_feed(self, obj: Any, request: HttpRequest) -> SyndicationFeed:
        """See ``Feed``."""
        made = super().get_feed(obj, request)
        made.feed["title"] = "Several"
        return made


def test_a_feed_may_change_what_it_made() -> None:
    assert "# Several" in str(contents(fed(Several), "news://"))
