"""Arguments that a client repeats in ``Mcp-Param-*`` headers.

Reads ``x-mcp-header`` out of an input schema and refuses what the
specification refuses (2026-07-28, basic/transports/streamable-http, "Schema
Extension"): clients must drop a tool that breaks these rules, so its author
is better told at registration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from django_mcp.schema.walk import Schema, children

KEYWORD = "x-mcp-header"

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TYPES = ("boolean", "integer", "string")


def headers_from_schema(schema: Schema) -> dict[str, tuple[str, ...]]:
    """Return the path of each repeated argument, by header in lower case.

    Raises: ImproperlyConfigured
    """
    headers: dict[str, tuple[str, ...]] = {}
    for path, node in _positions(schema):
        if KEYWORD not in node:
            continue
        header = _checked(path, node)
        if header in headers:
            raise ImproperlyConfigured(
                f"{KEYWORD} {header!r} is on two parameters:"
                f" {'.'.join(headers[header])} and {'.'.join(path or ())}."
            )
        headers[header] = path or ()
    return headers


def _checked(path: tuple[str, ...] | None, node: Schema) -> str:
    header: Any = node[KEYWORD]
    if not path:
        raise ImproperlyConfigured(
            f"{KEYWORD} {header!r} must stand on a parameter, or on a field of one,"
            " that is reached through properties alone."
        )
    name = ".".join(path)
    if not isinstance(header, str) or not _TOKEN.fullmatch(header):
        raise ImproperlyConfigured(
            f"{KEYWORD} of {name} must be a header name, not {header!r}."
        )
    if node.get("type") not in _TYPES:
        raise ImproperlyConfigured(
            f"{KEYWORD} is on {name}, whose type is not one of {', '.join(_TYPES)}."
        )
    return header.lower()


def _positions(schema: Schema) -> Iterator[tuple[tuple[str, ...] | None, Schema]]:
    """Yield every schema inside, with its path if only properties lead to it."""
    waiting: list[tuple[tuple[str, ...] | None, Schema]] = [((), schema)]
    while waiting:
        path, node = waiting.pop()
        yield path, node
        for keyword, name, child in children(node):
            static = path is not None and keyword == "properties"
            waiting.append(((*(path or ()), name) if static else None, child))
