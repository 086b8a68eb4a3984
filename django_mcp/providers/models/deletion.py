"""What is deleted along with some rows, and whether the caller may do that.

As in the admin: rows of other models that would go too need the permission to
delete them, if their model has a toolset; and rows that are protected refuse.
Of rows the caller cannot see, nothing is said but that they are there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import ProtectedError, RestrictedError
from django.db.models.deletion import Collector
from django.utils.translation import gettext

from django_mcp.exceptions import ToolError
from django_mcp.providers.models.access import Access, Rows, visible
from django_mcp.providers.models.paths import ModelClass
from django_mcp.providers.models.toolset import ModelToolset


def deleted_along(access: Access, rows: Sequence[Any], database: str) -> dict[str, int]:
    """Return how many rows of which other models go too, of those this caller
    sees; under an empty name, that there are more. Raises: ToolError"""
    collector = Collector(using=database, origin=rows[0])
    try:
        collector.collect(rows)
    except (ProtectedError, RestrictedError) as error:
        raise _refusal(access, error) from None
    own = {*type(rows[0])._meta.all_parents, type(rows[0])}
    counts: dict[str, int] = {}
    for model, found in _collected(collector, database):
        if model in own and model is not type(rows[0]):
            continue
        keys = {row.pk for row in rows} if model in own else set()
        _count(access, model, found.exclude(pk__in=keys), counts)
    return counts


def refused(access: Access, error: ProtectedError | RestrictedError) -> ToolError:
    """Return the words for rows that need what was to be deleted."""
    return _refusal(access, error)


def _collected(
    collector: Collector, database: str
) -> Iterator[tuple[ModelClass, Rows]]:
    collected: Any = collector
    for model, rows in collected.data.items():
        if rows and not model._meta.auto_created:
            keys = [row.pk for row in rows]
            manager = model._base_manager.using(database)
            yield model, manager.filter(pk__in=keys)
    for rows in collected.fast_deletes:
        if hasattr(rows, "model") and not rows.model._meta.auto_created:
            yield rows.model, rows


def _count(
    access: Access, model: ModelClass, rows: Rows, counts: dict[str, int]
) -> None:
    total = rows.count()
    if not total:
        return
    toolset = access.toolset.related_toolset(model)
    if toolset is None:
        counts[""] = 1
        return
    name = str(model._meta.verbose_name_plural)
    if not _may_delete(access, toolset, rows, total):
        words = gettext("You may not delete what would be deleted along with it.")
        raise ToolError(words)
    counts[name] = counts.get(name, 0) + total


def _may_delete(access: Access, toolset: ModelToolset, rows: Rows, total: int) -> bool:
    """Does the caller see all of them, and may delete each?"""
    context = access.context
    if not toolset.has_delete_permission(context):
        return False
    if _seen(access, toolset, rows) < total:
        return False
    if toolset.has_plain_permission("delete") and (
        not toolset.object_permissions
        or toolset.has_model_permission("delete", context)
    ):
        return True
    return all(toolset.has_delete_permission(context, row) for row in rows.iterator())


def _seen(access: Access, toolset: ModelToolset, rows: Rows) -> int:
    door = toolset.get_queryset(access.context)
    count: int = rows.filter(pk__in=door.order_by().values("pk")).count()
    return count


def _refusal(access: Access, error: ProtectedError | RestrictedError) -> ToolError:
    if isinstance(error, ProtectedError):
        needing: Any = error.protected_objects
    else:
        needing = error.restricted_objects
    by_model: dict[ModelClass, list[Any]] = {}
    for row in needing:
        by_model.setdefault(type(row), []).append(row.pk)
    known = [
        words for m, keys in by_model.items() if (words := _named(access, m, keys))
    ]
    who = ", ".join(known) or gettext("other rows")
    words = gettext("It cannot be deleted, because {who} would lose it.")
    return ToolError(words.format(who=who))


def _named(access: Access, model: ModelClass, keys: list[Any]) -> str:
    toolset = access.toolset.related_toolset(model)
    if toolset is None:
        return ""
    seen = visible(toolset, access.context).filter(pk__in=keys).count()
    return f"{seen} {model._meta.verbose_name_plural}" if seen else ""
