"""Which field of a model holds the value of another, and which can be written.

Nothing here queries.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from django.core.exceptions import FieldDoesNotExist

Field: TypeAlias = Any

#: How far keys are followed that are foreign keys themselves.
MAX_STEPS = 8


def value_field(field: Field) -> Field:
    """Return the field that holds the values: a relation's is a key."""
    for _ in range(MAX_STEPS):
        key = key_field(field)
        if key is None:
            break
        field = key
    return field


def key_field(field: Field) -> Field | None:
    """Return the field of the other model that a relation gives the value of."""
    if not field.is_relation or field.related_model is None:
        return None
    if field.concrete and not field.many_to_many and hasattr(field, "target_field"):
        return field.target_field
    return field.related_model._meta.pk


def model_field(options: Any, name: str) -> Field | None:
    """Return the model's field of a name, if it has one that can be written."""
    try:
        field = options.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if getattr(field, "editable", False) else None
