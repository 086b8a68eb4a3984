"""What a tool does that was given a form of models and no function: save it.

By default whom Django permits to add, change or delete such rows may use it.
What only the database could know is a refusal, like all that a form says.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.contrib.auth import get_permission_codename
from django.db import DataError, IntegrityError
from django.db.models import Model
from django.utils.text import slugify
from django.utils.translation import gettext, override

from django_mcp.exceptions import ToolError
from django_mcp.primitives import Text
from django_mcp.providers.fields.keys import value_field
from django_mcp.providers.fields.values import kind_from_field
from django_mcp.providers.forms.arguments import is_formset
from django_mcp.schema.generator import joined
from django_mcp.schema.walk import Schema

#: What each action is to Django's permissions.
ACTIONS = {"create": "add", "update": "change"}


def model_of(form_class: Any) -> Any:
    """Return the model of a form or a set of them; ``None``: it has none."""
    if is_formset(form_class):
        return getattr(form_class, "model", None)
    if issubclass(form_class, forms.BaseModelForm):
        return form_class._meta.model
    return None


def saves(form_class: Any) -> bool:
    """Can it save what it was sent?"""
    return model_of(form_class) is not None


def save(form: Any) -> dict[str, Any]:
    """Save a valid form, and say in short what was saved.

    Raises: ToolError
    """
    with _conflicts_refused():
        saved = form.save()
    if is_formset(form):
        return {
            "added": len(getattr(form, "new_objects", ())),
            "changed": len(form.changed_objects),
            "deleted": len(form.deleted_objects),
        }
    return told(saved) if isinstance(saved, Model) else {}


def told(value: Any) -> Any:
    """Return what is told of a saved row: its key.

    No more than that: nobody listed what else may leave about it.
    """
    return {"id": value.pk} if isinstance(value, Model) else value


@contextmanager
def _conflicts_refused() -> Iterator[None]:
    try:
        yield
    except (IntegrityError, DataError):
        words = gettext(
            "The database refuses this: a value is taken or needed, or does not fit."
        )
        raise ToolError(words) from None


def result_schema(form_class: Any) -> Schema:
    """Return the schema of what `save` returns."""
    if is_formset(form_class):
        names = ("added", "changed", "deleted")
        return _object({name: {"type": "integer"} for name in names})
    kind = kind_from_field(value_field(model_of(form_class)._meta.pk))
    return _object({"id": kind.schema})


def _object(properties: dict[str, Schema]) -> Schema:
    return {"type": "object", "properties": properties}


def permissions_for(form_class: Any, action: str) -> list[str]:
    """Return the permissions without which nobody may save it."""
    verbs = [ACTIONS[action]]
    if is_formset(form_class):
        verbs = ["change"] if form_class.edit_only else ["add", "change"]
        verbs += ["delete"] if form_class.can_delete else []
    names = [_permission(model_of(form_class), verb) for verb in verbs]
    if hasattr(form_class, "fk"):
        names.append(_permission(form_class.fk.remote_field.model, "view"))
    return names


def _permission(model: Any, verb: str) -> str:
    options = model._meta
    return f"{options.app_label}.{get_permission_codename(verb, options)}"


def name_for(form_class: Any, action: str) -> str:
    """Return ``create_product``, as the tools of a toolset are named."""
    options = model_of(form_class)._meta
    # Names must not depend on who happens to import this, so: untranslated.
    with override(None):
        words = options.verbose_name
        if is_formset(form_class):
            words, action = options.verbose_name_plural, "edit"
        noun = slugify(str(words)).replace("-", "_") or options.model_name
    return f"{action}_{noun}"


def hints_for(form_class: Any, action: str) -> dict[str, bool]:
    """Return what clients are told of the effects of the tool."""
    adds = action == "create" and not is_formset(form_class)
    return {"destructive": False} if adds else {}


def description_for(form_class: Any, action: str) -> Text:
    """Return what the tool does, in a few words."""
    options = model_of(form_class)._meta
    if is_formset(form_class):
        words = joined("Add, change or remove ", options.verbose_name_plural)
    elif action == "create":
        words = joined("Add one ", options.verbose_name)
    else:
        words = joined("Change one ", options.verbose_name)
        words = joined(words, "; what is not sent stays")
    return joined(words, ".")
