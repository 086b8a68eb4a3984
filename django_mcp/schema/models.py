"""Parameters whose type is a Django model: a key outside, an instance inside.

``order: Order`` takes the key of an order from the client and gives the
function the order; ``orders: list[Order]`` takes one query for all.
"""

from __future__ import annotations

import datetime
import typing
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from types import NoneType
from typing import Annotated, Any, Optional

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext

from django_mcp.primitives import Text
from django_mcp.schema.errors import ArgumentErrors
from django_mcp.schema.generator import joined
from django_mcp.schema.parameters import (
    Parameter,
    alternatives,
    unwrapped,
)

#: What a key of each kind of field is outside.
_KEYS: Mapping[str, Any] = {
    "AutoField": int,
    "BigAutoField": int,
    "BigIntegerField": int,
    "CharField": str,
    "DateField": datetime.date,
    "DateTimeField": datetime.datetime,
    "DecimalField": Decimal,
    "GenericIPAddressField": str,
    "IntegerField": int,
    "PositiveBigIntegerField": int,
    "PositiveIntegerField": int,
    "PositiveSmallIntegerField": int,
    "SlugField": str,
    "SmallAutoField": int,
    "SmallIntegerField": int,
    "TextField": str,
    "UUIDField": uuid.UUID,
}
_MANY = {list, tuple, set, frozenset, Sequence, Collection}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelParameter:
    """A parameter that takes instances of a model."""

    name: str
    key: str
    model: Any
    many: bool

    def fetch(self, values: dict[str, Any]) -> None:
        """Put the instances in the place of their keys.

        Raises: ArgumentErrors
        """
        wanted = values.get(self.name)
        if wanted is None:
            return
        if self.many:
            found = self._manager.in_bulk(_possible(wanted))
            values[self.name] = self._in_order(wanted, found)
            return
        try:
            values[self.name] = self._manager.get(pk=wanted)
        except self._nothing:
            raise self._missing() from None

    async def afetch(self, values: dict[str, Any]) -> None:
        """See `fetch`."""
        wanted = values.get(self.name)
        if wanted is None:
            return
        if self.many:
            found = await self._manager.ain_bulk(_possible(wanted))
            values[self.name] = self._in_order(wanted, found)
            return
        try:
            values[self.name] = await self._manager.aget(pk=wanted)
        except self._nothing:
            raise self._missing() from None

    @property
    def _manager(self) -> Any:
        return self.model._default_manager

    @property
    def _nothing(self) -> tuple[type[Exception], ...]:
        """What a database says to a key that cannot exist, too."""
        return (self.model.DoesNotExist, ValueError, OverflowError)

    def _in_order(self, wanted: list[Any], found: dict[Any, Any]) -> list[Any]:
        missing = [place for place, key in enumerate(wanted) if key not in found]
        if missing:
            raise ArgumentErrors(
                f"{self.key}[{place}]: {self._reason()}" for place in missing
            )
        return [found[key] for key in wanted]

    def _missing(self) -> ArgumentErrors:
        return ArgumentErrors([f"{self.key}: {self._reason()}"])

    def _reason(self) -> str:
        noun = self.model._meta.verbose_name
        return gettext("there is no {noun} with this id").format(noun=noun)


def is_model(hint: Any) -> bool:
    """Is this a model class? Asked without importing any."""
    return isinstance(hint, type) and hasattr(hint, "_default_manager")


def keyed(parameter: Parameter) -> tuple[Parameter, ModelParameter | None]:
    """Return the parameter as clients see it, and how to fetch what it means.

    Raises: ImproperlyConfigured
    """
    inner, metadata = unwrapped(parameter.hint)
    members = [member for member in alternatives(inner) if member is not NoneType]
    model, many = _model(members[0]) if len(members) == 1 else (None, False)
    if model is None:
        return parameter, None
    hint = list[_key(model)] if many else _key(model)  # type: ignore[misc]
    if NoneType in alternatives(inner):
        hint = Optional[hint]  # noqa: UP045  (a value, not an annotation)
    if metadata:
        hint = Annotated[(hint, *metadata)]
    described = parameter.description or _description(model, many)
    return (
        replace(parameter, hint=hint, description=described),
        ModelParameter(name=parameter.name, key=parameter.key, model=model, many=many),
    )


def _model(hint: Any) -> tuple[Any, bool]:
    hint, _ = unwrapped(hint)
    if is_model(hint):
        return hint, False
    if typing.get_origin(hint) in _MANY:
        item = typing.get_args(hint)[0]
        if is_model(item):
            return item, True
    return None, False


def _key(model: Any) -> Any:
    field = model._meta.pk
    while field is not None and field.remote_field is not None:
        field = field.target_field
    kind = "" if field is None else field.get_internal_type()
    if kind not in _KEYS:
        raise ImproperlyConfigured(
            f"{model._meta.label} cannot be the type of a parameter:"
            f" its primary key is a {kind or 'missing field'}."
        )
    return _KEYS[kind]


def _description(model: Any, many: bool) -> Text:
    if many:
        return joined("The ids of ", model._meta.verbose_name_plural)
    return joined("The id of one ", model._meta.verbose_name)


def _possible(keys: list[Any]) -> list[Any]:
    """Leave out numbers that no database can hold."""
    return [k for k in keys if not isinstance(k, int) or -(2**63) <= k < 2**63]
