"""Where a page begins, as text only we can read; and how many rows there are.

A cursor holds the last row's place in the order, sealed and bound to the
query and to who asked: of another query, or in other hands, it opens nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connections
from django.utils.translation import gettext

from django_mcp.context import Context
from django_mcp.providers.models.access import Rows
from django_mcp.providers.models.ordering import BoundOrder
from django_mcp.schema.errors import ArgumentErrors
from django_mcp.sealing import BadSeal, seal, unseal

#: Rows that are counted; more are “at least” so many.
MAX_COUNT = 100_000


def about(
    source: str, query: Mapping[str, Any], order: BoundOrder, context: Context
) -> bytes:
    """Return what a cursor is bound to: the query, its order and the caller."""
    terms = [(term.name, term.descending, term.nullable) for term in order.terms]
    parts = [source, query, terms, context.principal.owner]
    return sha256(json.dumps(parts, sort_keys=True).encode()).digest()


def cursor_after(position: Sequence[Any], bound_to: bytes) -> str:
    """Return the cursor of the page behind a row."""
    return seal(list(position), bound_to)


def position_from(cursor: str, order: BoundOrder, bound_to: bytes) -> list[Any]:
    """Return the place a cursor stands for. Raises: ArgumentErrors"""
    try:
        values = unseal(cursor, bound_to)
        return [
            None if value is None else term.field.to_python(value)
            for term, value in zip(order.terms, values, strict=True)
        ]
    except (BadSeal, ValidationError, TypeError, ValueError):
        words = gettext("is not one of this query; leave it out to begin again")
        raise ArgumentErrors([f"cursor: {words}"]) from None


def total_of(rows: Rows, *, whole_table: bool) -> dict[str, Any]:
    """Return how many rows there are, and whether that is exact.

    An estimate knows nothing of conditions, and so is only for whole tables.
    """
    estimate = _estimate(rows) if whole_table else 0
    if estimate > MAX_COUNT:
        return {"total": estimate, "total_is": "estimate"}
    count = rows.order_by()[: MAX_COUNT + 1].count()
    if count > MAX_COUNT:
        return {"total": MAX_COUNT, "total_is": "at least"}
    return {"total": count}


def _estimate(rows: Rows) -> int:
    """Return what PostgreSQL's statistics say about a table."""
    connection = connections[rows.db]
    if connection.vendor != "postgresql":
        return 0
    table = connection.ops.quote_name(rows.model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)",
            [table],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0
