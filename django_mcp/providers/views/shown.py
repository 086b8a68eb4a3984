"""What a view gave its template, as data: context variables and objects.

An object is its title and its address, or the fields somebody named. A field
is looked up as a template would; what changes data is not called.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.core.paginator import Page
from django.db.models import Manager, Model, QuerySet, prefetch_related_objects
from django.urls import NoReverseMatch
from django.utils.functional import Promise

from django_mcp.providers.views.calling import ViewFailed

#: Objects of one list that are shown.
MAX_OBJECTS = 500


def check_names(names: Any, option: str) -> None:
    """Refuse what cannot be looked up. Raises: ImproperlyConfigured"""
    if isinstance(names, str) or not all(map(_is_name, names)):
        raise ImproperlyConfigured(
            f"{option} is a list of names, such as ['title', 'author__name']."
        )


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and all(
        part.isidentifier() and not part.startswith("_") for part in name.split("__")
    )


def shown(value: Any, fields: Sequence[str] = ()) -> Any:
    """Return a value of a template's context as data. May query."""
    if isinstance(value, Model):
        return shown_object(value, fields)
    if isinstance(value, Mapping):
        return {str(name): shown(one, fields) for name, one in value.items()}
    if isinstance(value, Manager):
        value = value.all()
    if isinstance(value, QuerySet):
        value = value[:MAX_OBJECTS] if not value.query.is_sliced else value
    if isinstance(value, list | tuple | set | frozenset | QuerySet | Page):
        several = list(islice(value, MAX_OBJECTS))
        _fetch(several, fields)
        return [shown(one, fields) for one in several]
    return str(value) if isinstance(value, Promise) else value


def shown_object(value: Any, fields: Sequence[str]) -> dict[str, Any]:
    """Return an object by its fields, or by its title and address."""
    if fields:
        return {name: shown(field_of(value, name)) for name in fields}
    found = {"title": str(value)}
    address = address_of(value)
    return {**found, "url": address} if address else found


def address_of(value: Any) -> str:
    """Return where an object has its page, or nothing."""
    try:
        return str(value.get_absolute_url())
    except (AttributeError, NoReverseMatch):
        return ""


def field_of(value: Any, name: str) -> Any:
    """Return a field, through relations: ``author__name``.

    Raises: ViewFailed
    """
    for part in name.split("__"):
        if value is None:
            return None
        try:
            value = value[part] if isinstance(value, Mapping) else getattr(value, part)
        except (KeyError, AttributeError):
            raise ViewFailed(
                f"A {type(value).__name__} has no field {part!r}."
            ) from None
        if callable(value) and not isinstance(value, Manager):
            if getattr(value, "alters_data", False):
                raise ViewFailed(f"{name!r} changes data, and is not shown.")
            value = value()
    return value


def listed(context: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """Return the objects of a list view, and which page of them this is."""
    page = context.get("page_obj")
    objects: Iterable[Any] = context["object_list"] if page is None else page
    data: dict[str, Any] = {"objects": _objects(objects, fields)}
    if page is not None:
        data["page"] = page.number
        data["pages"] = page.paginator.num_pages
        data["total"] = page.paginator.count
    return data


def _objects(objects: Any, fields: Sequence[str]) -> list[Any]:
    if isinstance(objects, QuerySet) and not objects.query.is_sliced:
        objects = objects[:MAX_OBJECTS]
    several = list(islice(objects, MAX_OBJECTS))
    _fetch(several, fields)
    return [
        shown_object(one, fields) if fields or isinstance(one, Model) else shown(one)
        for one in several
    ]


def _fetch(objects: Sequence[Any], fields: Sequence[str]) -> None:
    """Read what the fields of all objects are related to at once."""
    kinds = {type(one) for one in objects}
    if len(kinds) == 1 and issubclass(kind := kinds.pop(), Model):
        paths = filter(None, (_related(kind, name) for name in fields))
        prefetch_related_objects(objects, *dict.fromkeys(paths))


def _related(model: Any, name: str) -> str:
    """Return as much of a field's name as leads through relations."""
    path: list[str] = []
    for part in name.split("__"):
        try:
            model = model._meta.get_field(part).related_model
        except FieldDoesNotExist:
            break
        if not isinstance(model, type) or not hasattr(model, "_meta"):
            break
        path.append(part)
    return "__".join(path)
