"""The row that a form changes: by which argument it is named, and among which.

Who calls sees the rows of the queryset and no others: a hidden one is refused
in the words for a missing one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db.models import Manager, QuerySet
from django.utils.translation import gettext

from django_mcp.context import Context
from django_mcp.providers.fields.arguments import Argument, described
from django_mcp.providers.fields.keys import value_field
from django_mcp.providers.fields.values import kind_from_field
from django_mcp.schema.errors import ArgumentErrors
from django_mcp.schema.generator import joined
from django_mcp.schema.incoming import text_core

#: ``queryset(context)``: the rows that this caller may change.
Rows = Callable[[Context], Any]


class Instances:
    """The rows of a model that a form may change."""

    def __init__(
        self,
        model: Any,
        *,
        source: str,
        queryset: Any = None,
        lookup_field: str = "pk",
        taken: Collection[str] = (),
    ) -> None:
        """Raises: ImproperlyConfigured"""
        self._model = model
        self._rows = rows_from(model, queryset, source)
        self._field = _unique(model, lookup_field, source)
        #: The argument, beside the form's own fields.
        self.name: str = self._field.name
        if self.name in taken:
            self.name = f"{model._meta.model_name}_{self.name}"
        kind = kind_from_field(value_field(self._field))
        words = joined("Which ", joined(model._meta.verbose_name, " to change."))
        self.argument = Argument(
            schema=described(kind.schema, words),
            core=kind.core or text_core(),
            required=True,
        )

    def rows(self, context: Context) -> QuerySet[Any]:
        """Return the rows that this caller may change."""
        return self._rows(context)  # type: ignore[no-any-return]

    def key_of(self, row: Any) -> Any:
        """Return what names a row."""
        return self._field.value_from_object(row)

    def get(self, context: Context, key: Any) -> Any:
        """Return one of them. Raises: ArgumentErrors"""
        try:
            return self.rows(context).get(**{self._field.name: key})
        except (self._model.DoesNotExist, self._model.MultipleObjectsReturned):
            noun = self._model._meta.verbose_name
            words = gettext("there is no {noun} with this id").format(noun=noun)
            line = f"{self.name}: {words}"
        raise ArgumentErrors([line])


def rows_from(model: Any, queryset: Any, source: str) -> Rows:
    """Return what gives a caller's rows. Raises: ImproperlyConfigured"""
    if queryset is None:
        return lambda context: model._default_manager.all()
    if isinstance(queryset, QuerySet | Manager):
        given = queryset
        return lambda context: given.all()
    if callable(queryset):
        return queryset  # type: ignore[no-any-return]
    raise ImproperlyConfigured(
        f"{source}: queryset must be a QuerySet, or a function of the context."
    )


def _unique(model: Any, name: str, source: str) -> Any:
    options = model._meta
    try:
        field = options.pk if name == "pk" else options.get_field(name)
    except FieldDoesNotExist:
        field = None
    if field is None or not getattr(field, "unique", False):
        raise ImproperlyConfigured(
            f"{source}: lookup_field must be a unique field of {options.label},"
            f" which {name!r} is not."
        )
    return field
