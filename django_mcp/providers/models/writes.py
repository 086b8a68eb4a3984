"""The actions ``create``, ``update`` and ``delete``: one row, or some at once.

All or nothing, in one transaction: what is refused anywhere, by a form, the
door, the database or the person, undoes the whole call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import (
    DataError,
    IntegrityError,
    router,
    transaction,
)
from django.db.models import ProtectedError, RestrictedError
from django.utils.translation import gettext

from django_mcp.context import Context
from django_mcp.exceptions import PermissionRequired, ToolError
from django_mcp.providers.models import confirmation
from django_mcp.providers.models.access import Access
from django_mcp.providers.models.choices import keep_hidden, limit_choices
from django_mcp.providers.models.deletion import deleted_along, refused
from django_mcp.providers.models.forms import Fillable, Form, check, fillable
from django_mcp.providers.models.log import log_deletion, log_form
from django_mcp.providers.models.rows import Reader
from django_mcp.providers.models.targets import located, lookup_of, permitted
from django_mcp.providers.models.toolset import ModelToolset
from django_mcp.providers.models.versions import (
    advance,
    check_version,
)
from django_mcp.providers.models.written import row_arguments, taken_rows
from django_mcp.schema.errors import ArgumentErrors

Values = dict[str, Any]


# -- one call ------------------------------------------------------------------


class _Target(NamedTuple):
    """One row to be written."""

    prefix: str
    row: Any
    values: Values


class _Write:
    """One call that writes."""

    def __init__(self, toolset: ModelToolset, context: Context, database: str) -> None:
        self.toolset = toolset
        self.context = context
        self.database = database
        self.access = Access(toolset, context)
        self.exposure = toolset.exposure(context)
        options = toolset.model._meta
        self.nouns = (str(options.verbose_name), str(options.verbose_name_plural))

    def create(self, values: Values) -> list[Any]:
        toolset, context = self.toolset, self.context
        form = fillable(toolset.get_form_class(context))
        arguments = row_arguments(self.exposure, form, "create")
        taken = taken_rows(toolset, arguments, values)
        targets = [_Target(prefix, None, one) for prefix, one in taken]
        forms = self._judged(form, targets)
        for one in forms:
            if not toolset.has_add_permission(context, one.instance):
                raise PermissionRequired
        if toolset.asks_before("create"):
            rows = [target.values for target in targets]
            words = confirmation.creation(*self.nouns, rows)
            confirmation.ask(context, words)
        return self._saved(forms, change=False)

    def update(self, values: Values) -> list[Any]:
        toolset, context = self.toolset, self.context
        form = fillable(toolset.get_form_class(context))
        targets = self._targets("update", "change", form, values)
        for target in targets:
            if not target.values:
                known = ", ".join(form.inputs) or "nothing"
                raise ArgumentErrors([f"{target.prefix}say what to change: {known}"])
        names = self._names(targets) if toolset.asks_before("update") else []
        forms = self._judged(form, targets)
        if names:
            rows = [(n, t.values) for n, t in zip(names, targets, strict=True)]
            confirmation.ask(context, confirmation.change(*self.nouns, rows))
        return self._saved(forms, change=True)

    def delete(self, values: Values) -> int:
        toolset, context = self.toolset, self.context
        targets = self._targets("delete", "delete", None, values)
        rows = [target.row for target in targets]
        along = deleted_along(self.access, rows, self.database)
        if toolset.asks_before("delete"):
            words = confirmation.deletion(*self.nouns, self._names(targets), along)
            confirmation.ask(context, words)
        for row in rows:
            log_deletion(context, row)
            try:
                toolset.delete_model(context, row)
            except (ProtectedError, RestrictedError) as error:
                raise refused(self.access, error) from None
        return len(rows)

    # -- parts ---------------------------------------------------------------

    def _targets(
        self, action: str, verb: str, form: Fillable | None, values: Values
    ) -> list[_Target]:
        """Return the rows to write, locked and as their writer saw them."""
        arguments = row_arguments(self.exposure, form, action)
        taken = taken_rows(self.toolset, arguments, values)
        label = lookup_of(self.access).label
        keys = [one.pop(label) for _, one in taken]
        prefixes = [prefix for prefix, _ in taken]
        rows = located(self.access, keys, self.database, prefixes=prefixes)
        targets = []
        for (prefix, one), row in zip(taken, rows, strict=True):
            permitted(self.access, [verb], row, prefix)
            check_version(self.toolset, row, one, prefix)
            targets.append(_Target(prefix, row, one))
        return targets

    def _judged(self, fill: Fillable, targets: Sequence[_Target]) -> list[Form]:
        """Return a valid form for each row. Raises: ArgumentErrors"""
        nameable = self.exposure.listing.members
        forms = []
        for target in targets:
            form = fill.filled(target.values, target.row, nameable)
            limit_choices(form, self.access)
            check(form, target.prefix)
            keep_hidden(form, self.access)
            forms.append(form)
        return forms

    def _saved(self, forms: Sequence[Form], *, change: bool) -> list[Any]:
        toolset, context = self.toolset, self.context
        rows = []
        for form in forms:
            row = form.save(commit=False)
            if change:
                advance(toolset, row)
            toolset.save_model(context, row, form, change)
            form.save_m2m()
            log_form(context, form, change=change)
            rows.append(row)
        return self._shown(rows)

    def _names(self, targets: Sequence[_Target]) -> list[str]:
        rows = [target.row for target in targets]
        key = lookup_of(self.access)
        return [
            confirmation.named(
                {key.label: getattr(row, key.path.lookup)} if one is None else one
            )
            for row, one in zip(rows, self._shown(rows), strict=True)
        ]

    def _shown(self, rows: Sequence[Any]) -> list[Any]:
        return shown(self.access, rows, self.database)


def shown(access: Access, rows: Sequence[Any], database: str) -> list[Any]:
    """Return rows as ``get`` shows them; ``None`` to who may not view one.

    Raises: ToolError, if the door does not lead to one of them.
    """
    toolset, context = access.toolset, access.context
    plan = toolset.exposure(context).plan(None, toolset.single_cut(0))
    door = access.queryset().using(database)
    found = door.filter(pk__in=[row.pk for row in rows]).order_by()
    tuples = {one[plan.key]: one for one in found.values_list(*plan.names)}
    if any(row.pk not in tuples for row in rows):
        noun = toolset.model._meta.verbose_name
        words = gettext("You would not see this {noun} any more. Nothing was done.")
        raise ToolError(words.format(noun=noun))
    ordered = [tuples[row.pk] for row in rows]
    views = toolset.has_view_permission(context)
    plain = toolset.has_plain_permissions and not access.asks_rows
    objects = Reader(access, database).objects(plan, ordered) if views else []
    return [
        objects[place] if views and (plain or access.permits(row)) else None
        for place, row in enumerate(rows)
    ]


@contextmanager
def writing(toolset: ModelToolset) -> Iterator[str]:
    """Open the transaction of one call, on the database that is written.

    Raises: ToolError, for what only the database could know.
    """
    database = router.db_for_write(toolset.model)
    try:
        with transaction.atomic(using=database):
            yield database
    except (IntegrityError, DataError):
        words = gettext(
            "The database refuses this: a value is taken or needed, or does not fit."
        )
        raise ToolError(words) from None


def create_rows(toolset: ModelToolset, context: Context, values: Values) -> Any:
    """Add rows. Raises: ArgumentErrors, ToolError, PermissionRequired"""
    with writing(toolset) as database:
        rows = _Write(toolset, context, database).create(values)
    return _result(toolset, rows)


def update_rows(toolset: ModelToolset, context: Context, values: Values) -> Any:
    """Change rows. Raises: ArgumentErrors, ToolError"""
    with writing(toolset) as database:
        rows = _Write(toolset, context, database).update(values)
    return _result(toolset, rows)


def delete_rows(toolset: ModelToolset, context: Context, values: Values) -> Any:
    """Delete rows. Raises: ArgumentErrors, ToolError"""
    with writing(toolset) as database:
        return {"deleted": _Write(toolset, context, database).delete(values)}


def _result(toolset: ModelToolset, rows: list[Any]) -> Any:
    told = [{"done": True} if row is None else row for row in rows]
    return {"rows": told} if toolset.max_bulk > 1 else told[0]
