"""Which related rows a form may choose: those of the door, and no others.

Every foreign key and every list of keys that a form takes is limited here,
beside the limits the form has itself.
"""

from __future__ import annotations

from typing import Any

from django import forms

from django_mcp.providers.models.access import Access, Rows
from django_mcp.providers.models.forms import Form


def limit_choices(form: Form, access: Access) -> None:
    """Leave only what this caller may see to choose from."""
    for field in form.fields.values():
        gate = _gate(field, access)
        if gate is not None:
            field.queryset = field.queryset.filter(pk__in=_keys(gate))


def keep_hidden(form: Form, access: Access) -> None:
    """Keep the related rows this caller does not see, and so cannot send."""
    for name, field in form.fields.items():
        gate = _gate(field, access)
        related: Any = getattr(form.instance, name, None) if form.instance.pk else None
        if gate is None or not hasattr(related, "get_queryset"):
            continue
        chosen = form.cleaned_data.get(name)
        if chosen is not None:
            hidden = related.exclude(pk__in=_keys(gate))
            form.cleaned_data[name] = [*chosen, *hidden]


def _gate(field: Any, access: Access) -> Rows | None:
    if not isinstance(field, forms.ModelChoiceField) or field.queryset is None:
        return None
    many = isinstance(field, forms.ModelMultipleChoiceField)
    return access.gate_of(field.queryset.model, many=many)


def _keys(gate: Rows) -> Rows:
    return gate.order_by().values("pk")
