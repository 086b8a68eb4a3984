"""Feeds as resources: what is new, in words a model reads, or as the feed's XML.

The feed is called as the URLconf would call it, so whatever it does there it
does here; what it says is taken from the feed it makes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from inspect import signature
from itertools import islice
from types import MethodType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django.contrib.syndication.views import Feed
from django.core.exceptions import (
    ImproperlyConfigured,
    ValidationError,
)
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.feedgenerator import SyndicationFeed

from django_mcp.content.values import EmbeddedResource
from django_mcp.context import Context
from django_mcp.exceptions import NotRegistered
from django_mcp.primitives import Primitive, Resource, ResourceTemplate, Text
from django_mcp.providers.calls import listed
from django_mcp.providers.completions import Completer, completions_for
from django_mcp.providers.files.news import json_from, markdown_from
from django_mcp.providers.files.options import (
    check_positive,
    fields_from,
    template_from,
)
from django_mcp.providers.files.requests import (
    SiteRequest,
    check_domain,
    request_for,
)
from django_mcp.schema.arguments import (
    ArgumentErrors,
    Arguments,
    arguments_from_function,
)
from django_mcp.schema.completions import complete_from_values
from django_mcp.schema.generator import joined

if TYPE_CHECKING:
    from django_mcp.server import MCPServer

Format: TypeAlias = Literal["markdown", "json", "xml"]

#: How many items are shown, of however many there are.
MAX_ITEMS = 100
_TYPES = {
    "markdown": "text/markdown",
    "json": "application/feed+json",
    "xml": "application/rss+xml",
}


def feed_resource(
    server: MCPServer,
    uri: str,
    feed: Any,
    *,
    format: Format = "markdown",
    max_items: int = MAX_ITEMS,
    domain: str = "",
    protocol: str = "",
    complete: Mapping[str, Completer] | None = None,
    **options: Any,
) -> None:
    """Serve a feed; the variables of ``uri`` are arguments of ``get_object``.

    ``feed``: a ``Feed`` class, or the instance that the URLconf has.
    ``format``: what is read at ``uri``; ``?format=`` chooses another.
    ``max_items``: the most that are shown. ``domain`` and ``protocol``: of
    links, where there is no sites framework, instead of those of the call.
    ``complete``: suggestions for variables. ``options`` are those of every
    primitive.

    Raises: ImproperlyConfigured
    """
    if format not in _TYPES:
        raise ImproperlyConfigured(f"{uri}: format is one of {', '.join(_TYPES)}.")
    check_positive(f"max_items of {uri}", max_items)
    check_domain(domain, protocol)
    made = feed() if isinstance(feed, type) and issubclass(feed, Feed) else feed
    if not isinstance(made, Feed):
        raise ImproperlyConfigured(
            f"{uri} needs a Feed class or an instance of one, not {feed!r}."
        )
    news = News(
        uri,
        made,
        format,
        max_items,
        site=(domain, protocol),
        complete=complete,
        fields=fields_from("The feed", uri, _description(made), options),
    )
    server.declare(news.primitives)


class News:
    """A feed at one address."""

    def __init__(
        self,
        uri: str,
        feed: Any,
        format: str,
        max_items: int,
        *,
        site: tuple[str, str],
        complete: Mapping[str, Completer] | None,
        fields: dict[str, Any],
    ) -> None:
        self._uri = uri
        self._feed = feed
        self._format = format
        self._max_items = max_items
        self._site = site
        self._fields = fields
        plain = template_from("A feed", uri)
        marker = "&" if "?" in uri else "?"
        self._template = template_from("A feed", f"{uri}{{{marker}format}}")
        self._is_static = plain.is_static
        self._arguments = _arguments(uri, feed, set(plain.variables))
        parameters = self._arguments.parameters if self._arguments else ()
        self._complete = {
            **completions_for(feed.get_object, parameters, complete),
            "format": complete_from_values(list(_TYPES)),
        }

    def primitives(self) -> list[Primitive]:
        """Return the feed, and the template of its other formats."""
        template = ResourceTemplate(
            uri_template=self._template.template,
            match=self._template.match,
            read=self._read,
            complete=self._complete,
            **self._fields,
        )
        if not self._is_static:
            return [template]
        resource = Resource(
            uri=self._uri,
            read=lambda context: self._read(context, self._uri, {}),
            mime_type=_TYPES[self._format],
            **self._fields,
        )
        return [resource, template]

    def _read(
        self, context: Context, uri: str, variables: dict[str, Any]
    ) -> EmbeddedResource:
        """Return the feed. Raises: NotRegistered, ToolError"""
        values = {**variables}
        chosen = values.pop("format", self._format)
        if chosen not in _TYPES:
            raise NotRegistered(uri)
        if self._arguments is not None:
            try:
                values = self._arguments.validate(values)
            except ArgumentErrors:
                raise NotRegistered(uri) from None
        request = request_for(context, self._path(values), *self._site)
        feed, response = self._called(request, values, uri)
        if feed is None or chosen == "xml":
            text = response.content.decode(response.charset)
            kind = response.headers["Content-Type"].partition(";")[0]
        else:
            text = markdown_from(feed) if chosen == "markdown" else json_from(feed)
            kind = _TYPES[chosen]
        return EmbeddedResource(uri, text=text, mime_type=kind)

    def _path(self, values: Mapping[str, Any]) -> str:
        """Return where the site has this feed, if its URLconf knows it."""
        try:
            return reverse(self._feed, kwargs=dict(values))
        except NoReverseMatch:
            return "/"

    def _called(
        self, request: SiteRequest, values: Mapping[str, Any], uri: str
    ) -> tuple[SyndicationFeed | None, HttpResponse]:
        """Call the feed as a view, and hear what it makes.

        Raises: NotRegistered
        """
        heard: list[SyndicationFeed] = []
        feed = copy.copy(self._feed)
        get_object, get_feed = feed.get_object, feed.get_feed

        def find(*args: Any, **kwargs: Any) -> Any:
            try:
                return get_object(*args, **kwargs)
            except (ValueError, ValidationError):
                # No converter of a URLconf has judged what is looked for.
                raise Http404 from None

        items = getattr(feed, "items", ())

        def few(feed: Any, obj: Any) -> Iterable[Any]:
            """Give no more than are shown: a feed may name a whole table."""
            given = items
            if callable(items):
                given = items(obj) if signature(items).parameters else items()
            if isinstance(given, QuerySet):
                return given[: self._max_items]
            return islice(given, self._max_items)

        def hear(obj: Any, request: SiteRequest) -> SyndicationFeed:
            made: SyndicationFeed = get_feed(obj, request)
            del made.items[self._max_items :]
            heard.append(made)
            return made

        feed.get_object, feed.get_feed = find, hear
        feed.items = MethodType(few, feed)
        response: HttpResponse = feed(request, **values)
        if response.status_code != 200:
            # Away to a login, say: a browser would not see it either.
            raise NotRegistered(uri)
        return (heard[-1] if heard else None), response


def _description(feed: Any) -> Text:
    """Return what a feed says about itself, unless it depends on the object."""
    said = [getattr(feed, name, "") for name in ("title", "description")]
    title, words = (one if one and not callable(one) else "" for one in said)
    if title and words:
        return joined(joined(title, ": "), words)
    return title or words or "A feed"


def _arguments(uri: str, feed: Any, variables: set[str]) -> Arguments | None:
    """Return what ``get_object`` takes; nothing, if it takes whatever comes.

    Raises: ImproperlyConfigured
    """
    if type(feed).get_object is Feed.get_object:
        if variables:
            raise ImproperlyConfigured(
                f"{uri} has variables, and the feed no get_object to take them."
            )
        return None
    first, *others = signature(feed.get_object).parameters.values()
    if any(one.kind in {one.VAR_KEYWORD, one.VAR_POSITIONAL} for one in others):
        return None
    arguments = arguments_from_function(
        feed.get_object, skip={first.name}, strings=True
    )
    taken = {parameter.key for parameter in arguments.parameters}
    needed = {parameter.key for parameter in arguments.parameters if parameter.required}
    if not needed <= variables <= taken:
        raise ImproperlyConfigured(
            f"The variables of {uri} ({listed(variables)}) are not what get_object"
            f" of the feed takes ({listed(taken)})."
        )
    return arguments
