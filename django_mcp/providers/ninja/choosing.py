"""Which operations become tools, under which names.

Reading is served by default; an operation that writes must be named, or its
method asked for.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from django_mcp.providers.calls import listed

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")


def chosen(found: list[Any], given: tuple[str, ...] | None) -> list[Any]:
    """Return the endpoints that are named, or that tags and methods leave.

    Raises: ImproperlyConfigured
    """
    wanted = given or ()
    # Not by the name of a URL, which may be that of several, and of a tag.
    names = [{*one.names, *one.longer_names[1:]} for one in found]
    ids = set().union(*names) & {*wanted}
    methods = {*wanted} & METHODS
    tags = {*wanted} - ids - methods
    unknown = tags - {tag for one in found for tag in one.operation.tags or ()}
    if unknown:
        raise ImproperlyConfigured(_unknown(unknown, found))
    general = bool(tags or methods) or given is None
    methods = methods or {"GET"}

    def is_general(one: Any) -> bool:
        operation = one.operation
        return (
            general
            and one.method in methods
            and operation.include_in_schema
            and (not tags or bool(tags.intersection(operation.tags or ())))
        )

    return [
        one
        for one, own in zip(found, names, strict=True)
        if ids & own or is_general(one)
    ]


def _unknown(unknown: set[str], found: list[Any]) -> str:
    names = sorted({one.names[0] for one in found})
    tags = sorted({tag for one in found for tag in one.operation.tags or ()})
    return (
        f"There is no operation, tag or method {listed(unknown)}. The operations are"
        f" {listed(names)}; the tags {listed(tags)}."
    )


def names_of(found: list[Any], prefix: str) -> list[str]:
    """Name each after its id or function, or longer, if others have the name."""
    names = [_name(one.names[0], one, found) for one in found]
    for longer in zip(*(one.longer_names for one in found), strict=True):
        count = Counter(names)
        names = [
            name if count[name] == 1 else _name(other, one, found)
            for name, other, one in zip(names, longer, found, strict=True)
        ]
    if prefix:
        names = [f"{prefix}_{name}" for name in names]
    return [_UNFIT.sub("_", name)[:128] for name in names]


def _name(name: str, endpoint: Any, found: list[Any]) -> str:
    """Return a name a tool may have; one operation may have several methods."""
    if any(
        one.operation is endpoint.operation and one.method != endpoint.method
        for one in found
    ):
        name = f"{name}_{endpoint.method.lower()}"
    return name
