"""Suggestions for the arguments of a template, from what it names.

A field of a model is suggested through the model's toolset, if the server has
one, and else to who may view the model: never more than a list would show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db.models import Model
from django.utils.module_loading import import_string

from django_mcp.primitives import Complete
from django_mcp.providers.completions import complete_from
from django_mcp.providers.models.completions import values_completion
from django_mcp.providers.models.toolset import ModelToolset

if TYPE_CHECKING:
    from django_mcp.context import Context
    from django_mcp.server import MCPServer


def complete_from_path(server: MCPServer, path: str) -> Complete:
    """Complete to values of ``shop.Book.title``, or by ``shop.mcp.titles``.

    Raises: ImproperlyConfigured
    """
    found = field_at(path)
    if found is not None:
        return _values_of(server, *found)
    try:
        function = import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(
            f"complete={path!r} is neither a field (app.Model.field) nor a function."
        ) from error
    if not callable(function):
        raise ImproperlyConfigured(f"complete={path!r} is no function.")
    return complete_from(path, function)


def choices_from_path(path: str) -> Callable[[], list[tuple[str, Any]]] | None:
    """Return the choices of the field at ``shop.Order.status``, if it has any."""
    found = field_at(path)
    if found is None:
        return None
    model, name = found
    field: Any = model._meta.get_field(name)
    if not getattr(field, "choices", None):
        raise ImproperlyConfigured(f"choices={path!r}: the field has no choices.")
    return lambda: [(str(value), label) for value, label in field.flatchoices]


def field_at(path: str) -> tuple[type[Model], str] | None:
    """Return model and field of ``app.Model.field``, if it is one.

    Raises: ImproperlyConfigured, for a field that does not exist.
    """
    parts = path.split(".")
    if len(parts) != 3:
        return None
    app, model_name, field = parts
    try:
        model = apps.get_model(app, model_name)
    except LookupError:
        return None
    try:
        model._meta.get_field(field)
    except FieldDoesNotExist as error:
        raise ImproperlyConfigured(f"{path!r}: {error}") from error
    return model, field


def _values_of(server: MCPServer, model: type[Model], field: str) -> Complete:
    """Complete to values of a field, through the door to the model's rows."""
    attributes = {"__module__": __name__, "fields": [field], "actions": ["list"]}
    own: ModelToolset = type("Values", (ModelToolset,), attributes)(
        model, server.toolsets
    )
    label = f"{model._meta.label}.{field}"
    guarding = own.related_toolset(model)
    if guarding is not None and guarding.exposed.listing.column(field) is None:
        raise ImproperlyConfigured(
            f"complete={label!r}: {guarding!r} does not list this field."
        )
    for problem in own.problems if guarding is None else ():
        if problem.is_error:
            raise ImproperlyConfigured(f"complete={label!r}: {problem.text}")

    def complete(context: Context, value: str, others: Mapping[str, str]) -> Any:
        toolset = own.related_toolset(model) or own
        return values_completion(toolset, field)(context, value, others)

    return complete
