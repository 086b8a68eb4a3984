"""Relations and columns behind a serializer's field: what their keys are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from django.core.exceptions import FieldDoesNotExist
from rest_framework import relations, serializers

from django_mcp.providers.fields.keys import value_field
from django_mcp.providers.fields.values import kind_from_field
from django_mcp.schema.walk import Schema

#: A field of a serializer, which has no types.
Field: TypeAlias = Any
#: ``inner(field)``: the schema of a field inside another one.
Inner: TypeAlias = Callable[[Field], Schema]


def model_field_of(field: Field) -> Any:
    """Return the column a field stands for, or ``None``."""
    meta = getattr(field.parent, "Meta", None)
    model = getattr(meta, "model", None)
    source = getattr(field, "source", None)
    if model is None or not source or not isinstance(source, str):
        return None
    if not isinstance(field.parent, serializers.ModelSerializer) or "." in source:
        return None
    try:
        found = model._meta.pk if source == "pk" else model._meta.get_field(source)
    except FieldDoesNotExist:
        return None
    return found if getattr(found, "concrete", False) else None


def key(field: Field, inner: Inner) -> Schema:
    """Return what the keys of the related rows are."""
    if field.pk_field is not None:
        return inner(field.pk_field)
    model = _related(field)
    if model is None:
        return {}
    return dict(kind_from_field(value_field(model._meta.pk)).schema)


def slug(field: Field, inner: Inner) -> Schema:
    """Return what the slugs of the related rows are."""
    model = _related(field)
    try:
        column = None if model is None else model._meta.get_field(field.slug_field)
    except FieldDoesNotExist:
        column = None
    return {} if column is None else dict(kind_from_field(value_field(column)).schema)


def _related(field: Field) -> Any:
    """Return the model that a relation leads to, or ``None``."""
    if field.queryset is not None:
        return field.queryset.model
    top = (
        field.parent if isinstance(field.parent, relations.ManyRelatedField) else field
    )
    parent = getattr(getattr(top.parent, "Meta", None), "model", None)
    if parent is None or not isinstance(top.source, str):
        return None
    try:
        return parent._meta.get_field(top.source).related_model
    except FieldDoesNotExist:
        return None


def column(field: Field, inner: Inner) -> Schema:
    """Return what a column holds that the framework has no field for."""
    return dict(kind_from_field(field.model_field).schema)


def many(field: Field, inner: Inner) -> Schema:
    """Return a list of what one relation has."""
    schema: Schema = {"type": "array", "items": inner(field.child_relation)}
    return schema if field.allow_empty else {**schema, "minItems": 1}
