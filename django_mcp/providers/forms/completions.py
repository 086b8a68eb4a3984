"""Suggestions for what a form lets choose from: its choices, and ids of rows.

Read from the form as it is made for the caller, so nothing is suggested that
the form would refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

from django import forms

from django_mcp.context import Context
from django_mcp.primitives import Complete
from django_mcp.providers.forms.binding import Binding
from django_mcp.schema.formfields import ungrouped

#: How many are suggested, and how many looked at for that.
MAX_VALUES = 100
MAX_LOOKED_AT = 2000

#: A value, and how people call it.
_Option = tuple[str, str]


def completions_from(binding: Binding) -> dict[str, Complete]:
    """Return the completions of a form's arguments."""
    fields: Mapping[str, Any] = getattr(binding.form_class, "base_fields", {})
    found: dict[str, Complete] = {
        name: partial(_complete, binding, name)
        for name in binding.fields.arguments
        if isinstance(fields.get(name), forms.ChoiceField)
    }
    if binding.instances is not None:
        found[binding.instances.name] = partial(_complete_instance, binding)
    return found


def _complete(
    binding: Binding,
    name: str,
    context: Context,
    value: str,
    others: Mapping[str, str],
) -> list[str]:
    field = binding.made(context).fields.get(name)
    return _matching(value, _options(field) if field else ())


def _complete_instance(
    binding: Binding, context: Context, value: str, others: Mapping[str, str]
) -> list[str]:
    instances: Any = binding.instances
    rows = instances.rows(context)[:MAX_LOOKED_AT]
    # By its key alone: what else there is about a row, nobody listed.
    return _matching(value, ((str(instances.key_of(row)), "") for row in rows))


def _options(field: Any) -> Iterator[_Option]:
    rows = getattr(field, "queryset", None)
    if rows is None:
        return ((str(one), str(label)) for one, label in ungrouped(field.choices))
    rows = rows.all()[:MAX_LOOKED_AT]
    return (
        (str(field.prepare_value(row)), field.label_from_instance(row)) for row in rows
    )


def _matching(text: str, options: Iterable[_Option]) -> list[str]:
    """Return the values that begin so, or whose label has it in it."""
    start = text.casefold()
    found = (
        value
        for value, label in islice(options, MAX_LOOKED_AT)
        if value and (value.casefold().startswith(start) or _within(start, label))
    )
    return list(islice(found, MAX_VALUES))


def _within(start: str, label: str) -> bool:
    return bool(start) and start in label.casefold()
