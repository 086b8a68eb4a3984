"""Sitemaps that Django serves, as pages to read."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sitemaps import GenericSitemap, Sitemap
from django.db import connection
from django.test import override_settings
from django.utils.translation import get_language

from django_mcp import MCPServer
from django_mcp.auth import AllowAnonymous
from django_mcp.protocol.errors import ProtocolError
from tests.providers.files.asking import (
    is_missing,
    listed,
    read,
    refused,
    settled,
    suggested,
)
from tests.testapp.models import Author
from tests.wire import REVISIONS, Client

DAY = datetime.date(2026, 3, 1)


class Shelves(Sitemap):  # type: ignore[type-arg]
    """Seven pages."""

    changefreq = "weekly"
    priority = 0.5

    def items(self) -> list[int]:
        """See ``Sitemap``."""
        return list(range(7))

    def location(self, item: int) -> str:
        """See ``Sitemap``."""
        return f"/shelf/{item}/"

    def lastmod(self, item: int) -> datetime.date | None:
        """See ``Sitemap``."""
        return DAY if item else None


class Words(Sitemap):  # type: ignore[type-arg]
    """Pages in several languages."""

    i18n = True
    alternates = True
    x_default = True
    languages = ["en", "de"]

    def items(self) -> list[str]:
        """See ``Sitemap``."""
        return ["imprint"]

    def location(self, item: str) -> str:
        """See ``Sitemap``."""
        return f"/{get_language()}/{item}"


class Empty(Sitemap):  # type: ignore[type-arg]
    """No pages."""


def site(sitemaps: Any, uri: str = "site://pages", **options: Any) -> MCPServer:
    """Return a server with a sitemap of ``shop.example``."""
    options = {"domain": "shop.example", **options}
    server = settled(lambda server: server.sitemap_resource(uri, sitemaps, **options))
    assert server.declarations.mistakes == []
    return server


def urls(server: MCPServer, uri: str = "site://pages") -> list[str]:
    return [entry["url"] for entry in listed(server, uri)["entries"]]


def test_a_sitemap_is_a_resource_and_a_template_of_its_pages() -> None:
    server = site(Shelves, name="shelves", tags=["shop"])
    [resource], [template] = server.registry.resources, server.registry.templates
    assert (resource.uri, resource.name) == ("site://pages", "shelves")
    assert template.uri_template == "site://pages{?section,page}"
    assert resource.mime_type == template.mime_type == "application/json"


@pytest.mark.parametrize(
    "given", [Shelves, Shelves(), {"shelves": Shelves}, lambda: Shelves()]
)
def test_entries_say_what_is_known(given: Any) -> None:
    page = listed(site(given), "site://pages")
    assert page["entries"][0] == {
        "url": "https://shop.example/shelf/0/", "changes": "weekly", "priority": "0.5",
    }  # fmt: skip
    assert page["entries"][1]["lastModified"] == "2026-03-01"
    assert len(page["entries"]) == 7
    assert set(page) == {"entries"}


@override_settings(LANGUAGE_CODE="en")
def test_languages_are_told() -> None:
    entries = listed(site(Words), "site://pages")["entries"]
    assert [entry["url"] for entry in entries] == [
        "https://shop.example/en/imprint", "https://shop.example/de/imprint",
    ]  # fmt: skip
    assert entries[0]["languages"] == {
        "en": "https://shop.example/en/imprint",
        "de": "https://shop.example/de/imprint",
        "x-default": "https://shop.example/imprint",
    }


@pytest.mark.django_db
def test_rows_of_a_model_are_pages(django_assert_max_num_queries: Any) -> None:
    for name in ("a", "b", "c"):
        Author.objects.create(name=name)

    class Authors(GenericSitemap):  # type: ignore[type-arg]
        """Pages of rows."""

        def location(self, item: Author) -> str:
            """See ``Sitemap``."""
            return f"/author/{item.name}"

    made = Authors({"queryset": Author.objects.order_by("name")})
    server = site({"authors": made}, page_size=2)
    # Two for the numbers of pages, ours and Django's, and one for the rows.
    with django_assert_max_num_queries(3):
        assert len(urls(server)) == 2
    assert urls(server, "site://pages?page=2") == ["https://shop.example/author/c"]
    Author.objects.create(name="d")
    assert len(urls(server, "site://pages?page=2")) == 2
    # The site's own view has pages of its own.
    assert made.limit == 50000


def test_long_sitemaps_have_pages() -> None:
    server = site({"a": Shelves, "none": Empty, "b": Shelves}, page_size=3)
    uri, seen, pages = "site://pages", [], 0
    while uri:
        page = listed(server, uri)
        assert page["sections"] == {"a": 7, "none": 0, "b": 7}
        assert 1 <= len(page["entries"]) <= 3
        seen += [entry["url"] for entry in page["entries"]]
        uri, pages = page.get("next"), pages + 1
    expected = [f"https://shop.example/shelf/{number}/" for number in range(7)]
    assert seen == expected * 2
    assert pages == 6
    assert len(urls(site({"a": Shelves, "b": Shelves}))) == 14


def test_one_section_can_be_read_alone() -> None:
    server = site({"words": Words, "shelves": Shelves}, page_size=4)
    page = listed(server, "site://pages?section=shelves")
    assert len(page["entries"]) == 4
    assert page["next"] == "site://pages?section=shelves&page=2"
    assert len(listed(server, page["next"])["entries"]) == 3
    template = "site://pages{?section,page}"
    assert suggested(server, template, "section", "s") == ["shelves"]


@pytest.mark.parametrize(
    "query",
    [
        "page=0", "page=99", "page=-1", "page=1.5", "page=x", "page=", "page=%D9%A1",
        "page=9999999999999999", "section=lost", "section=", "x=1", "page=1&page=1",
    ],
)  # fmt: skip
def test_what_is_no_page_is_missing(query: str) -> None:
    assert is_missing(site(Shelves), f"site://pages?{query}")


class Shrinking(Shelves):
    """Loses its pages while it is read."""

    def items(self) -> list[int]:
        """See ``Sitemap``."""
        self.left = getattr(self, "left", 8) // 2
        return list(range(self.left))


def test_a_page_that_vanishes_while_it_is_read_is_missing() -> None:
    assert is_missing(site(Shrinking, page_size=2), "site://pages?page=2")


def test_a_site_without_pages_says_so() -> None:
    assert listed(site(Empty), "site://pages") == {"entries": []}


class Secure(Shelves):
    """Says its own protocol, and has pages shorter than ours."""

    protocol = "http"
    limit = 2


def test_what_a_sitemap_says_itself_counts() -> None:
    assert urls(site(Secure))[0] == "http://shop.example/shelf/0/"
    assert len(urls(site(Secure))) == 7
    assert urls(site(Shelves, protocol="http"))[0].startswith("http://")


@pytest.mark.parametrize("revision", REVISIONS)
async def test_addresses_are_those_of_the_call(revision: str) -> None:
    server = MCPServer("tests", authenticators=[AllowAnonymous()])
    server.sitemap_resource("site://pages", {"shelves": Shelves})
    client = await Client(server.asgi, revision).open()
    answer = await client.ask("resources/read", {"uri": "site://pages"})
    [found] = answer.result["contents"]
    assert '"http://testserver/shelf/0/"' in found["text"]
    listed = (await client.ask("resources/templates/list")).result["resourceTemplates"]
    assert [one["uriTemplate"] for one in listed] == ["site://pages{?section,page}"]
    params = {
        "ref": {"type": "ref/resource", "uri": "site://pages{?section,page}"},
        "argument": {"name": "section", "value": ""},
    }
    completion = (await client.ask("completion/complete", params)).result["completion"]
    assert completion["values"] == ["shelves"]


def test_over_stdio_a_domain_must_be_known() -> None:
    with pytest.raises(ProtocolError, match="not known over stdio"):
        read(site(Shelves, domain=""), "site://pages")


@pytest.fixture
def sites(settings: Any, db: None) -> Iterator[Any]:
    """Have the sites framework, and a site."""
    with override_settings(
        INSTALLED_APPS=[*settings.INSTALLED_APPS, "django.contrib.sites"], SITE_ID=7
    ):
        label = "sites"
        model: Any = apps.get_model(label, "Site")
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE django_site"
                " (id integer PRIMARY KEY, domain varchar(100), name varchar(50))"
            )
        model.objects.create(pk=7, domain="framework.example", name="x")
        yield
        model.objects.clear_cache()


@pytest.mark.usefixtures("sites")
def test_the_sites_framework_knows_the_domain() -> None:
    assert urls(site(Shelves, domain=""))[0] == "https://framework.example/shelf/0/"
    assert urls(site(Shelves))[0] == "https://shop.example/shelf/0/"


@pytest.mark.parametrize(
    ("uri", "sitemaps", "options", "reason"),
    [
        ("pages", Shelves, {}, "needs an address"),
        ("site://{a}", Shelves, {}, "cannot have variables"),
        ("site://a?b=1", Shelves, {}, "cannot have variables or a query"),
        ("site://", {}, {}, "no sitemap"),
        ("site://", {"a": 3}, {}, "3 is none"),
        ("site://", {"a": dict}, {}, "is none"),
        ("site://", {3: Shelves}, {}, "is none"),
        ("site://", None, {}, "None is none"),
        ("site://", Shelves, {"page_size": 0}, "page_size"),
        ("site://", Shelves, {"domain": "https://x"}, "no domain"),
        ("site://", Shelves, {"protocol": "ftp"}, "neither"),
    ],
)
def test_what_is_no_sitemap_is_refused(
    uri: str, sitemaps: Any, options: Any, reason: str
) -> None:
    text = refused(lambda server: server.sitemap_resource(uri, sitemaps, **options))
    assert reason in text
