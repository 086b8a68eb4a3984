"""Sitemaps as resources: the pages of a site, in parts that can be read.

What a project gives to Django's ``sitemap`` view is taken as it is. A page of
ours is shorter than one of a search engine's, and its entries say no more
than they must.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from django.contrib.sitemaps import Sitemap
from django.contrib.sites.requests import RequestSite
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import ImproperlyConfigured
from django.core.paginator import EmptyPage

from django_mcp.content.encoding import encoded
from django_mcp.content.values import EmbeddedResource
from django_mcp.context import Context
from django_mcp.exceptions import NotRegistered
from django_mcp.primitives import Primitive, Resource, ResourceTemplate
from django_mcp.providers.files.options import (
    check_positive,
    fields_from,
    template_from,
)
from django_mcp.providers.files.requests import check_domain, request_for
from django_mcp.schema.completions import complete_from_values
from django_mcp.schema.uritemplate import UriTemplate

if TYPE_CHECKING:
    from django_mcp.server import MCPServer

#: A sitemap, or what makes one, as Django's view takes it.
Maker: TypeAlias = "Sitemap[Any] | Callable[[], Sitemap[Any]]"

#: How many entries one page shows.
PAGE_SIZE = 500
_JSON = "application/json"


class _Part(NamedTuple):
    """Some entries of one section."""

    section: str
    page: int
    size: int


def sitemap_resource(
    server: MCPServer,
    uri: str,
    sitemaps: Any,
    *,
    page_size: int = PAGE_SIZE,
    domain: str = "",
    protocol: str = "",
    **options: Any,
) -> None:
    """Serve the pages that sitemaps know.

    ``sitemaps``: a ``Sitemap`` class, one instance, or the dictionary of
    sections that a project gives to the view. ``page_size``: the most entries
    at once. ``domain`` and ``protocol``: of the addresses, instead of those of
    the sites framework or of the call. ``options`` are those of every
    primitive.

    Raises: ImproperlyConfigured
    """
    check_positive(f"page_size of {uri}", page_size)
    check_domain(domain, protocol)
    pages = Pages(
        uri,
        _sections(uri, sitemaps),
        page_size,
        domain=domain,
        protocol=protocol,
        fields=fields_from("The sitemap", uri, "The pages of the site", options),
    )
    server.declare(pages.primitives)


class Pages:
    """The pages of a site at one address."""

    def __init__(
        self,
        uri: str,
        sections: Mapping[str, Maker],
        page_size: int,
        *,
        domain: str,
        protocol: str,
        fields: dict[str, Any],
    ) -> None:
        if not template_from("A sitemap", uri).is_static or "?" in uri:
            raise ImproperlyConfigured(f"{uri} cannot have variables or a query.")
        self._uri = uri
        self._sections = sections
        self._page_size = page_size
        self._domain = domain
        self._protocol = protocol
        self._fields = fields
        self._template = UriTemplate(f"{uri}{{?section,page}}")

    def primitives(self) -> list[Primitive]:
        """Return the first page, and the template of all."""
        return [
            Resource(
                uri=self._uri,
                read=lambda context: self._read(context, self._uri, {}),
                mime_type=_JSON,
                **self._fields,
            ),
            ResourceTemplate(
                uri_template=self._template.template,
                match=self._template.match,
                read=self._read,
                mime_type=_JSON,
                complete={"section": complete_from_values(list(self._sections))},
                **self._fields,
            ),
        ]

    def _read(
        self, context: Context, uri: str, values: Mapping[str, Any]
    ) -> EmbeddedResource:
        """Return a page of entries. Raises: NotRegistered, ToolError"""
        section, number = values.get("section"), _number(values.get("page", "1"))
        if section is not None and section not in self._sections:
            raise NotRegistered(uri)
        names = list(self._sections) if section is None else [section]
        sitemaps = {name: self._sitemap(name) for name in names}
        parts = list(_parts(sitemaps))
        pages = self._pages(parts)
        if not 1 <= number <= len(pages):
            raise NotRegistered(uri)
        found: dict[str, Any] = {}
        if len(sitemaps) > 1:
            found["sections"] = _sizes(sitemaps, parts)
        try:
            found["entries"] = self._entries(context, sitemaps, pages[number - 1])
        except EmptyPage:  # gone since it was counted
            raise NotRegistered(uri) from None
        if number < len(pages):
            given = {} if section is None else {"section": section}
            found["next"] = self._template.expand({**given, "page": number + 1})
        return EmbeddedResource(uri, text=encoded(found).decode(), mime_type=_JSON)

    def _entries(
        self, context: Context, sitemaps: Mapping[str, Any], parts: list[_Part]
    ) -> list[dict[str, Any]]:
        request = request_for(context, "/", self._domain, self._protocol)
        site = RequestSite(request) if self._domain else get_current_site(request)
        return [
            _entry(url)
            for part in parts
            for url in sitemaps[part.section].get_urls(
                page=part.page, site=site, protocol=request.scheme
            )
        ]

    def _sitemap(self, section: str) -> Any:
        """Return a sitemap of our own, with pages of our size."""
        given = self._sections[section]
        sitemap = copy.copy(given() if callable(given) else given)
        sitemap.limit = min(sitemap.limit, self._page_size)
        return sitemap

    def _pages(self, parts: list[_Part]) -> list[list[_Part]]:
        """Return what is on each page: short sections share one."""
        pages: list[list[_Part]] = [[]]
        space = self._page_size
        for part in parts:
            if part.size > space:
                pages.append([])
                space = self._page_size
            pages[-1].append(part)
            space -= part.size
        return pages


def _parts(sitemaps: Mapping[str, Any]) -> Iterator[_Part]:
    for section, sitemap in sitemaps.items():
        paginator = sitemap.paginator
        for page in paginator.page_range:
            first = (page - 1) * paginator.per_page
            size = min(paginator.per_page, paginator.count - first)
            if size > 0:
                yield _Part(section, page, size)


def _sizes(names: Iterable[str], parts: list[_Part]) -> dict[str, int]:
    """Return how many entries each section has."""
    sizes = dict.fromkeys(names, 0)
    for part in parts:
        sizes[part.section] += part.size
    return sizes


def _number(text: str) -> int:
    """Return the number that a text is; 0: none."""
    is_number = text.isascii() and text.isdecimal() and len(text) < 10
    return int(text) if is_number else 0


def _sections(uri: str, sitemaps: Any) -> Mapping[str, Maker]:
    """Return the sitemaps by section. Raises: ImproperlyConfigured"""
    sections = sitemaps if isinstance(sitemaps, Mapping) else {"pages": sitemaps}
    for name, given in sections.items():
        made = isinstance(given, Sitemap) or callable(given)
        is_other = isinstance(given, type) and not issubclass(given, Sitemap)
        if not made or is_other or not isinstance(name, str):
            raise ImproperlyConfigured(
                f"{uri} needs a Sitemap, or a dictionary of them, as the view does;"
                f" {given!r} is none."
            )
    if not sections:
        raise ImproperlyConfigured(f"{uri} has no sitemap to read from.")
    return sections


def _entry(url: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of a page, and nothing of what is not."""
    modified = url["lastmod"]
    entry = {
        "url": url["location"],
        "lastModified": modified.isoformat() if isinstance(modified, date) else None,
        "changes": url["changefreq"],
        "priority": url["priority"],
        "languages": {one["lang_code"]: one["location"] for one in url["alternates"]},
    }
    return {name: value for name, value in entry.items() if value}
