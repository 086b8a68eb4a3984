"""Rows that a call may write: found through the door, locked, permitted.

A row that is hidden and one that is missing give the same words. What is done
to the rows is said elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connections
from django.db.models import Q
from django.utils.translation import gettext

from django_mcp.exceptions import ToolError
from django_mcp.providers.models.access import Access, Rows
from django_mcp.providers.models.columns import Column
from django_mcp.providers.models.single import missing
from django_mcp.schema.errors import ArgumentErrors


def lookup_of(access: Access) -> Column:
    """Return the column that names one row to this caller.

    Raises: ArgumentErrors
    """
    return access.toolset.exposure(access.context).key


def located(
    access: Access,
    values: Sequence[Any],
    database: str,
    *,
    prefixes: Sequence[str] = (),
    argument: str = "",
    lock: bool = True,
) -> list[Any]:
    """Return the rows that the lookup field's values name, in their order.

    With ``lock``, each is locked until the transaction ends, where the
    database can. Raises: ArgumentErrors
    """
    column = lookup_of(access)
    label = argument or column.label
    if len(set(values)) < len(values):
        raise ArgumentErrors([f"{label}: " + gettext("the same one twice")])
    lookup = column.path.lookup
    # The key of a hidden row names nothing.
    named = Q((f"{lookup}__in", values)) & access.where(column.path)
    asked = access.queryset().using(database).filter(named)
    if lock:
        _lock(asked, database)
    found = {getattr(row, lookup): row for row in asked.order_by()}
    for place, value in enumerate(values):
        if value not in found:
            prefix = prefixes[place] if prefixes else ""
            raise missing(access.toolset, label, prefix)
    return [found[value] for value in values]


def permitted(access: Access, verbs: Iterable[str], row: Any, prefix: str = "") -> None:
    """Ask for permissions about one row. Raises: ArgumentErrors, ToolError"""
    toolset, context = access.toolset, access.context
    if all(holds(access, verb, row) for verb in verbs):
        return
    label = lookup_of(access).label
    if not toolset.has_view_permission(context) or not access.permits(row):
        raise missing(toolset, label, prefix)
    noun = toolset.model._meta.verbose_name
    words = gettext("you may not do this to this {noun}").format(noun=noun)
    raise ToolError(f"{prefix}{label}: {words}")


def holds(access: Access, verb: str, row: Any = None) -> bool:
    """Does a permission hold: a verb's, or one with its full name?"""
    if "." in verb:
        user: Any = access.context.user
        return bool(user.has_perm(verb)) or (
            access.toolset.object_permissions
            and row is not None
            and bool(user.has_perm(verb, row))
        )
    rule = getattr(access.toolset, f"has_{verb}_permission")
    return bool(rule(access.context, row))


def _lock(asked: Rows, database: str) -> None:
    """Lock the rows a query finds. Not the query itself: joins and groups of
    the door's cannot be locked."""
    if not connections[database].features.has_select_for_update:
        return
    plain = asked.model._base_manager.using(database)
    keys = asked.order_by().values("pk")
    # Always in one order, so that two calls do not wait for each other.
    locked = plain.filter(pk__in=keys).order_by("pk").select_for_update()
    list(locked.values_list("pk", flat=True))
